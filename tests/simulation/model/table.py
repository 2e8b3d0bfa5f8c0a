"""The table: a row of the model through the library's transitions and back.

The model's time stands still at NOW; what is past or to come is a minute away from it. Answers are remembered, for there
are few different rows and many states.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.record import CLOCK_TOLERANCE, ErrorSummary, TaskRow
from penstock.refusal import Then
from penstock.states import Status
from penstock.times import to_text
from penstock.transitions import Transition, lease_for
from tests.simulation.model.rules import Rules
from tests.simulation.model.state import CURRENT, NO_TOKEN, STALE, Message, Row

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FIRST_SENT = NOW - timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LEASE_SECONDS = 60
_ERROR = ErrorSummary("ValueError", "no such picture", "0123456789abcdef")
_IDENTITY = {
    "task": "resize",
    "queue": "default",
    "created_at": to_text(FIRST_SENT),
    "created_bucket": "2026-03-01#0",
}
_OWNERS = {NO_TOKEN: None, CURRENT: "current", STALE: "stale"}
_MINE = "mine"  # the token of a worker whom the row does not name (yet)


class Written(NamedTuple):
    """The row after a transition, or unchanged. ``owner``: did the row's owner stay the "same", is it "mine", or "other"?"""

    applied: bool
    row: Row | None
    owner: str = "same"


class Table:
    """Carries out ``rules`` on rows of the model; ``max_attempts`` is the task's budget."""

    def __init__(self, rules: Rules, *, max_attempts: int, retries_wait: bool) -> None:
        self.rules = rules
        self._max_attempts = max_attempts
        self._retry_at = NOW + MINUTE if retries_wait else NOW - MINUTE
        self._written: dict[tuple[Any, ...], Written] = {}
        self._decided: dict[tuple[Any, ...], Then] = {}

    def write(
        self, name: str, row: Row | None, message: Message | None = None, *, owns: bool = False, seen: bool = False
    ) -> Written:
        """The transition ``name`` by someone with ``message`` in hand; ``owns`` and ``seen`` as in ``Worker``."""
        key = (name, row, message, owns, seen)
        if key not in self._written:
            self._written[key] = self._write(name, row, message, owns, seen)
        return self._written[key]

    def decide(self, row: Row | None, message: Message, *, owns: bool = False) -> Then:
        """What the table of refused claims says."""
        key = (row, message, owns)
        if key not in self._decided:
            old = None if row is None else TaskRow.from_item("t-1", item(row))
            owner = _OWNERS[CURRENT] if owns else _MINE
            refusal: Any = self.rules.after_refusal(old, envelope(message), delivery(message), owner=owner, now=NOW)
            self._decided[key] = refusal.then
        return self._decided[key]

    def _write(self, name: str, row: Row | None, message: Message | None, owns: bool, seen: bool) -> Written:
        before = {} if row is None else item(row)
        transition = self._transition(name, message, "current" if owns else _MINE, "current" if seen else "stale")
        if not transition.when.holds(before):
            return Written(False, row)
        after = _updated(before, transition)
        was, owner = before.get("lease_owner"), after.get("lease_owner")
        return Written(True, _row(after), "same" if owner == was else "mine" if owner == _MINE else "other")

    def _transition(self, name: str, message: Message | None, owner: str, seen: str) -> Transition:
        rules, budget = self.rules, self._max_attempts
        lease = lease_for(owner, NOW, LEASE_SECONDS)
        if message is None:
            match name:
                case "queued":
                    return rules.queued(envelope(_ANY), "default")
                case "cancel":
                    return rules.cancel(TaskRow("t-1", Status.QUEUED, "resize", "default", FIRST_SENT), now=NOW)
                case _:
                    return rules.request_cancel()
        sent, received = envelope(message), delivery(message)
        match name:
            case "claim":
                return rules.claim(sent, received, lease, max_attempts=budget, now=NOW)
            case "redrive":
                return rules.redrive(sent, received, lease, max_attempts=budget, now=NOW)
            case "retry":
                return rules.retry(sent, received, lease, max_attempts=budget, after=sent.after or "none")
            case "renew":
                return rules.renew(owner, lease.until)
            case "succeed":
                return rules.succeed(owner, {}, now=NOW)
            case "retrying":
                return rules.retrying(owner, sent, _ERROR, retry_at=self._retry_at, extra={})
            case "dead":
                return rules.dead(owner, sent, _ERROR, death="death", now=NOW, extra={})
            case "failed":
                return rules.failed(owner, sent, _ERROR, now=NOW, extra={})
            case "cancelled":
                return rules.cancelled(owner, now=NOW)
            case "crashed":
                return rules.crashed(seen, sent, _ERROR, death="death", now=NOW)
            case "buried":
                return rules.buried(sent, received, _ERROR, death="death", now=NOW)
        raise ValueError(f"no transition {name!r}")


_ANY = Message(0, 0, 0, NO_TOKEN, "")


def envelope(message: Message) -> Envelope:
    """What the message says."""
    return Envelope("t-1", f"send-{message.send}", "resize", [], {}, FIRST_SENT, after=_OWNERS[message.after])


def delivery(message: Message) -> Delivery:
    """A delivery of it."""
    return Delivery("default", f"m-{message.id}", "receipt", "", _sent_at(message.sent), 1)


def item(row: Row) -> dict[str, Any]:
    """The row as the table has it."""
    values = {
        "status": row.status,
        "lease_owner": "current" if row.owned else None,
        "lease_expires_at": None if row.lease is None else to_text(NOW + (MINUTE if row.lease == "alive" else -MINUTE)),
        "send_id": None if row.send is None else f"send-{row.send}",
        "message_id": None if row.message is None else f"m-{row.message}",
        "sent_at": None if row.sent is None else to_text(_sent_at(row.sent)),
        "attempts_left": row.left,
        "retry_at": None if row.retry is None else to_text(NOW + (MINUTE if row.retry == "later" else -MINUTE)),
        "cancel_requested": 1 if row.cancel else None,
    }
    return {**_IDENTITY, **{name: value for name, value in values.items() if value is not None}}


def _row(after: dict[str, Any]) -> Row:
    def number(name: str) -> int | None:
        return int(after[name].rpartition("-")[2]) if name in after else None

    lease, retry, sent = (after.get(name) for name in ("lease_expires_at", "retry_at", "sent_at"))
    return Row(
        status=after["status"],
        owned="lease_owner" in after,
        lease=None if lease is None else "expired" if lease < to_text(NOW - CLOCK_TOLERANCE) else "alive",
        send=number("send_id"),
        message=number("message_id"),
        sent=None if sent is None else round((datetime.fromisoformat(sent) - FIRST_SENT).total_seconds()),
        left=after.get("attempts_left"),
        retry=None if retry is None else "due" if retry < to_text(NOW) else "later",
        cancel="cancel_requested" in after,
    )


def _updated(before: dict[str, Any], transition: Transition) -> dict[str, Any]:
    # As DynamoDB does it: whatever is read is read from the row before.
    after = {**before, **transition.set}
    for name, value in transition.set_if_absent.items():
        after[name] = before.get(name, value)
    for name, (start, step) in transition.add.items():
        after[name] = before.get(name, start) + step
    for name in transition.remove:
        after.pop(name, None)
    return after


def _sent_at(rank: int) -> datetime:
    return FIRST_SENT + timedelta(seconds=rank)
