"""Enqueueing many calls: ten messages a request, complete before it returns."""

from collections.abc import Iterator, Sequence

from penstock.enqueue import (
    MAX_MESSAGE_BYTES,
    SEND_TRIES,
    Accepted,
    Prepared,
    may_try_again,
    pause,
    prepare,
    record,
    size_of,
    store,
)
from penstock.envelope import Envelope
from penstock.errors import AccessRefused, FailedCall, PenstockError, TaskIdConflict, Unavailable
from penstock.ports import OutgoingMessage, Ports
from penstock.task import Call

MAX_BATCH = 10  # entries a request; together they may have the size of one message


class _Sending:
    """One prepared call on its way: every physical send of it, and why the last one was not taken."""

    def __init__(self, index: int, prepared: Prepared) -> None:
        self.index = index
        self.prepared = prepared
        self.sends: list[Envelope] = []
        self.refusal: PenstockError | None = None

    def next_message(self, send_id: str) -> OutgoingMessage:
        self.sends.append(self.prepared.envelope.resent(send_id))
        return self.prepared.message(self.sends[-1])


def enqueue_many(ports: Ports, calls: Sequence[Call]) -> list[Accepted | FailedCall]:
    """Enqueue all calls; for each what was accepted, or that and why it was not confirmed.

    What can be refused before the first send is raised before it: then nothing was sent at all.
    """
    outcomes: dict[int, Accepted | FailedCall] = {}
    waiting: list[_Sending] = []
    first: dict[str, _Sending] = {}
    again: dict[int, int] = {}
    for index, call in enumerate(calls):
        prepared = prepare(ports, call)
        if isinstance(prepared, Accepted):
            outcomes[index] = prepared
        elif (same := first.get(prepared.envelope.id)) is not None:
            _check_repetition(same.prepared.envelope, prepared.envelope)
            again[index] = same.index
        else:
            waiting.append(_Sending(index, prepared))
            first[prepared.envelope.id] = waiting[-1]
    for sending in waiting:  # all of them before the first send
        store(sending.prepared, ports, ports.clock())
    for attempt in range(SEND_TRIES):
        started = ports.clock()
        for batch in _batches(waiting, ports):
            _send(batch, ports)
        done = [sending for sending in waiting if not isinstance(sending.refusal, Unavailable)]
        outcomes |= {sending.index: _outcome(sending, ports) for sending in done}
        waiting = [sending for sending in waiting if isinstance(sending.refusal, Unavailable)]
        if not waiting or not may_try_again(started, ports):
            break
        pause(attempt, ports)
    outcomes |= {sending.index: _outcome(sending, ports) for sending in waiting}
    outcomes |= {index: _repeated(index, outcomes[original]) for index, original in again.items()}
    return [outcomes[index] for index in range(len(calls))]


def _check_repetition(one: Envelope, other: Envelope) -> None:
    if one.arguments_sha256() != other.arguments_sha256():
        raise TaskIdConflict(
            f"task id {one.id!r} stands twice in the list, for {one.task} and {other.task} with other arguments: "
            "one id names one piece of work"
        )


def _repeated(number: int, outcome: Accepted | FailedCall) -> Accepted | FailedCall:
    if isinstance(outcome, FailedCall):
        return outcome._replace(number=number)
    return Accepted(outcome.row, created=False)


def _outcome(sending: _Sending, ports: Ports) -> Accepted | FailedCall:
    task_id = sending.prepared.envelope.id
    if sending.refusal is not None:
        uncertain = len(sending.sends) > 1 or isinstance(sending.refusal, Unavailable)
        return FailedCall(sending.index, task_id, str(sending.refusal), uncertain)
    try:
        return record(sending.prepared, sending.sends, ports)
    except TaskIdConflict as conflict:  # another enqueue took the caller's task id for other work at this very moment
        return FailedCall(sending.index, task_id, str(conflict), uncertain=False)


def _batches(waiting: Sequence[_Sending], ports: Ports) -> Iterator[list[tuple[_Sending, OutgoingMessage]]]:
    """Groups of one queue, of at most ten messages and the size of one message together."""
    queues: dict[str, list[_Sending]] = {}
    for sending in waiting:
        queues.setdefault(sending.prepared.queue.name, []).append(sending)
    for of_a_queue in queues.values():
        batch: list[tuple[_Sending, OutgoingMessage]] = []
        size = 0
        for sending in of_a_queue:
            message = sending.next_message(ports.random.token())
            bytes_more = size_of(message)
            if batch and (len(batch) == MAX_BATCH or size + bytes_more > MAX_MESSAGE_BYTES):
                yield batch
                batch, size = [], 0
            batch.append((sending, message))
            size += bytes_more
        yield batch


def _send(batch: list[tuple[_Sending, OutgoingMessage]], ports: Ports) -> None:
    try:
        answers = ports.transport.send_many([message for _, message in batch])
    except (Unavailable, AccessRefused) as error:  # of the whole request
        answers = [error] * len(batch)
    for (sending, _), answer in zip(batch, answers, strict=True):
        sending.refusal = answer if isinstance(answer, PenstockError) else None
