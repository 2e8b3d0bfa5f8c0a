"""The page of dead letters, and the redrive of a queue."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from penstock.errors import Unavailable
from penstock.flask.dashboard import dead_letters
from penstock.ports import RedriveStatus
from penstock.states import Status
from tests.flask.dashboard.conftest import Away, words


def test_a_dead_task_is_listed_with_its_cause(viewer, dead):
    [task_id] = dead("milk")
    page = viewer.page("/dead-letters")
    assert f"/penstock/tasks/{task_id}" in page
    assert "no milk [bold]today[/bold]" in page


def test_a_task_that_is_not_dead_is_not_listed(viewer, tasks, worker):
    result = tasks.registry["double"].enqueue(1)
    worker.work()
    assert result.id not in viewer.page("/dead-letters")


def test_a_queue_tells_how_many_letters_it_has(viewer, dead):
    dead("milk", "bread")
    assert "default 2 " in words(viewer.get("/dead-letters"))


def test_a_letter_tells_when_it_expires(viewer, dead, clock):
    dead("milk")
    clock.advance(timedelta(days=13, hours=1).total_seconds())
    assert "in 23 h" in words(viewer.get("/dead-letters?window=7d"))


def test_the_causes_count_the_deaths(viewer, dead):
    dead("milk", "milk")
    assert "Reject no milk [bold]today[/bold] hopeless on default" in words(viewer.get("/dead-letters"))


def test_a_queue_has_a_page_of_its_own(viewer, dead):
    [task_id] = dead("milk")
    assert task_id in viewer.page("/dead-letters?queue=default")
    assert task_id not in viewer.page("/dead-letters?queue=images")


def test_the_causes_say_that_deaths_are_counted_by_the_day(viewer, dead):
    dead("milk")
    assert "Died counts whole days, UTC." in words(viewer.get("/dead-letters?window=1h"))


def test_a_queue_keeps_the_causes_of_tasks_that_are_not_known_here(viewer, dead, tasks):
    dead("milk")
    del tasks.registry._tasks["hopeless"]
    page = words(viewer.get("/dead-letters?queue=images"))
    assert "Reject no milk [bold]today[/bold] hopeless" in page
    assert "Tasks that are not registered here are listed for every queue." in page


def test_a_queue_leaves_the_causes_of_other_queues_out(viewer, dead):
    dead("milk")
    assert "no milk" not in words(viewer.get("/dead-letters?queue=images"))


def test_a_queue_that_there_is_not_is_404(viewer):
    assert viewer.get("/dead-letters?queue=nowhere").status_code == 404


def test_without_dead_tasks_the_page_says_how_far_it_has_looked(viewer):
    assert "No dead task, back to 25 Dec" in words(viewer.get("/dead-letters"))


def test_looking_further_back_comes_to_an_end(viewer):
    page = viewer.page("/dead-letters")
    while "cursor=" in page:
        page = viewer.page("/dead-letters?cursor=" + page.split("cursor=")[1].split('"')[0])
    assert "No dead tasks. Nothing to do here." in page


def test_a_page_goes_on_without_what_it_does_not_know(viewer, dead, monkeypatch):
    monkeypatch.setattr(dead_letters, "ROWS", 1)
    dead("a", "b")
    page = viewer.page("/dead-letters?window=7d&endpoint=.tasks&_scheme=javascript&_external=1&done=discarded")
    next_url = page.split("cursor=")[0].rsplit('href="', 1)[1]
    assert next_url.startswith("/penstock/dead-letters?window=7d&amp;")


def test_a_page_goes_on_with_older_ones(viewer, dead, monkeypatch):
    monkeypatch.setattr(dead_letters, "ROWS", 2)
    ids = dead("a", "b", "c")
    first = viewer.page("/dead-letters")
    cursor = first.split("cursor=")[1].split('"')[0].replace("&amp;", "&")
    second = viewer.page(f"/dead-letters?cursor={cursor}")
    assert sorted(task_id for task_id in ids if (task_id in first) != (task_id in second)) == sorted(ids)


@pytest.mark.parametrize("query", ["cursor=nonsense", "window=2y"])
def test_a_wrong_address_is_400_with_words(viewer, query):
    response = viewer.get(f"/dead-letters?{query}")
    assert (response.status_code, "Bad Request" in words(response)) == (400, True)


def test_a_redrive_moves_the_letters_back(operator, dead, tasks):
    dead("milk", "bread")
    response = operator.act("/queues/default/redrives", rate="50")
    assert response.headers["HX-Redirect"] == "/penstock/dead-letters?done=redriven&queue=default"
    assert tasks.ports.transport.depth("default").visible == 2


def test_a_redrive_without_a_rate_leaves_it_to_sqs(operator, dead):
    dead("milk")
    assert operator.act("/queues/default/redrives", rate="").status_code == 204


@pytest.mark.parametrize("rate", ["0", "501", "-1", "many", "1e2", "²", "9" * 5_000])
def test_a_rate_that_sqs_does_not_take_is_refused_with_words(operator, rate):
    response = operator.act("/queues/default/redrives", rate=rate)
    assert (response.status_code, "SQS moves 1 to 500 messages a second" in words(response)) == (400, True)


def test_a_redrive_of_a_queue_that_there_is_not_is_404(operator):
    assert operator.act("/queues/nowhere/redrives").status_code == 404


def test_a_running_redrive_shows_its_progress_and_how_to_stop_it(operator, tasks):
    status = RedriveStatus("RUNNING", moved=1_200, to_move=2_013)
    tasks.connect(replace(tasks.ports, transport=Moving(tasks.ports.transport, status)))
    page = words(operator.get("/dead-letters"))
    assert "RUNNING" in page
    assert "1,200 of about 2,013 moved Stop the redrive" in page


def test_a_running_redrive_can_be_stopped(operator, tasks):
    transport = Moving(tasks.ports.transport, RedriveStatus("RUNNING", 1, 2))
    tasks.connect(replace(tasks.ports, transport=transport))
    response = operator.act("/queues/default/redrives", "DELETE")
    assert (transport.cancelled, response.headers["HX-Redirect"].count("done=redrive-cancelled")) == (["default"], 1)


def test_stopping_where_nothing_runs_says_so(operator):
    assert "done=no-redrive" in operator.act("/queues/default/redrives", "DELETE").headers["HX-Redirect"]


def test_the_live_part_is_sent_where_something_changed(viewer, dead):
    seen = seen_in(viewer.page("/dead-letters"))
    dead("milk")
    assert words(viewer.get(f"/dead-letters/queues?seen={seen}")).count("default") == 1


def test_the_live_part_is_empty_where_nothing_changed(viewer):
    response = viewer.get(f"/dead-letters/queues?seen={seen_in(viewer.page('/dead-letters'))}")
    assert (response.status_code, response.data) == (204, b"")


def test_one_queue_that_cannot_be_read_does_not_hide_the_page(viewer, dead, tasks):
    [task_id] = dead("milk")
    away = Away(tasks.ports.transport, Unavailable("SQS does not answer"), "depth")
    tasks.connect(replace(tasks.ports, transport=away))
    page = viewer.page("/dead-letters")
    assert "not readable" in page
    assert task_id in page


def test_ages_that_cannot_be_read_do_not_hide_the_page(viewer, dead, tasks):
    [task_id] = dead("milk")
    tasks.connect(replace(tasks.ports, stats=Away(tasks.ports.stats, Unavailable("CloudWatch is away"), "oldest_age")))
    assert task_id in viewer.page("/dead-letters")


def test_a_table_that_does_not_answer_is_503_with_words(viewer, tasks):
    away = Away(tasks.ports.results, Unavailable("the table does not answer"), "entries")
    tasks.connect(replace(tasks.ports, results=away))
    response = viewer.get("/dead-letters")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "the table does not answer" in words(response)


def test_a_retry_that_waits_for_its_claim_is_marked(operator, dead):
    [task_id] = dead("milk")
    operator.act(f"/tasks/{task_id}/retries")
    assert "retry sent" in words(operator.get("/dead-letters"))


def test_a_retried_task_leaves_the_page_once_it_runs(operator, dead, tasks, worker):
    [task_id] = dead("milk")
    operator.act(f"/tasks/{task_id}/discards")
    assert tasks.result(task_id).row.status is Status.CANCELLED
    assert task_id not in operator.page("/dead-letters")


class Moving:
    """A transport whose redrive is under way."""

    def __init__(self, transport, status):
        self._transport, self._status = transport, status
        self.cancelled = []

    def redrive_status(self, queue):
        return self._status

    def cancel_redrive(self, queue):
        self.cancelled.append(queue)
        return True

    def __getattr__(self, name):
        return getattr(self._transport, name)


def seen_in(page):
    """What the page's live part says it shows."""
    return page.split("seen=")[1].split('"')[0].split("&")[0]
