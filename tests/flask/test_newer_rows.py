"""A row that only a later version can read, in the API, the dashboard and the command line: told in words, never guessed."""

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
