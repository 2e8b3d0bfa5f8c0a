"""What a button on a task's page does."""

import json

import pytest

from penstock.states import Status
from tests.flask.dashboard.conftest import words
from tests.flask.people import OWN_PAGE, PREFIX


def status(tasks, task_id):
    return tasks.result(task_id).status


def where(response):
    assert response.status_code == 204, words(response)
    return response.headers["HX-Redirect"].removeprefix("/penstock")


def test_a_retry_runs_the_task_again(operator, dead, tasks, worker):
    [task_id] = dead("milk")
    assert where(operator.act(f"/tasks/{task_id}/retries")) == f"/tasks/{task_id}?done=retry-sent"
    attempts = tasks.result(task_id).attempts
    worker.work()
    assert tasks.result(task_id).attempts == attempts + 1


def test_a_retry_that_is_sent_says_so_on_the_page(operator, dead):
    [task_id] = dead("milk")
    page = operator.page(where(operator.act(f"/tasks/{task_id}/retries")))
    assert "The retry is sent. The status changes when a worker claims it." in page


def test_a_discard_gives_the_task_up(operator, dead, tasks):
    [task_id] = dead("milk")
    assert where(operator.act(f"/tasks/{task_id}/discards")).endswith("done=discarded")
    assert status(tasks, task_id) is Status.CANCELLED


def test_a_second_discard_says_that_there_was_nothing_to_do(operator, dead):
    [task_id] = dead("milk")
    operator.act(f"/tasks/{task_id}/discards")
    assert where(operator.act(f"/tasks/{task_id}/discards")).endswith("done=not-discarded")


def test_a_cancellation_keeps_a_waiting_task_from_starting(operator, tasks):
    task_id = tasks.registry["double"].enqueue(1).id
    assert where(operator.act(f"/tasks/{task_id}/cancellations")).endswith("done=cancelled")
    assert status(tasks, task_id) is Status.CANCELLED


def test_a_cancellation_after_the_end_says_that_it_is_over(operator, tasks, worker):
    task_id = tasks.registry["double"].enqueue(1).id
    worker.work()
    assert where(operator.act(f"/tasks/{task_id}/cancellations")).endswith("done=over")


def test_the_editor_starts_from_the_redacted_arguments(operator, tasks, worker):
    @tasks.task(max_attempts=1)
    def log_in(user: str, password: str) -> None:
        raise ValueError("refused")

    task_id = log_in.enqueue(user="ada", password="hunter2").id
    worker.work()
    page = operator.page(f"/tasks/{task_id}/edits/new")
    assert "&#34;user&#34;: &#34;ada&#34;" in page
    assert "hunter2" not in page


def test_an_edit_keeps_the_secrets_that_it_never_saw(operator, tasks, worker):
    seen = []

    @tasks.task(max_attempts=1)
    def log_in(user: str, password: str) -> None:
        seen.append((user, password))
        if user == "ada":
            raise ValueError("refused")

    task_id = log_in.enqueue(user="ada", password="hunter2").id
    worker.work()
    edited = {"args": [], "kwargs": {"user": "bo", "password": "‹redacted›"}}
    assert where(operator.act(f"/tasks/{task_id}/edits", arguments=json.dumps(edited))).endswith("done=edited")
    worker.work()
    assert seen[-1] == ("bo", "hunter2")
    assert status(tasks, task_id) is Status.CANCELLED


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("{", 422, "the arguments are not JSON"),
        ('{"args": [], "kwargs": {"what": "milk"}}', 422, "nothing is changed"),
        ('{"args": [], "kwargs": {"what": "milk", "x": 1}}', 422, "unexpected keyword argument"),
        ("", 422, "the arguments are not JSON"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_with_words(operator, dead, tasks, arguments, code, said):
    [task_id] = dead("milk")
    response = operator.act(f"/tasks/{task_id}/edits", arguments=arguments)
    assert (response.status_code, said in words(response)) == (code, True)
    assert status(tasks, task_id) is Status.DEAD


def test_an_edit_keeps_secrets_that_were_given_by_position(operator, tasks, worker):
    seen = []

    @tasks.task(max_attempts=1)
    def log_in(password: str, /, *, user: str) -> None:
        seen.append((password, user))
        raise ValueError("refused")

    task_id = log_in.enqueue("hunter2", user="ada").id
    worker.work()
    arguments = json.dumps({"args": ["‹redacted›"], "kwargs": {"user": "eve"}})
    assert operator.act(f"/tasks/{task_id}/edits", arguments=arguments).status_code == 204
    worker.work()
    assert seen[-1] == ("hunter2", "eve")


def test_an_edit_that_is_larger_than_any_call_is_413_with_words(operator, dead):
    [task_id] = dead("milk")
    response = operator.act(f"/tasks/{task_id}/edits", arguments="x" * 2_100_000)
    assert (response.status_code, "takes 2,097,152 bytes at most" in words(response)) == (413, True)


def test_an_edit_may_be_large(operator, dead):
    [task_id] = dead("milk")
    arguments = json.dumps({"args": [], "kwargs": {"what": "x" * 600_000}})
    assert operator.act(f"/tasks/{task_id}/edits", arguments=arguments).status_code == 204


def test_a_task_that_is_not_dead_has_no_editor(operator, tasks):
    assert operator.get(f"/tasks/{tasks.registry['double'].enqueue(1).id}/edits/new").status_code == 409


def test_forgetting_deletes_what_the_task_held(admin, tasks, worker):
    task_id = tasks.registry["double"].enqueue(21).id
    worker.work()
    assert where(admin.act(f"/tasks/{task_id}/forgettings")).endswith("done=forgotten")
    assert tasks.result(task_id).row.result is None


def test_what_is_forgotten_says_so(admin, tasks, worker):
    task_id = tasks.registry["double"].enqueue(21).id
    worker.work()
    page = admin.page(where(admin.act(f"/tasks/{task_id}/forgettings")))
    assert "Forgotten" in page
    assert "/forgettings" not in page


def test_a_dead_task_is_not_forgotten_but_refused_with_words(admin, dead):
    response = admin.act(f"/tasks/{dead('milk')[0]}/forgettings")
    assert (response.status_code, "Discard or cancel it first" in words(response)) == (409, True)


def test_a_refusal_comes_as_a_part_for_the_open_page(operator, tasks):
    response = operator.act(f"/tasks/{tasks.registry['double'].enqueue(1).id}/retries")
    assert response.status_code == 409
    assert "<html" not in response.text
    assert "only a DEAD task can be retried or edited" in words(response)


def test_a_message_is_known_by_its_name_and_never_free_text(viewer, dead):
    page = viewer.page(f"/tasks/{dead('milk')[0]}?done=Your+account+is+closed")
    assert "Your account is closed" not in page


def test_an_action_without_the_pages_script_is_led_by_a_redirect(operator, dead):
    [task_id] = dead("milk")
    response = operator.client.post(f"{PREFIX}/tasks/{task_id}/retries", headers=OWN_PAGE)
    assert (response.status_code, response.location) == (303, f"/penstock/tasks/{task_id}?done=retry-sent")


def test_an_edit_names_what_changed_and_keeps_the_values_out_of_the_audit(operator, dead, caplog):
    [task_id] = dead("milk")
    with caplog.at_level("INFO", "penstock"):
        operator.act(f"/tasks/{task_id}/edits", arguments='{"args": ["s3cret"], "kwargs": {}}')
    said = [
        record.getMessage()
        for record in caplog.records
        if "edit" in record.getMessage() and "otto" in record.getMessage()
    ]
    assert said
    assert "s3cret" not in "".join(said)


def test_actions_on_a_task_that_there_is_not_are_404(admin):
    for action in ("retries", "discards", "edits", "cancellations", "forgettings"):
        assert admin.act(f"/tasks/nowhere/{action}").status_code == 404, action
