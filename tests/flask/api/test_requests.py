"""What a GET costs: requests to AWS, counted where they leave for the ports."""

from collections import Counter

import pytest
from msgspec.structs import replace

from penstock.flask.api.openapi import places
from penstock.record import day_bucket, failure_key
from penstock.times import to_text
from tests.flask.people import API, bearer
from tests.flask.stack import build

READS = [place.path for place in places(build(), "penstock_api") if place.method == "get"]
FINGERPRINT = "0123456789abcdef"
# The most that one answer may cost. A listing walks an index day by day: 32 requests, and five for rows.
MOST = {
    "/tasks": 37,
    "/tasks/{task_id}": 1,
    "/tasks/{task_id}/attempts": 2,
    "/dead-letters": 37,
    "/dead-letters/{task_id}": 2,
    "/queues": 3 * 3 + 4,
    "/queues/{queue}": 3 + 4,
    "/queues/{queue}/redrives": 1,
    "/errors": 2 * 4,
    "/errors/{fingerprint}": 2 * 4 + 6 + 5,
    "/operations": 21,
    "/operations/{operation_id}": 1,
    "/registry": 0,
    "/stats": 1,
    "/health": 1 + 3,
    "/audit": 31,
    "/openapi.json": 0,
    "/docs": 0,
}


class Counting:
    """A port that counts what it is asked."""

    def __init__(self, port, counts):
        self._port = port
        self._counts = counts

    def __getattr__(self, name):
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def counted(*args, **kwargs):
            self._counts[name] += 1
            return found(*args, **kwargs)

        return counted


def fill(tasks, rows):
    """So many DEAD tasks of one error, with their operations and audit lines."""
    results, now = tasks.ports.results, to_text(tasks.ports.clock())
    for number in range(rows):
        task_id = f"t-{number}"
        results.put_item(
            task_id,
            {
                "status": "DEAD",
                "task": "hopeless",
                "queue": "default",
                "created_at": now,
                "created_bucket": day_bucket(task_id, tasks.ports.clock()),
                "failed_at": now,
                "failed_bucket": day_bucket(task_id, tasks.ports.clock()),
                "failure_key": failure_key(task_id, FINGERPRINT),
                "error": {"type": "Reject", "message": "no", "fingerprint": FINGERPRINT, "reason": ""},
            },
        )


@pytest.fixture(scope="module")
def counted():
    """By the number of rows: what each GET has asked of the ports."""
    costs = {}
    for rows in (10, 5_000):
        app = build()
        tasks = app.extensions["penstock"]
        fill(tasks, rows)
        client = app.test_client()
        begun = client.post(f"{API}/operations", json={"kind": "retry", "tasks": ["t-0"]}, headers=bearer("ada"))
        counts = Counter()
        ports = {name: Counting(getattr(tasks.ports, name), counts) for name in PORTS}
        tasks.connect(replace(tasks.ports, **ports))
        known = {"task_id": "t-0", "queue": "default", "fingerprint": FINGERPRINT, "operation_id": begun.json["id"]}
        for path in READS:
            counts.clear()
            assert client.get(API + path.format(**known), headers=bearer("vera")).status_code == 200
            costs[path, rows] = dict(counts)
    return costs


PORTS = ("transport", "results", "payloads", "ledger", "stats", "mappings")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("rows", [10, 5_000])
def test_a_read_costs_no_more_than_this(counted, path, rows):
    assert sum(counted[path, rows].values()) <= MOST[path], counted[path, rows]


@pytest.mark.parametrize("path", READS)
def test_five_thousand_rows_cost_no_more_than_ten(counted, path):
    few, many = (sum(counted[path, rows].values()) for rows in (10, 5_000))
    assert many <= few + 1, (counted[path, 10], counted[path, 5_000])  # one more page of an index, at most


@pytest.mark.parametrize("path", READS)
def test_a_read_receives_no_message_and_writes_nothing(counted, path):
    reads = {
        "attributes",
        "depth",
        "redrive_status",
        "get",
        "attempts",
        "entries",
        "rows",
        "read",
        "lines",
        "series",
        "oldest_age",
    }
    assert counted[path, 5_000].keys() <= reads


def test_an_unchanged_answer_costs_no_more_than_a_changed_one():
    app = build()
    tasks = app.extensions["penstock"]
    fill(tasks, 10)
    client, counts = app.test_client(), Counter()
    tasks.connect(replace(tasks.ports, results=Counting(tasks.ports.results, counts)))
    etag = client.get(f"{API}/tasks", headers=bearer("vera")).headers["ETag"]
    first = dict(counts)
    counts.clear()
    again = client.get(f"{API}/tasks", headers={**bearer("vera"), "If-None-Match": etag})
    assert (again.status_code, dict(counts)) == (304, first)
