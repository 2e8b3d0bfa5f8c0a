"""What can be done to a task over HTTP."""

import pytest

from penstock import Penstock
from penstock.redaction import REDACTED
from tests.flask.conftest import Worker
from tests.flask.people import API

pytestmark = pytest.mark.usefixtures("known")


def detail(response, status):
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    return response.json["detail"]


def patch(client, body, task_id="dead", media="application/merge-patch+json"):
    return client.post(f"{API}/tasks/{task_id}/edits", json=body, content_type=media)


def status(tasks: Penstock, task_id: str) -> str:
    return tasks.result(task_id).status.value


def test_a_retry_is_begun_and_says_where_to_look(otto, tasks):
    response = otto.post(f"{API}/tasks/dead/retries")
    assert (response.status_code, response.location) == (202, f"{API}/tasks/dead")
    Worker(tasks).work()
    assert tasks.result("dead").attempts == 2


def test_only_a_dead_task_can_be_retried(otto):
    assert "only a DEAD task" in detail(otto.post(f"{API}/tasks/done/retries"), 409)


@pytest.mark.parametrize("media", ["application/json", "application/merge-patch+json"])
def test_an_edit_runs_the_work_as_a_new_task(otto, tasks, media):
    response = patch(otto, {"kwargs": {"what": "honey", "password": None}}, media=media)
    assert response.status_code == 202
    Worker(tasks).work()
    edited = tasks.result(response.json["id"])
    assert (edited.row.origin, edited.error.message, status(tasks, "dead")) == ("dead", "no honey today", "CANCELLED")


@pytest.mark.parametrize("kwargs", [{"password": REDACTED}, {"what": ["x", {"y": REDACTED}]}])
def test_an_edit_does_not_write_a_redacted_value_back(otto, tasks, kwargs):
    assert "stands for a secret" in detail(patch(otto, {"kwargs": kwargs}), 422)
    assert status(tasks, "dead") == "DEAD"


def test_an_edit_that_does_not_fit_the_function_is_refused(otto):
    assert "unexpected keyword argument 'colour'" in detail(patch(otto, {"kwargs": {"colour": "blue"}}), 422)


@pytest.mark.parametrize(("body", "words"), [({"kwarg": {}}, "kwarg"), ({"kwargs": None}, "$.kwargs"), ([], "object")])
def test_an_edit_of_another_form_is_refused(otto, body, words):
    assert words in detail(patch(otto, body), 400)


def test_an_edit_of_another_media_type_is_refused(otto):
    words = detail(otto.post(f"{API}/tasks/dead/edits", data="x", content_type="text/plain"), 415)
    assert "application/json or application/merge-patch+json" in words


def test_a_waiting_task_is_cancelled(otto, tasks):
    response = otto.post(f"{API}/tasks/waiting/cancellations")
    assert (response.json["cancelled"], response.json["status"]) == (True, "CANCELLED")


def test_a_task_that_is_over_is_not_cancelled(otto):
    response = otto.post(f"{API}/tasks/done/cancellations")
    assert (response.status_code, response.json["cancelled"], response.json["status"]) == (200, False, "SUCCEEDED")


def test_a_discarded_task_is_cancelled(otto):
    assert otto.post(f"{API}/tasks/dead/discards").json["status"] == "CANCELLED"


def test_only_a_dead_task_can_be_discarded(otto):
    assert "only a DEAD task" in detail(otto.post(f"{API}/tasks/waiting/discards"), 409)


def test_a_forgotten_task_keeps_its_status_only(ada):
    response = ada.delete(f"{API}/tasks/given-up")
    assert response.json == {"id": "given-up", "attempts": 1, "payloads": 0}
    shown = ada.get(f"{API}/tasks/given-up").json
    assert (shown["status"], shown["arguments"], shown["error"]) == ("CANCELLED", None, None)


def test_a_task_in_a_queue_cannot_be_forgotten(ada):
    assert "Discard or cancel it first" in detail(ada.delete(f"{API}/tasks/waiting"), 409)


@pytest.mark.parametrize("action", ["retries", "cancellations", "discards", "edits"])
def test_what_is_not_there_cannot_be_acted_on(otto, action):
    assert "nowhere" in detail(otto.post(f"{API}/tasks/nowhere/{action}", json={}), 404)


@pytest.mark.parametrize("action", ["retries", "cancellations", "discards"])
def test_an_action_takes_no_members(otto, action):
    assert "unknown field `force`" in detail(otto.post(f"{API}/tasks/dead/{action}", json={"force": True}), 400)


@pytest.mark.parametrize("action", ["retries", "cancellations", "discards", "edits"])
def test_an_action_cannot_be_got(otto, action):
    response = otto.get(f"{API}/tasks/dead/{action}")
    assert ("openapi.json" in detail(response, 405), response.headers["Allow"]) == (True, "POST")


def test_an_action_leaves_an_audit_line(otto, caplog):
    caplog.set_level("INFO", "penstock")
    otto.post(f"{API}/tasks/dead/retries")
    assert any("otto" in line and "retry" in line and "task:dead" in line for line in caplog.messages)


def test_the_failed_attempts_have_their_tracebacks(vera):
    [attempt] = vera.get(f"{API}/tasks/dead/attempts").json["attempts"]
    assert (attempt["number"], "Reject: no milk today" in attempt["traceback"]) == (1, True)


def test_secrets_are_redacted_where_arguments_are_shown(otto, vera, tasks):
    patch(otto, {"kwargs": {"password": "hunter3"}})
    Worker(tasks).work()
    [letter] = vera.get(f"{API}/dead-letters").json["dead_letters"]
    shown = vera.get(f"{API}/dead-letters/{letter['id']}")
    assert (shown.json["arguments"]["kwargs"], "hunter" in shown.text) == (
        {"what": "milk", "password": REDACTED},
        False,
    )
