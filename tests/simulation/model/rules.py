"""The rules under test: the library's own transitions, its table of refused claims, and the order of the other calls."""

from collections.abc import Callable

from msgspec import Struct

from penstock import transitions
from penstock.refusal import after_refusal
from penstock.states import Status
from penstock.transitions import Transition

Maker = Callable[..., Transition]


def after_refused_settle(status: Status, *, mine: bool, cancel_requested: bool) -> str:
    """What follows when SUCCEED, FAIL or CANCELLED was refused (execution.settle): cancel, acknowledge or leave."""
    if status is Status.RUNNING and mine and cancel_requested:
        return "cancel"
    return "acknowledge" if status.may_be_acknowledged else "leave"


class Rules(Struct, frozen=True):
    """Every rule of the protocol. A mutant is a copy with one of them replaced."""

    queued: Maker = transitions.queued
    claim: Maker = transitions.claim
    redrive: Maker = transitions.redrive
    retry: Maker = transitions.retry
    renew: Maker = transitions.renew
    succeed: Maker = transitions.succeed
    retrying: Maker = transitions.retrying
    dead: Maker = transitions.dead
    failed: Maker = transitions.failed
    cancelled: Maker = transitions.cancelled
    crashed: Maker = transitions.crashed
    buried: Maker = transitions.buried
    cancel: Maker = transitions.cancel
    request_cancel: Maker = transitions.request_cancel
    after_refusal: Callable[..., object] = after_refusal
    after_refused_settle: Callable[..., str] = after_refused_settle
    # The calls of the producer and of a person who retries by hand, in their order.
    enqueue: tuple[str, ...] = ("send", "record")
    retry_by_hand: tuple[str, ...] = ("read", "send")
    retry_and_delete: tuple[str, ...] = ("receive", "read", "send", "delete")
    # Every physical send has a send_id of its own.
    fresh_send_ids: bool = True
