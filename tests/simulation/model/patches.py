"""How to break a rule: small changes of a transition or of the table of refused claims."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from penstock.conditions import Above, Absent, All, AnyOf, Below, Condition, Equals
from penstock.refusal import Refusal, Then, after_refusal
from penstock.states import Status
from penstock.transitions import Transition
from tests.simulation.model.rules import Maker, after_refused_settle

ALWAYS = All(())
Decide = Callable[..., Refusal]

# ── transitions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def careless(maker: Maker, *attributes: str) -> Maker:
    """The transition that does not look at these attributes."""

    def make(*args: Any, **kwargs: Any) -> Transition:
        transition = maker(*args, **kwargs)
        return replace(transition, when=_without(transition.when, attributes))

    return make


def eager(maker: Maker, *statuses: Status) -> Maker:
    """The transition that is also carried out in these statuses, whatever else the row says."""

    def make(*args: Any, **kwargs: Any) -> Transition:
        transition = maker(*args, **kwargs)
        return replace(
            transition, when=AnyOf((transition.when, *(Equals("status", status.value) for status in statuses)))
        )

    return make


def forgetful(maker: Maker, *attributes: str) -> Maker:
    """The transition that does not set these attributes."""

    def make(*args: Any, **kwargs: Any) -> Transition:
        transition = maker(*args, **kwargs)
        kept = {name: value for name, value in transition.set.items() if name not in attributes}
        return replace(transition, set=kept)

    return make


def counting(maker: Maker, step: int, *, start: int = 0) -> Maker:
    """The transition that adds ``step`` to attempts_left, counting from ``start``."""

    def make(*args: Any, **kwargs: Any) -> Transition:
        transition = maker(*args, **kwargs)
        return replace(transition, add={**transition.add, "attempts_left": (start, step)})

    return make


def _without(condition: Condition, attributes: tuple[str, ...]) -> Condition:
    match condition:
        case All(parts):
            return All(tuple(_without(part, attributes) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_without(part, attributes) for part in parts))
        case Absent(attribute) | Equals(attribute) | Below(attribute) | Above(attribute):
            return ALWAYS if attribute in attributes else condition
    raise TypeError(f"{condition!r} is a kind of condition that this file does not know")


# ── the table of refused claims ──────────────────────────────────────────────────────────────────────────────────────


def answering(then: Then, *, instead_of: Then) -> Decide:
    """The table with one answer replaced by another."""

    def decide(*args: Any, **kwargs: Any) -> Refusal:
        refusal = after_refusal(*args, **kwargs)
        return Refusal(then, "mutant") if refusal.then is instead_of else refusal

    return decide


def foreign_first(old: Any, envelope: Any, *args: Any, **kwargs: Any) -> Refusal:
    """The table with the row "another send_id" before those on ``after``."""
    if old is not None and old.send_id not in (None, envelope.send_id):
        return Refusal(Then.ACKNOWLEDGE, "mutant")
    return after_refusal(old, envelope, *args, **kwargs)


def foreign_is_busy(old: Any, *args: Any, **kwargs: Any) -> Refusal:
    """The table that never acknowledges another send_id."""
    refusal = after_refusal(old, *args, **kwargs)
    foreign = refusal.then is Then.ACKNOWLEDGE and not old.status.may_be_acknowledged
    return Refusal(Then.BUSY, "mutant") if foreign else refusal


def any_send_is_mine(old: Any, envelope: Any, *args: Any, **kwargs: Any) -> Refusal:
    """The table that does not look at send_id."""
    return after_refusal(old and replace(old, send_id=envelope.send_id), envelope, *args, **kwargs)


def redriven_by_message_id(old: Any, envelope: Any, delivery: Any, **kwargs: Any) -> Refusal:
    """The table that takes every other message id for a redrive, instead of a later sent_at."""
    if old is None or old.send_id != envelope.send_id or old.status.may_be_acknowledged:
        return after_refusal(old, envelope, delivery, **kwargs)
    at_rest = old.status is not Status.RUNNING or old.lease_expired(kwargs["now"])
    if at_rest and old.message_id not in (None, delivery.message_id):
        return Refusal(Then.REDRIVE, "mutant")
    return after_refusal(replace(old, sent_at=delivery.sent_at), envelope, delivery, **kwargs)


# ── a refused settle ─────────────────────────────────────────────────────────────────────────────────────────────────


def acknowledging_all(status: Status, **_seen: Any) -> str:
    """Whoever may not settle acknowledges."""
    return "acknowledge"


def acknowledging_dead(status: Status, **seen: Any) -> str:
    """Whoever may not settle acknowledges what is DEAD as well."""
    return "acknowledge" if status is Status.DEAD else after_refused_settle(status, **seen)
