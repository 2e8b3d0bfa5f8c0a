"""Listings: their filters, limits and cursors."""

import base64

import pytest

from penstock import audit, cursors
from tests.flask.people import API

LISTINGS = ["tasks", "dead-letters", "audit"]


def ids(client, query="", path="tasks"):
    return sorted(task["id"] for task in client.get(f"{API}/{path}?{query}").json[path.replace("-", "_")])


def detail(response, status=400):
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    return response.json["detail"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["dead", "done", "given-up", "later", "waiting"]),
        ("q=task:hopeless", ["dead", "given-up"]),
        ("q=task:hopeless+status:DEAD", ["dead"]),
        ("task=hopeless&status=DEAD", ["dead"]),
        ("q=task:hopeless&status=DEAD", ["dead"]),
        ("q=task:double&task=hopeless", ["dead", "given-up"]),
        ("status=SUCCEEDED,CANCELLED", ["done", "given-up"]),
        ("queue=images", ["later"]),
        ("tag=blue", ["done"]),
        ("error=Reject&status=DEAD", ["dead"]),
        ("since=1h", ["dead", "done", "given-up", "later", "waiting"]),
        ("until=1h", []),
        ("task=no%20such%20%22task%5C", []),
    ],
)
def test_a_filter_finds_its_tasks(known, vera, query, found):
    assert ids(vera, query) == found


@pytest.mark.usefixtures("known")
def test_dead_letters_are_the_dead_tasks_only(vera):
    assert ids(vera, "", "dead-letters") == ["dead"]


def test_a_filter_that_cannot_be_read_says_which_part(vera):
    assert "status:DAED is no status; did you mean DEAD?" in detail(vera.get(f"{API}/tasks?q=status:DAED"))


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize("limit", ["0", "101", "1e9", "-1", "many", ""])
def test_a_limit_past_100_is_refused(vera, path, limit):
    assert "$.limit" in detail(vera.get(f"{API}/{path}?limit={limit}"))


@pytest.mark.parametrize(
    "path", [*LISTINGS, "tasks/dead", "queues", "errors", "operations", "registry", "health", "docs"]
)
def test_an_unknown_query_parameter_is_refused_by_name(known, vera, path):
    assert "'colour' is no query parameter" in detail(vera.get(f"{API}/{path}?colour=blue"))


def test_a_query_parameter_twice_is_refused(vera):
    assert "'task' stands there 2 times" in detail(vera.get(f"{API}/tasks?task=a&task=b"))


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "%F0%9F%98%80",
        cursors.encode({"before": "2026-01-01"}),
        cursors.encode({"part": "2026-01-01"}),
        base64.urlsafe_b64encode(b"[" * 5_000).decode(),
    ],
)
def test_a_wrong_cursor_is_refused(vera, path, cursor):
    assert "cursor" in detail(vera.get(f"{API}/{path}?cursor={cursor}"))


@pytest.mark.usefixtures("known")
def test_a_cursor_goes_on_behind_its_page(vera):
    first = vera.get(f"{API}/tasks?limit=3").json
    rest = vera.get(f"{API}/tasks?limit=3&cursor={first['cursor']}").json
    assert {task["id"] for task in first["tasks"] + rest["tasks"]} == {"dead", "done", "given-up", "later", "waiting"}


@pytest.mark.usefixtures("known")
def test_the_audit_s_cursor_goes_on(ada, tasks):
    for number in range(3):
        audit.write(tasks.ports, who="ann", action=f"action {number}", subject="task:dead")
    everything = [line["action"] for line in ada.get(f"{API}/audit?limit=100").json["lines"]]
    page = ada.get(f"{API}/audit?limit=2").json
    rest = ada.get(f"{API}/audit?limit=100&cursor={page['cursor']}").json
    assert [line["action"] for line in page["lines"] + rest["lines"]] == everything
