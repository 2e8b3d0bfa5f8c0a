"""The library with one rule of the protocol broken: each of these must be caught, or the simulation proves nothing."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from msgspec.structs import replace

from penstock.conditions import Absent, All, AnyOf, Condition, Equals
from penstock.delivery import Delivery
from penstock.enqueue import store
from penstock.envelope import Envelope
from penstock.execution.value import Acknowledge, Leave
from penstock.refusal import Refusal, Then
from penstock.states import Status
from penstock.transitions import Transition

ALWAYS = AnyOf((Absent("status"), AnyOf(tuple(Equals("status", status.value) for status in Status))))


class Patch(NamedTuple):
    """``module.name`` is replaced by ``make(what it was)``."""

    module: str
    name: str
    make: Callable[[Any], Any]


@contextmanager
def applied(*patches: Patch) -> Iterator[None]:
    """The library with ``patches`` while this is open."""
    undo = []
    try:
        for module_name, name, make in patches:
            module = importlib.import_module(f"penstock.{module_name}")
            before = getattr(module, name)
            undo.append((module, name, before))
            setattr(module, name, make(before))
        yield
    finally:
        for module, name, before in reversed(undo):
            setattr(module, name, before)


def without(condition: Condition, attribute: str) -> Condition:
    """``condition`` with everything that looks at ``attribute`` taken as true."""
    if isinstance(condition, All):
        return All(tuple(without(part, attribute) for part in condition.parts))
    if isinstance(condition, AnyOf):
        return AnyOf(tuple(without(part, attribute) for part in condition.parts))
    return ALWAYS if getattr(condition, "attribute", "") == attribute else condition


def forgets(attribute: str) -> Callable[[Any], Any]:
    """A transition whose condition does not look at ``attribute``."""

    def make(transition: Callable[..., Transition]) -> Callable[..., Transition]:
        def mutant(*args: Any, **kwargs: Any) -> Transition:
            right = transition(*args, **kwargs)
            return replace(right, when=without(right.when, attribute))

        return mutant

    return make


def decides(change: Callable[[Refusal, Any, Delivery], Refusal | None]) -> Callable[[Any], Any]:
    """``after_refusal`` with some of its answers changed."""

    def make(right: Any) -> Any:
        def mutant(old: Any, envelope: Envelope, delivery: Delivery, **kwargs: Any) -> Refusal:
            refusal: Refusal = right(old, envelope, delivery, **kwargs)
            return change(refusal, old, delivery) or refusal

        return mutant

    return make


def _instead(then: Then, of: Then) -> Callable[[Any], Any]:
    return decides(lambda refusal, _old, _delivery: Refusal(then, "a mutant") if refusal.then is of else None)


def _by_message_id(refusal: Refusal, old: Any, delivery: Delivery) -> Refusal | None:
    may_be = refusal.then in (Then.LEAVE, Then.REDRIVE, Then.BUSY) and old is not None and old.send_id is not None
    return Refusal(Then.REDRIVE, "a mutant") if may_be and old.message_id != delivery.message_id else None


def _any_death(_refusal: Refusal, old: Any, delivery: Delivery) -> Refusal | None:
    by_hand = Envelope.from_json(delivery.body).after is not None
    return Refusal(Then.RETRY, "a mutant") if by_hand and old is not None and old.status is Status.DEAD else None


def _chained(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda right: second(first(right))


def _counts_failures(claim: Any) -> Any:
    def mutant(*args: Any, max_attempts: int, **kwargs: Any) -> Transition:
        right: Transition = claim(*args, max_attempts=max_attempts, **kwargs)
        return replace(right, add={"attempts": (0, 1), "attempts_left": (max_attempts, 0)})

    return mutant


def _spends_an_attempt(retrying: Any) -> Any:
    def mutant(*args: Any, **kwargs: Any) -> Transition:
        right: Transition = retrying(*args, **kwargs)
        return replace(right, add={"attempts_left": (0, -1)})

    return mutant


def _acknowledges_unwritten(write: Any) -> Any:
    def mutant(*args: Any, **kwargs: Any) -> Any:
        x = write(*args, **kwargs)
        return x.end(Acknowledge(), x.said) if isinstance(x.answer, Leave) and x.said == "LEFT" else x

    return mutant


def _acknowledges_unclaimed(step: Any) -> Any:
    def mutant(x: Any, worker: Any) -> Any:
        x = step(x, worker)
        return x.end(Acknowledge(), x.said) if x.said == "UNAVAILABLE" else x

    return mutant


def _everywhere(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda steps: tuple(change(step) for step in steps)


def _sends_before_it_stores(send: Any) -> Any:
    def mutant(prepared: Any, ports: Any, **kwargs: Any) -> Any:
        sends = send(replace(prepared, content=None), ports, **kwargs)
        store(prepared, ports, ports.clock())
        return sends

    return mutant


def _gives_up_on_no_answer(send: Any) -> Any:
    def mutant(prepared: Any, ports: Any, **kwargs: Any) -> Any:
        try:
            return send(prepared, ports, **kwargs)
        except Exception:
            return [prepared.envelope]

    return mutant


def _writes_queued_first(send: Any) -> Any:
    def mutant(prepared: Any, ports: Any, *, after: str | None = None) -> Any:
        if after is not None:
            queued = Transition(
                "requeue",
                when=Equals("status", Status.DEAD.value),
                set={"status": Status.QUEUED.value},
                remove=(
                    "send_id",
                    "message_id",
                    "sent_at",
                    "lease_owner",
                    "attempts_left",
                    "failure_key",
                    "failed_bucket",
                    "failed_at",
                ),
            )
            ports.results.apply(prepared.envelope.id, queued)
        return send(prepared, ports)

    return mutant


CLAIM, SETTLE, RECONCILE = "execution.claim", "execution.settle", "reconcile"

#: Name -> the library with this one mistake.
MUTANTS: dict[str, tuple[Patch, ...]] = {
    "settles without a fence": (
        Patch("transitions", "_mine", lambda _right: lambda _owner: Equals("status", "RUNNING")),
    ),
    "settles over anything": (Patch("transitions", "_mine", lambda _right: lambda _owner: ALWAYS),),
    "acknowledges when busy": (Patch(CLAIM, "after_refusal", _instead(Then.ACKNOWLEDGE, of=Then.BUSY)),),
    "acknowledges instead of burning": (Patch(CLAIM, "after_refusal", _instead(Then.ACKNOWLEDGE, of=Then.BURN)),),
    "acknowledges an obsolete delivery": (Patch(CLAIM, "after_refusal", _instead(Then.ACKNOWLEDGE, of=Then.LEAVE)),),
    "acknowledges DEAD": (Patch("states", "_ACKNOWLEDGEABLE", lambda right: right | {Status.DEAD}),),
    "acknowledges RETRYING": (Patch("states", "_ACKNOWLEDGEABLE", lambda right: right | {Status.RETRYING}),),
    "acknowledges what it could not write": (Patch(SETTLE, "_write", _acknowledges_unwritten),),
    "acknowledges what it could not fetch or claim": (
        Patch("execution", "STEPS", _everywhere(_acknowledges_unclaimed)),
    ),
    "sends before its arguments are in S3": (Patch("enqueue", "send", _sends_before_it_stores),),
    "redrives by message id": (
        Patch(CLAIM, "after_refusal", decides(_by_message_id)),
        Patch(CLAIM, "redrive", forgets("sent_at")),
    ),
    "redrives a running task": (
        Patch("refusal", "_is_at_rest", lambda _right: lambda _old, _now: True),
        Patch(CLAIM, "redrive", forgets("lease_expires_at")),
    ),
    "claims whoever holds the lease": (Patch(CLAIM, "claim_transition", forgets("lease_expires_at")),),
    "claims before the retry is due": (Patch(CLAIM, "claim_transition", forgets("retry_at")),),
    "claims without attempts left": (Patch(CLAIM, "claim_transition", forgets("attempts_left")),),
    "claims for any message": (Patch(CLAIM, "claim_transition", forgets("message_id")),),
    "claims for any send": (Patch(CLAIM, "claim_transition", _chained(forgets("message_id"), forgets("send_id"))),),
    "counts an attempt when it fails": (
        Patch(CLAIM, "claim_transition", _counts_failures),
        Patch(SETTLE, "retrying", _spends_an_attempt),
    ),
    "retries any death": (
        Patch(CLAIM, "after_refusal", decides(_any_death)),
        Patch(CLAIM, "retry", forgets("lease_owner")),
    ),
    "retries by hand through QUEUED": (Patch("dead_letters", "send", _writes_queued_first),),
    "buries without a look at sent_at": (Patch(RECONCILE, "buried", forgets("sent_at")),),
    "buries a running task": (Patch(RECONCILE, "buried", forgets("lease_expires_at")),),
    "sweeps every letter": (
        Patch(
            RECONCILE, "after_refusal", lambda _right: lambda *_args, **_kwargs: Refusal(Then.ACKNOWLEDGE, "a mutant")
        ),
    ),
    "says accepted without an answer": (Patch("enqueue", "send", _gives_up_on_no_answer),),
}

#: What `make prove` has the time for; the first few are the smoke of `make test`.
CHEAP = (
    "acknowledges DEAD",
    "acknowledges when busy",
    "counts an attempt when it fails",
    "sweeps every letter",
    "settles over anything",
    "acknowledges RETRYING",
    "claims without attempts left",
    "acknowledges instead of burning",
    "claims for any message",
    "claims for any send",
    "settles without a fence",
    "redrives by message id",
)
