"""An SQS event to its partial batch response.

Why not Powertools' BatchProcessor here: it has no place for the order (suspects last), for a look at the remaining time
before each claim, or for a visibility timeout a message. Its answer has the same form.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from penstock.app import Penstock
from penstock.delivery import Delivery
from penstock.errors import PenstockError
from penstock.execution import Execution, Invocation, Leave, Worker, come_back_later, execute
from penstock.failure import describe
from penstock.ports import Ports
from penstock.telemetry import RunEvent, emit, logger

# Where an invocation can last longer than this, the visibility timeout (6 x the function timeout) is too long to wait
# out after a crash: the batch shortens it to the rest of its own life.
LONG_INVOCATION_SECONDS = 60.0
_AFTER_A_CRASH_SECONDS = 5


class BatchReport(Struct, frozen=True):
    """What became of a batch: the ids to report as failed, and an event for each message."""

    failed: tuple[str, ...]
    events: tuple[RunEvent, ...]

    def response(self) -> dict[str, list[dict[str, str]]]:
        """The partial batch response: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in self.failed]}


def process(tasks: Penstock, event: Mapping[str, Any], invocation: Invocation) -> BatchReport:
    """Work on every message of an SQS event, one claim at a time, suspects last.

    Raises only where nothing of the batch can be worked on (no SQS event, an unknown queue): SQS then shows all of it again.
    """
    return work(tasks, _deliveries(event, tasks.ports), invocation)


def work(tasks: Penstock, deliveries: Sequence[Delivery], invocation: Invocation) -> BatchReport:
    """As ``process``, for messages that somebody has received; of one queue."""
    ports = tasks.ports
    worker = Worker(tasks.registry, ports, invocation, tasks.hooks)
    _shorten_visibility(deliveries, ports, invocation)
    failed: list[str] = []
    events: list[RunEvent] = []
    broken_groups: set[str] = set()
    # sorted() is stable: within a FIFO group the order of SQS stays, as receive counts never rise along it
    for delivery in sorted(deliveries, key=lambda delivery: delivery.receive_count):
        if delivery.group in broken_groups and ports.settings.queue(delivery.queue).fifo:
            execution = _hand_back(delivery, "an earlier message of its group failed")
        else:
            execution = _execute(delivery, worker)
        emit(execution.event())
        events.append(execution.event())
        if isinstance(execution.answer, Leave):
            failed.append(delivery.message_id)
            _show_again(delivery, execution.answer, ports)
            if delivery.group is not None:
                broken_groups.add(delivery.group)
    # one message can be in an event twice: a standard queue may deliver it again at any time
    return BatchReport(tuple(dict.fromkeys(failed)), tuple(events))


def _deliveries(event: Mapping[str, Any], ports: Ports) -> list[Delivery]:
    try:
        records: Sequence[Mapping[str, Any]] = event["Records"]
        return [
            Delivery.from_record(record, ports.settings.queue_of_arn(record["eventSourceARN"])) for record in records
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise PenstockError(f"this is no SQS event: {error!r} in {str(event)[:200]!r}") from error


def _shorten_visibility(deliveries: Sequence[Delivery], ports: Ports, invocation: Invocation) -> None:
    lease = invocation.lease()
    if not deliveries or lease <= LONG_INVOCATION_SECONDS:
        return
    until = int(lease) + _AFTER_A_CRASH_SECONDS
    _change(deliveries[0].queue, {delivery.receipt_handle: until for delivery in deliveries}, ports)


def _execute(delivery: Delivery, worker: Worker) -> Execution:
    try:
        return execute(delivery, worker)
    except Exception as error:  # a bug of ours must not fail the neighbours, whose work is done
        logger.exception("message %s met a bug in Penstock", delivery.message_id)
        reason = describe(error, "").message
        return Execution(delivery, owner="").end(come_back_later(delivery), "LEFT", f"{type(error).__name__}: {reason}")


def _hand_back(delivery: Delivery, reason: str) -> Execution:
    return Execution(delivery, owner="").end(Leave(0), "HANDED_BACK", reason)


def _show_again(delivery: Delivery, answer: Leave, ports: Ports) -> None:
    if answer.visibility is not None:
        _change(delivery.queue, {delivery.receipt_handle: answer.visibility}, ports)


def _change(queue: str, seconds: Mapping[str, int], ports: Ports) -> None:
    try:
        ports.transport.change_visibility(queue, seconds)
    except PenstockError as error:  # the queue's own timeout applies: later, but not lost
        logger.warning("the visibility timeout of %d messages was not changed: %s", len(seconds), error)
