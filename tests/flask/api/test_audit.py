"""Every action leaves a line of who did what, before it is done."""

import pytest
from msgspec.structs import replace

from penstock.errors import AccessRefused, Unavailable
from penstock.memory import MemoryLedger
from tests.flask.people import API
from tests.flask.stack import ACTIONS

# What changes nothing, and the going on with what one has begun oneself, has no line of its own.
SILENT = ("/operations/{operation_id}/steps", "/operations/{operation_id}/resumes")
LOUD = [(method, path, body) for method, path, body in ACTIONS if path not in SILENT and "dry_run" not in (body or {})]


def lines(client):
    return client.get(f"{API}/audit").json["lines"]


@pytest.mark.parametrize(("method", "path", "body"), LOUD)
def test_an_action_leaves_one_line(known, ada, method, path, body):
    before = len(lines(ada))
    ada.open(API + path.format(**known), method=method, json=body)
    [line] = lines(ada)[: len(lines(ada)) - before]
    assert line["who"] == "ada (api key)"
    assert line["subject"].split(":")[0] in ("task", "tasks", "queue", "error", "operation")


def test_a_dry_run_leaves_none(known, ada):
    before = lines(ada)
    ada.post(f"{API}/errors/{known['fingerprint']}/discards", json={"dry_run": True})
    assert lines(ada) == before


class Away(MemoryLedger):
    """A ledger that takes nothing."""

    def __init__(self, clock, error=Unavailable):
        super().__init__(clock)
        self.error = error

    def write(self, *args, **kwargs):
        raise self.error("not now")


@pytest.mark.parametrize("path", ["tasks/dead/retries", "tasks/dead/discards", "queues/default/redrives"])
def test_what_cannot_be_audited_is_not_done(known, ada, tasks, path):
    tasks.connect(replace(tasks.ports, ledger=Away(tasks.ports.clock)))
    assert ada.post(f"{API}/{path}").status_code == 503
    assert (tasks.result("dead").status, tasks.result("dead").row.retry_sent_at) == ("DEAD", None)
    assert tasks.ports.transport.depth("default").visible == 1


def test_a_queue_can_be_paused_while_the_table_is_away_with_a_line_in_the_log(known, ada, tasks, caplog):
    ledger = Away(tasks.ports.clock)
    ledger.lines = ledger.write
    tasks.connect(replace(tasks.ports, ledger=ledger))
    assert ada.post(f"{API}/queues/images/pauses").json["mapping"]["enabled"] is False
    assert "the audit has no line of pause queue:images, this log has: not now" in caplog.text


def test_who_may_not_write_the_audit_pauses_nothing(known, ada, tasks):
    tasks.connect(replace(tasks.ports, ledger=Away(tasks.ports.clock, AccessRefused)))
    assert ada.post(f"{API}/queues/images/pauses").status_code >= 400
    assert tasks.ports.mappings.get("images").enabled


def test_what_cannot_be_audited_is_not_enqueued(known, ada, tasks):
    tasks.connect(replace(tasks.ports, ledger=Away(tasks.ports.clock)))
    assert ada.post(f"{API}/tasks", json={"task": "double", "args": [1]}).status_code == 503
    assert tasks.ports.transport.depth("default").visible == 1
