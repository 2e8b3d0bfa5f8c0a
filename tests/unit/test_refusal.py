"""The protocol's table of refused claims: one test row for each of its rows, in its order."""

from typing import Any

import pytest

from penstock.record import TaskRow
from penstock.refusal import Refusal, Then, after_refusal
from penstock.times import to_text
from tests.unit.values import NOW, at, delivery, envelope, item

EXPIRED = to_text(at(-3))


def decided(old: dict[str, Any] | None, sent: dict[str, Any] | None = None) -> Refusal:
    row = None if old is None else TaskRow.from_item("t-1", old)
    return after_refusal(row, envelope(**(sent or {})), delivery(), owner="me", now=NOW)


NEWER, OLDER = {"sent_at": to_text(at(1))}, {"sent_at": to_text(at(-1))}
FOREIGN = {"send_id": "send-0"}
TABLE = [
    ("SUCCEEDED", item("SUCCEEDED"), {}, Then.ACKNOWLEDGE),
    ("FAILED", item("FAILED"), {}, Then.ACKNOWLEDGE),
    ("CANCELLED", item("CANCELLED"), {}, Then.ACKNOWLEDGE),
    ("RUNNING, owner = me", item("RUNNING", lease_owner="me"), {}, Then.GO_ON),
    ("RUNNING, owner = after, lease alive", item("RUNNING"), {"after": "other"}, Then.BUSY),
    ("RUNNING, owner = after, lease over", item("RUNNING", lease_expires_at=EXPIRED), {"after": "other"}, Then.BUSY),
    ("DEAD, owner = after", item("DEAD"), {"after": "death-1", "send_id": "send-2"}, Then.RETRY),
    ("another send_id, QUEUED", item("QUEUED", **FOREIGN), {}, Then.ACKNOWLEDGE),
    ("another send_id, RUNNING", item("RUNNING", **FOREIGN), {}, Then.ACKNOWLEDGE),
    ("another send_id, lease over", item("RUNNING", **FOREIGN, lease_expires_at=EXPIRED), {}, Then.ACKNOWLEDGE),
    ("another send_id, RETRYING", item("RETRYING", **FOREIGN), {}, Then.ACKNOWLEDGE),
    ("another send_id, DEAD", item("DEAD", **FOREIGN), {}, Then.ACKNOWLEDGE),
    ("stored sent_at newer, RUNNING", item("RUNNING", **NEWER), {}, Then.LEAVE),
    ("stored sent_at newer, RETRYING", item("RETRYING", **NEWER), {}, Then.LEAVE),
    ("stored sent_at newer, DEAD", item("DEAD", **NEWER), {}, Then.LEAVE),
    ("stored sent_at older, DEAD", item("DEAD", **OLDER), {}, Then.REDRIVE),
    ("stored sent_at older, QUEUED", item("QUEUED", send_id="send-1", **OLDER), {}, Then.REDRIVE),
    ("stored sent_at older, RETRYING", item("RETRYING", **OLDER), {}, Then.REDRIVE),
    ("stored sent_at older, lease over", item("RUNNING", **OLDER, lease_expires_at=EXPIRED), {}, Then.REDRIVE),
    ("DEAD, same message", item("DEAD"), {}, Then.BURN),
    ("RUNNING, lease alive", item("RUNNING"), {}, Then.BUSY),
    ("RUNNING, lease over, none left", item("RUNNING", lease_expires_at=EXPIRED, attempts_left=0), {}, Then.CRASHED),
    ("RUNNING, lease over since the claim", item("RUNNING", lease_expires_at=EXPIRED), {}, Then.BUSY),
    ("RETRYING, too early", item("RETRYING", retry_at=to_text(at(30))), {}, Then.BUSY),
]


@pytest.mark.parametrize(("old", "sent", "then"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_old_row_decides(old: dict[str, Any], sent: dict[str, Any], then: Then) -> None:
    assert decided(old, sent).then is then


ORDER = [  # where two rows of the table match, the first holds
    ("final before foreign", item("SUCCEEDED", **FOREIGN), {}, Then.ACKNOWLEDGE),
    ("mine before obsolete", item("RUNNING", lease_owner="me", **NEWER), {}, Then.GO_ON),
    ("the answered death before a foreign send", item("DEAD", **FOREIGN), {"after": "death-1"}, Then.RETRY),
    ("the writing sender before a foreign send", item("RUNNING", **FOREIGN), {"after": "other"}, Then.BUSY),
    ("foreign before obsolete", item("DEAD", **FOREIGN, **NEWER), {}, Then.ACKNOWLEDGE),
    ("foreign before redrive", item("DEAD", **FOREIGN, **OLDER), {}, Then.ACKNOWLEDGE),
    ("another death's retry is a foreign send", item("DEAD", **FOREIGN), {"after": "death-0"}, Then.ACKNOWLEDGE),
    ("redrive before burn", item("DEAD", **OLDER), {}, Then.REDRIVE),
    ("a redrive waits for a run that lives", item("RUNNING", **OLDER), {}, Then.BUSY),
]


@pytest.mark.parametrize(("old", "sent", "then"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_the_first_match_holds(old: dict[str, Any], sent: dict[str, Any], then: Then) -> None:
    assert decided(old, sent).then is then


def test_a_running_task_is_asked_again_when_its_lease_ends() -> None:
    assert decided(item("RUNNING")).until == at(60)


def test_a_lease_that_has_run_out_since_the_claim_is_asked_again_at_once() -> None:
    assert decided(item("RUNNING", lease_expires_at=EXPIRED)).until == NOW


def test_a_retry_that_is_not_due_is_asked_again_when_it_is() -> None:
    assert decided(item("RETRYING", retry_at=to_text(at(30)))).until == at(30)


@pytest.mark.parametrize(
    "old", [None, item("QUEUED"), item("DEAD", message_id="m-9"), item("RETRYING")], ids=["no row", "a", "b", "c"]
)
def test_what_no_row_of_the_table_covers_is_never_acknowledged(old: dict[str, Any] | None) -> None:
    assert decided(old).then is Then.BUSY
