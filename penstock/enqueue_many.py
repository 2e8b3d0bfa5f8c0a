"""Enqueueing many calls: ten messages a request, complete before it returns."""

from collections.abc import Iterator, Sequence

from penstock.enqueue import MAX_MESSAGE_BYTES, SEND_TRIES, Accepted, Prepared, pause, prepare, record, size_of
from penstock.envelope import Envelope
from penstock.errors import AccessRefused, PenstockError, Unavailable
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


def enqueue_many(ports: Ports, calls: Sequence[Call]) -> list[Accepted | PenstockError]:
    """Enqueue all calls; for each what was accepted, or why not.

    What can be refused before the first send is raised before it: then nothing was sent at all.
    """
    outcomes: dict[int, Accepted | PenstockError] = {}
    waiting: list[_Sending] = []
    for index, call in enumerate(calls):
        prepared = prepare(ports, call)
        if isinstance(prepared, Accepted):
            outcomes[index] = prepared
        else:
            waiting.append(_Sending(index, prepared))
    for attempt in range(SEND_TRIES):
        if attempt and waiting:
            pause(attempt, ports)
        for batch in _batches(waiting, ports):
            _send(batch, ports)
        done = [sending for sending in waiting if not isinstance(sending.refusal, Unavailable)]
        outcomes |= {sending.index: _outcome(sending, ports) for sending in done}
        waiting = [sending for sending in waiting if isinstance(sending.refusal, Unavailable)]
    outcomes |= {sending.index: _outcome(sending, ports) for sending in waiting}
    return [outcomes[index] for index in range(len(calls))]


def _outcome(sending: _Sending, ports: Ports) -> Accepted | PenstockError:
    if sending.refusal is not None:
        return sending.refusal
    try:
        return record(sending.prepared, sending.sends, ports)
    except PenstockError as conflict:  # another enqueue took the caller's task id for other work at this very moment
        return conflict


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
