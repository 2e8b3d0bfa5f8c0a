"""Which task is it, is there time for it, and with which arguments?

What is not ours never runs, and is burned into the dead-letter queue.
"""

from datetime import timedelta

from msgspec.structs import replace

from penstock import arguments
from penstock.envelope import Envelope, Pointer
from penstock.errors import (
    AccessRefused,
    ArgumentsLost,
    ConfigurationError,
    MalformedEnvelope,
    PenstockError,
    Unavailable,
    UnknownTask,
    UnsupportedVersion,
)
from penstock.execution.value import Execution, Leave, Worker, come_back_later, insist, known
from penstock.telemetry import logger


def resolve(x: Execution, worker: Worker) -> Execution:
    """Read the envelope and find the task."""
    try:
        envelope = Envelope.from_json(x.delivery.body)
    except MalformedEnvelope as error:
        return x.end(Leave(0), "MALFORMED", str(error))
    except UnsupportedVersion as error:
        return x.end(come_back_later(x.delivery), "UNKNOWN", str(error))
    x = replace(x, envelope=envelope)
    try:
        return replace(x, task=worker.registry[envelope.task])
    except UnknownTask as error:  # a deploy may be under way: give it time
        return x.end(come_back_later(x.delivery), "UNKNOWN", str(error))


# What an invocation needs beside user code: two writes to the table and the answer.
TIME_MARGIN_SECONDS = 2.0


def check_time(x: Execution, worker: Worker) -> Execution:
    """Hand the message back untouched if the rest of the invocation is shorter than the task's whole time limit."""
    if worker.invocation.remaining() < known(x.task).options.time_limit + TIME_MARGIN_SECONDS:
        return x.end(Leave(0), "HANDED_BACK", "this invocation has not enough time left")
    return x


# The payload bucket forgets arguments some weeks after they were put there. A message that was redriven or retried by hand
# starts its own time anew, so they must too; a first send is never this late.
RENEWED_AFTER = timedelta(days=1)


def fetch(x: Execution, worker: Worker) -> Execution:
    """Have the arguments at hand before the claim, so that S3 being away costs no attempt.

    What is lost for good goes on, to be claimed and settled. A burned delivery of a DEAD task fetches too: to know better
    would take a read of the row before every claim.
    """
    envelope, ports = known(x.envelope), worker.ports
    pointer = envelope.arguments
    if pointer is None:
        return replace(x, arguments=(envelope.args, envelope.kwargs))
    try:
        content = insist(lambda: arguments.fetch(pointer, ports.payloads), ports)
        x = replace(x, arguments=arguments.read(pointer, content))
    except (Unavailable, AccessRefused, ConfigurationError) as error:
        return x.end(come_back_later(x.delivery), "UNAVAILABLE", str(error))
    except ArgumentsLost as error:
        return replace(x, arguments=error)
    if x.delivery.sent_at - envelope.created_at > RENEWED_AFTER:
        _renew(pointer, content, worker)
    return check_time(x, worker)  # fetching took some of it


def _renew(pointer: Pointer, content: bytes, worker: Worker) -> None:
    payloads = known(worker.ports.payloads)
    try:
        payloads.put(pointer.key, content)
    except PenstockError as error:
        logger.warning(
            "the arguments under %s could not be renewed, and may go before their task: %s", pointer.key, error
        )
