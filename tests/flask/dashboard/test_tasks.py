"""The list of tasks and its filter."""

import pytest

from penstock.flask.dashboard import tasks as page_module
from tests.flask.dashboard.conftest import words


@pytest.fixture
def some(tasks, worker, dead):
    """One dead, one done, one waiting task; their ids."""
    [died] = dead("milk")
    done = tasks.registry["double"].enqueue(1).id
    worker.work()
    return {"dead": died, "done": done, "waiting": tasks.registry["double"].enqueue(2).id}


def found(visitor, query, ids):
    page = visitor.page(f"/tasks?q={query}")
    return {name for name, task_id in ids.items() if task_id in page}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"dead", "done", "waiting"}),
        ("status:DEAD", {"dead"}),
        ("status:QUEUED,SUCCEEDED", {"done", "waiting"}),
        ("task:double", {"done", "waiting"}),
        ("error:Reject", {"dead"}),
        ("queue:images", set()),
        ("since:1h", {"dead", "done", "waiting"}),
    ],
)
def test_the_filter_in_the_url_says_what_is_listed(viewer, some, query, names):
    assert found(viewer, query, some) == names


def test_the_filter_stays_in_its_field(viewer):
    assert 'value="task:&#34;two words&#34; status:DEAD"' in viewer.page(
        "/tasks?q=task:%22two%20words%22%20status:DEAD"
    )


def test_a_filter_that_cannot_be_read_is_400_and_says_what_would_be_right(viewer):
    response = viewer.get("/tasks?q=statsu:DEAD")
    assert (response.status_code, "did you mean status:?" in words(response)) == (400, True)
    assert 'value="statsu:DEAD"' in response.text


def test_a_task_id_opens_its_page(viewer, some):
    assert viewer.get(f"/tasks?q={some['dead']}").location == f"/penstock/tasks/{some['dead']}"


def test_a_status_tab_keeps_the_rest_of_the_filter(viewer):
    page = viewer.page("/tasks?q=task:double+status:DEAD")
    assert 'href="/penstock/tasks?q=task:double+status:QUEUED">Queued' in page
    assert 'href="/penstock/tasks?q=task:double">All' in page


def test_a_status_tab_does_not_cut_into_quotes(viewer):
    page = viewer.page("/tasks?q=task:%22a+status:DEAD%22+status:QUEUED")
    assert 'href="/penstock/tasks?q=task:%22a+status:DEAD%22+status:RUNNING">Running' in page


def test_the_tab_of_the_status_that_is_shown_is_marked(viewer):
    assert 'status:DEAD" aria-current="true">Dead' in viewer.page("/tasks?q=status:DEAD")


def test_a_budget_that_is_used_up_says_so_and_goes_on(viewer):
    page = viewer.page("/tasks?q=status:RUNNING")
    assert "Nothing matches, back to" in page
    assert "Look further back" in page


def test_a_page_goes_on_where_it_ended(viewer, some, monkeypatch):
    monkeypatch.setattr(page_module, "ROWS", 2)
    first = viewer.page("/tasks?q=since:1h")
    next_url = first.split('class="button" href="/penstock')[1].split('"')[0].replace("&amp;", "&")
    second = viewer.page(next_url)
    listed = [{name for name, task_id in some.items() if task_id in page} for page in (first, second)]
    assert (len(listed[0]), len(listed[1]), listed[0] | listed[1]) == (2, 1, set(some))


def test_all_that_match_can_be_retried(operator, some):
    page = operator.page("/tasks?q=task:hopeless")
    assert "/penstock/operations/new?kind=retry&amp;q=task:hopeless+status:DEAD" in page


@pytest.mark.parametrize("query", ["", "status:SUCCEEDED"])
def test_all_of_what_is_no_choice_of_dead_ones_cannot_be_retried(operator, some, query):
    assert "/operations/new" not in operator.page(f"/tasks?q={query}")


def test_only_dead_ones_can_be_chosen(operator, some):
    page = operator.page("/tasks")
    assert [f'name="id" value="{some[name]}"' in page for name in ("dead", "done", "waiting")] == [True, False, False]


def test_each_status_says_what_matters_of_it(viewer, some):
    page = words(viewer.get("/tasks"))
    assert "Reject no milk" in page
    assert "ran 0 ms" in page
    assert "waits for a worker" in page


def test_a_cursor_of_another_search_is_400(viewer, some, monkeypatch):
    monkeypatch.setattr(page_module, "ROWS", 1)
    cursor = viewer.page("/tasks").split("cursor=")[1].split('"')[0]
    assert viewer.get(f"/tasks?q=error:0123456789abcdef&cursor={cursor}").status_code == 400
