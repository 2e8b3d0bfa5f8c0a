"""Which task is it, and is there time for it? What is not ours never runs, and is burned into the dead-letter queue."""

from msgspec.structs import replace

from penstock.envelope import Envelope
from penstock.errors import MalformedEnvelope, UnknownTask, UnsupportedVersion
from penstock.execution.value import Execution, Leave, Worker, come_back_later, known


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
