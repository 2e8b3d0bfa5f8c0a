"""A row that only a later version can read, in the API, the dashboard and the command line: told in words, never guessed."""

import json

import pytest

from tests.flask.people import API, OWN_PAGE, PREFIX, sign_in

TOLD = "the row of task newer has the status 'SNOOZED', which this version of Penstock does not know"


@pytest.fixture(autouse=True)
def newer(tasks):
    """A task in a status of a later version, beside one that is as ever."""
    for task_id in ("newer", "known"):
        tasks.registry["double"].using(task_id=task_id).enqueue(1)
    results = tasks.ports.results
    results.put_item("newer", {**results.item("newer"), "status": "SNOOZED"})


@pytest.fixture
def visitor(app):
    client = app.test_client()
    sign_in(client, "otto")
    return client


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["penstock", *words])


@pytest.mark.parametrize("path", ["tasks/newer", "tasks"])
def test_the_api_answers_503_and_says_why(client, path):
    response = client.get(f"{API}/{path}")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert TOLD in response.json["detail"]
    assert "Retry-After" in response.headers


def test_the_api_serves_other_tasks(client):
    assert client.get(f"{API}/tasks/known").json["status"] == "QUEUED"


@pytest.mark.parametrize("action", ["retries", "cancellations", "discards"])
def test_the_api_changes_nothing(client, tasks, action):
    before = tasks.ports.results.item("newer")
    assert client.post(f"{API}/tasks/newer/{action}", json={}).status_code == 503
    assert tasks.ports.results.item("newer") == before


@pytest.mark.parametrize("path", ["/tasks/newer", "/tasks"])
def test_the_dashboard_shows_a_page_that_says_why(visitor, path):
    response = visitor.get(PREFIX + path)
    assert response.status_code == 503
    assert "has the status &#39;SNOOZED&#39;" in response.text


def test_a_button_of_the_dashboard_says_why(visitor):
    response = visitor.post(f"{PREFIX}/tasks/newer/cancellations", headers={**OWN_PAGE, "HX-Request": "true"})
    assert (response.status_code, "SNOOZED" in response.text) == (503, True)


@pytest.mark.parametrize(
    "words", [("show", "newer"), ("list",), ("cancel", "newer", "--yes"), ("forget", "newer", "--yes")]
)
def test_the_command_line_says_why_in_one_line(run, words):
    result = run(*words)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert TOLD in result.output


@pytest.fixture
def message(tasks, worker):
    """A dead task whose stored message is of a later version; what is stored."""
    tasks.registry["hopeless"].using(task_id="later").enqueue("milk")
    worker.bury()
    results = tasks.ports.results
    item = results.item("later")
    body = {**json.loads(item["envelope"]), "v": 9, "lane": "slow", "kwargs": {"password": "hunter2"}}
    results.put_item("later", {**item, "envelope": json.dumps(body)})
    return results.item("later")


READS = "the envelope has version 9; this process reads 2 at most"


@pytest.mark.parametrize(("action", "body"), [("retries", {}), ("edits", {"kwargs": {"what": "honey"}})])
def test_a_message_of_a_later_version_is_not_sent_again_by_this_one(client, tasks, message, action, body):
    response = client.post(f"{API}/tasks/later/{action}", json=body)
    assert (response.status_code, READS in response.json["detail"]) == (503, True)
    assert tasks.ports.results.item("later") == message


@pytest.mark.usefixtures("message")
def test_nothing_of_a_message_of_a_later_version_is_shown_for_secrets_in_it_cannot_be_told(client, visitor, run):
    shown = client.get(f"{API}/tasks/later")
    assert list(shown.json["arguments"]) == ["unreadable"]
    assert READS in shown.json["arguments"]["unreadable"]
    pages = [shown.text, visitor.get(f"{PREFIX}/tasks/later").text, run("show", "later").output]
    assert [page for page in pages if "hunter2" in page or "unreadable" not in page] == []


@pytest.mark.usefixtures("message")
def test_an_editor_of_a_message_of_a_later_version_starts_from_nothing(visitor):
    page = visitor.get(f"{PREFIX}/tasks/later/edits/new")
    assert (page.status_code, "hunter2" in page.text, "unreadable" in page.text) == (200, False, False)


@pytest.mark.usefixtures("message")
def test_a_task_with_a_message_of_a_later_version_can_be_given_up(client):
    assert client.post(f"{API}/tasks/later/discards").json["status"] == "CANCELLED"
