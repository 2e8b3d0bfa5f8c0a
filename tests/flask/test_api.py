"""The HTTP API: what it takes, what it answers, what it refuses."""

from datetime import date

import pytest
from flask import Flask
from msgspec.structs import replace

from penstock import Penstock, memory
from penstock.errors import AccessRefused, Unavailable
from penstock.flask import mount
from penstock.flask.access import ApiKeys
from penstock.flask.api import MAX_REQUEST_BYTES
from tests.flask.people import API, SECRET_KEY, TABLE, bearer


def post(client, **body):
    return client.post(f"{API}/tasks", json=body)


def test_an_enqueued_task_is_accepted_with_its_place(client):
    response = post(client, task="double", args=[21])
    assert (response.status_code, response.location) == (202, f"{API}/tasks/{response.json['id']}")


def test_the_answer_to_an_enqueue_is_the_status(client):
    body = post(client, task="double", kwargs={"number": 21}).json
    assert (body["task"], body["queue"], body["status"], body["created"]) == ("double", "default", "QUEUED", True)


def test_the_status_of_a_waiting_task_has_every_member(client):
    task_id = post(client, task="double", args=[21]).json["id"]
    assert client.get(f"{API}/tasks/{task_id}").json == {
        "id": task_id,
        "task": "double",
        "queue": "default",
        "status": "QUEUED",
        "attempts": 0,
        "attempts_left": None,
        "tags": [],
        "progress": None,
        "result": None,
        "result_error": None,
        "error": None,
        "arguments": None,
        "created_at": "2026-01-01T00:00:00.000Z",
        "run_after": None,
        "retry_at": None,
        "lease_expires_at": None,
        "finished_at": None,
        "failed_at": None,
        "retry_sent_at": None,
        "forgotten_at": None,
        "duration_ms": None,
        "origin": None,
        "sensitive": False,
        "cancel_requested": False,
    }


def test_the_status_of_a_finished_task_has_its_result(client, worker):
    task_id = post(client, task="double", args=[21]).json["id"]
    worker.work()
    body = client.get(f"{API}/tasks/{task_id}").json
    assert (body["status"], body["result"], body["duration_ms"]) == ("SUCCEEDED", 42, 0)


def test_the_status_of_a_dead_task_has_its_error(client, worker):
    task_id = post(client, task="hopeless", args=["milk"]).json["id"]
    worker.work()
    body = client.get(f"{API}/tasks/{task_id}").json
    assert (body["status"], body["error"]["type"]) == ("DEAD", "Reject")


def test_a_status_is_never_cached(client):
    response = post(client, task="double", args=[1])
    assert client.get(response.location).headers["Cache-Control"] == "no-store"


def test_a_known_task_id_is_not_enqueued_twice(client):
    post(client, task="double", args=[1], task_id="import-7")
    response = post(client, task="double", args=[1], task_id="import-7")
    assert (response.status_code, response.json["created"]) == (202, False)


def test_a_delay_holds_the_task_back(client):
    assert post(client, task="double", args=[1], delay=60).json["status"] == "SCHEDULED"


def test_run_after_holds_the_task_back(client):
    assert post(client, task="double", args=[1], run_after="2026-01-01T00:05:00Z").json["status"] == "SCHEDULED"


def problem(response) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    assert response.json["status"] == response.status_code
    return response.status_code, response.json["detail"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"task": "tripel"}, 404, "no task 'tripel'; these may: double, hopeless"),
        ({"task": "internal"}, 403, "'internal' may not be enqueued here"),
        ({"task": "double"}, 422, "missing a required argument"),
        ({"task": "double", "args": ["many"]}, 422, "argument 'number'"),
        ({"task": "double", "kwargs": {"number": 1, "x": 1}}, 422, "unexpected keyword argument"),
        ({"task": "double", "args": [1], "delay": 901}, 422, "900 s at most"),
        ({"task": "double", "args": [1], "run_after": "tomorrow"}, 400, "$.run_after"),
        ({"task": "double", "args": [1], "run_after": "2026-01-01T00:05:00"}, 400, "timezone component"),
        ({"task": "double", "args": [1], "task_id": "with space"}, 422, "task_id"),
        ({"args": [1]}, 400, "required field `task`"),
        ({"task": "double", "arguments": [1]}, 400, "arguments"),
        ({"task": 7}, 400, "Expected `str`, got `int` - at `$.task`"),
        ({"task": "double", "args": {"number": 1}}, 400, "Expected `array`, got `object` - at `$.args`"),
        ({"task": "double", "kwargs": [1]}, 400, "Expected `object`, got `array` - at `$.kwargs`"),
        ({"task": "double", "args": [1], "delay": True}, 400, "at `$.delay`"),
        ({"task": "double", "args": [1], "delay": 1.5}, 400, "at `$.delay`"),
        ([], 400, "Expected `object`, got `array`"),
    ],
)
def test_what_cannot_be_enqueued_is_refused_in_words(client, body, status, words):
    answered, detail = problem(client.post(f"{API}/tasks", json=body))
    assert (answered, words in detail) == (status, True), detail


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_malformed_json_is_a_bad_request(client, body):
    assert problem(client.post(f"{API}/tasks", data=body, content_type="application/json"))[0] == 400


def test_another_media_type_is_refused(client):
    assert problem(client.post(f"{API}/tasks", data=b"{}", content_type="text/plain"))[0] == 415


def test_a_call_too_large_for_a_message_goes_through_s3(client):
    assert post(client, task="hopeless", args=["x" * 1_048_576]).status_code == 202


def test_a_call_too_large_for_a_message_is_refused_in_words_where_there_is_no_bucket(client, tasks):
    tasks.connect(replace(tasks.ports, payloads=None))
    status, detail = problem(post(client, task="hopeless", args=["x" * 1_048_576]))
    assert (status, "SQS takes 1048576" in detail) == (413, True)


def test_a_body_past_the_limit_is_not_read(client):
    response = client.post(f"{API}/tasks", data=b"x" * (MAX_REQUEST_BYTES + 1), content_type="application/json")
    assert problem(response)[0] == 413


def test_a_taken_task_id_is_a_conflict(client):
    post(client, task="double", args=[1], task_id="import-7")
    assert problem(post(client, task="double", args=[2], task_id="import-7"))[0] == 409


def test_an_unknown_task_id_is_not_found(client):
    assert problem(client.get(f"{API}/tasks/nowhere"))[0] == 404


class Unreachable:
    """A port whose service answers with an error."""

    def __init__(self, error):
        self._error = error

    def __getattr__(self, name):
        def fail(*args, **kwargs):
            raise self._error

        return fail


def test_an_uncertain_enqueue_names_the_task_id_to_try_again_with(client, tasks):
    tasks.connect(replace(tasks.ports, transport=Unreachable(Unavailable("no answer"))))
    response = post(client, task="double", args=[1], task_id="import-7")
    assert problem(response)[0] == 503
    assert (response.json["task_id"], response.headers["Retry-After"]) == ("import-7", "5")


def test_an_unreachable_table_is_unavailable(client, tasks):
    tasks.connect(replace(tasks.ports, results=Unreachable(Unavailable("no answer"))))
    assert problem(client.get(f"{API}/tasks/import-7"))[0] == 503


def test_missing_permissions_are_for_the_log_and_not_for_the_caller(client, tasks, caplog):
    tasks.connect(replace(tasks.ports, results=Unreachable(AccessRefused("arn:aws:dynamodb:secret"))))
    status, detail = problem(client.get(f"{API}/tasks/import-7"))
    assert (status, "secret" in detail, "secret" in caplog.text) == (500, False, True)


def test_a_bug_of_ours_is_a_problem_too_and_only_the_log_has_it(client, tasks, caplog):
    tasks.connect(replace(tasks.ports, results=Unreachable(ZeroDivisionError("secret"))))
    status, detail = problem(client.get(f"{API}/tasks/import-7"))
    assert (status, "secret" in detail, "secret" in caplog.text) == (500, False, True)


def test_who_is_not_signed_in_learns_nothing(stranger):
    response = post(stranger, task="x")
    assert (problem(response)[0], "double" in response.text) == (401, False)


def test_a_sent_date_comes_to_the_task_as_its_annotation_says(worker):
    tasks = Penstock()
    tasks.connect(memory.ports())

    @tasks.task
    def next_year(day: date) -> date:
        return day.replace(year=day.year + 1)

    app = Flask("calendar")
    app.config["SECRET_KEY"] = SECRET_KEY
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks, allow_enqueue=("next_year",))
    client = app.test_client()
    body = {"task": "next_year", "args": ["2026-11-21"]}
    response = client.post(f"{API}/tasks", json=body, headers=bearer("otto"))
    type(worker)(tasks).work()
    assert client.get(response.location, headers=bearer("vera")).json["result"] == "2027-11-21"
