"""What a page costs: requests, the same with many rows as with few, and the time to its first byte."""

import time
from datetime import timedelta

import pytest
from msgspec.structs import replace

from penstock.record import day_bucket, failure_key
from penstock.times import to_text

FINGERPRINT = "0123456789abcdef"
PORTS = ("transport", "results", "ledger", "stats", "mappings", "payloads")
PAGES = (
    "/", "/counts", "/hour", "/tasks", "/tasks?q=status:DEAD", "/tasks?q=task:rare", "/dead-letters",
    "/dead-letters?queue=default", "/errors", "/errors?window=7d", f"/errors/{FINGERPRINT}", "/tasks/t-3", "/queues",
    "/queues/default", "/operations", "/audit",
)  # fmt: skip
NEVER = {"receive", "failures", "send", "send_many", "apply", "delete", "change_visibility"}
MAX_REQUESTS = 70
FIRST_BYTE_SECONDS = 0.3


class Counting:
    """A port that writes down every request that is made of it."""

    def __init__(self, port, calls):
        self._port, self._calls = port, calls

    def __getattr__(self, name):
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args, **kwargs):
            self._calls.append(name)
            return found(*args, **kwargs)

        return call


def fill(tasks, clock, number, *, days=1):
    """``number`` rows over the last days, every fifth of them DEAD."""
    store, now = tasks.ports.results, clock()
    for index in range(number):
        task_id, at = f"t-{index}", now - timedelta(seconds=index * days * 86_000 / number)
        item = {
            "status": "SUCCEEDED",
            "task": "double",
            "queue": "default",
            "created_at": to_text(at),
            "created_bucket": day_bucket(task_id, at),
            "attempts": 1,
        }
        if index % 5 == 3:
            item |= {
                "status": "DEAD",
                "failed_at": to_text(at),
                "failed_bucket": day_bucket(task_id, at),
                "failure_key": failure_key(task_id, FINGERPRINT),
                "error": {"type": "ValueError", "message": "no", "fingerprint": FINGERPRINT, "reason": ""},
            }
        store.put_item(task_id, item)


@pytest.fixture
def calls(tasks):
    """Every request that is made of the ports from now on."""
    calls = []
    tasks._ports = replace(tasks.ports, **{name: Counting(getattr(tasks.ports, name), calls) for name in PORTS})
    return calls


def cost(visitor, calls, path):
    calls.clear()
    visitor.page(path)
    return list(calls)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_costs_no_more_with_5000_rows_than_with_few(viewer, tasks, clock, calls, path):
    fill(tasks, clock, 10)
    few = cost(viewer, calls, path)
    fill(tasks, clock, 5_000)
    many = cost(viewer, calls, path)
    assert len(many) <= len(few) + 6  # the batches of a listing: a hundred rows at a time, five times at most
    assert len(many) <= MAX_REQUESTS


@pytest.mark.parametrize("path", PAGES)
def test_a_page_receives_nothing_scans_nothing_and_writes_nothing(viewer, tasks, clock, calls, path):
    fill(tasks, clock, 10)
    assert NEVER.isdisjoint(cost(viewer, calls, path))


def test_with_100000_rows_a_page_begins_within_300_ms(viewer, tasks, clock):
    fill(tasks, clock, 100_000)
    slow = {}
    for path in PAGES:
        viewer.page(path)  # compiles its templates
        begin = time.thread_time()  # not the clock on the wall: other tests run beside this one
        viewer.page(path)
        if (took := time.thread_time() - begin) > FIRST_BYTE_SECONDS:
            slow[path] = took
    assert slow == {}
