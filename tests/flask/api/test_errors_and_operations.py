"""Error groups, and what is done to many tasks at once."""

import pytest

from penstock import operations
from tests.flask.conftest import Worker
from tests.flask.people import API


def detail(response, status):
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    return response.json["detail"]


def test_errors_are_grouped(known, vera):
    errors = vera.get(f"{API}/errors").json
    assert errors["complete"]
    assert {(e["task"], e["type"], e["attempts"]) for e in errors["errors"]} >= {("hopeless", "Reject", 1)}


@pytest.mark.parametrize("window", ["1h", "24h", "7d"])
def test_a_window_is_one_of_three(known, vera, window):
    assert vera.get(f"{API}/errors?window={window}").json["errors"]


def test_another_window_is_refused(vera):
    assert "$.window" in detail(vera.get(f"{API}/errors?window=2h"), 400)


def test_an_error_shows_its_newest_tasks_and_how_many_there_are(known, vera):
    shown = vera.get(f"{API}/errors/{known['fingerprint']}").json
    assert (shown["failures"], [task["id"] for task in shown["tasks"]]) == ({"count": 1, "exact": True}, ["dead"])
    assert shown["error"]["message"] == "no milk today"


@pytest.mark.parametrize("fingerprint", ["0" * 16, "nonsense"])
def test_an_unknown_error_is_not_found(known, vera, fingerprint):
    assert fingerprint in detail(vera.get(f"{API}/errors/{fingerprint}"), 404)


def test_a_dry_run_counts_and_changes_nothing(known, otto, tasks):
    response = otto.post(f"{API}/errors/{known['fingerprint']}/discards", json={"dry_run": True})
    assert (response.status_code, response.json) == (200, {"count": 1, "exact": True})
    assert tasks.result("dead").status == "DEAD"


def test_a_dry_run_on_another_queue_counts_none(known, otto):
    response = otto.post(f"{API}/errors/{known['fingerprint']}/retries", json={"dry_run": True, "queue": "images"})
    assert response.json["count"] == 0


@pytest.mark.parametrize(("action", "status"), [("discards", "CANCELLED"), ("retries", "DEAD")])
def test_a_group_is_worked_through_in_steps(known, otto, tasks, action, status):
    begun = otto.post(f"{API}/errors/{known['fingerprint']}/{action}")
    assert (begun.status_code, begun.json["state"], begun.json["total"]) == (202, "RUNNING", 1)
    stepped = otto.post(f"{begun.location}/steps").json
    assert (stepped["state"], stepped["done"]) == ("DONE", 1)
    assert otto.get(begun.location).json == stepped
    Worker(tasks).work()
    assert (tasks.result("dead").status, tasks.result("dead").attempts) == (status, 2 if action == "retries" else 1)


def test_chosen_tasks_can_be_discarded_together(known, otto, tasks):
    begun = otto.post(f"{API}/operations", json={"kind": "discard", "tasks": ["dead", "done"]})
    stepped = otto.post(f"{begun.location}/steps").json
    assert (stepped["done"], stepped["skipped"], tasks.result("dead").status) == (1, 1, "CANCELLED")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"kind": "retry"}, "say which dead tasks"),
        ({"kind": "retry", "dry_run": True}, "say which dead tasks"),
        ({"kind": "retry", "q": "", "tasks": ["dead"]}, "say which dead tasks"),
        ({"kind": "retry", "q": "status:SUCCEEDED"}, "only DEAD tasks"),
        ({"kind": "retry", "q": "colour:blue"}, "is no filter"),
        ({"kind": "retry", "tasks": ["no id"]}, "is no task id"),
        ({"kind": "retry", "tasks": [f"t-{n}" for n in range(101)]}, "101 task ids"),
        ({"kind": "burn", "q": ""}, "$.kind"),
        ({"q": ""}, "`kind`"),
    ],
)
def test_an_operation_that_is_not_clear_is_refused(otto, body, words):
    assert words in detail(otto.post(f"{API}/operations", json=body), 400)


def test_an_operation_is_stopped_where_it_is(known, otto):
    path = f"{API}/operations/{known['operation_id']}"
    assert otto.delete(path).json["state"] == "STOPPED"
    assert otto.post(f"{path}/steps").json["state"] == "STOPPED"


def test_operations_are_listed_the_last_one_first(known, otto, tasks):
    last = otto.post(f"{API}/operations", json={"kind": "discard", "q": "task:double"}).json["id"]
    [first, second] = otto.get(f"{API}/operations").json["operations"]
    assert {first["id"], second["id"]} == {last, known["operation_id"]}


def test_an_unknown_operation_is_not_found(otto):
    assert "no operation" in detail(otto.get(f"{API}/operations/{'0' * 32}"), 404)


@pytest.mark.parametrize("path", ["operations", "errors/{fingerprint}/retries"])
def test_the_same_key_begins_one_operation(known, otto, tasks, path):
    body = {"kind": "retry", "q": "task:hopeless"} if path == "operations" else {}
    url = f"{API}/{path}".format(**known)
    one, other = (otto.post(url, json=body, headers={"Idempotency-Key": "k-1"}) for _ in range(2))
    assert (one.json, one.location) == (other.json, other.location)
    assert len(operations.recent(tasks)) == 2


def test_a_key_of_another_operation_is_refused(known, otto):
    headers = {"Idempotency-Key": "k-1"}
    otto.post(f"{API}/operations", json={"kind": "retry", "q": "task:hopeless"}, headers=headers)
    answer = otto.post(f"{API}/operations", json={"kind": "discard", "q": "task:hopeless"}, headers=headers)
    assert "another body" in detail(answer, 422)


def test_whoever_goes_on_with_somebody_else_s_operation_is_audited_once(known, otto, caplog):
    caplog.set_level("INFO", "penstock")
    resumed = [otto.post(f"{API}/operations/{known['operation_id']}/{what}") for what in ("resumes", "steps")]
    assert [answer.json["driver"] for answer in resumed] == ["otto", "otto"]
    lines = [line for line in caplog.messages if "resume operation" in line]
    assert (len(lines), "otto" in lines[0], known["operation_id"] in lines[0]) == (1, True, True)


def test_steps_of_a_stopped_operation_do_not_resume_it(known, otto):
    url = f"{API}/operations/{known['operation_id']}"
    otto.delete(url)
    assert otto.post(f"{url}/steps").json["state"] == "STOPPED"


def test_a_stopped_operation_can_be_resumed(known, otto):
    url = f"{API}/operations/{known['operation_id']}"
    otto.delete(url)
    assert otto.post(f"{url}/resumes").json["state"] == "RUNNING"
