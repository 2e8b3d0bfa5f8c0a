"""Run as a process of its own: a worker's handler over in-memory ports, with the environment that Terraform plans for it.

``python worker_run.py QUEUE OUTCOME NUMBER ...``: a batch for each outcome and number, announced by a line of its own.
"""

import json
import sys
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from penstock import Penstock, Reject, memory
from penstock.aws import lambda_handler
from penstock.errors import Unavailable
from penstock.local.sqs_event import event, record
from penstock.memory import ManualClock
from penstock.settings import Settings

CONTEXT = SimpleNamespace(
    aws_request_id="request-1",
    function_name="worker",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:worker",
    get_remaining_time_in_millis=lambda: 45_000,
)
clock = ManualClock()
settings = Settings.load()
queue, *batches = sys.argv[1:]
arn = f"arn:aws:sqs:eu-central-1:123456789012:{settings.queue(queue).physical_name}"
tasks = Penstock()


class Away:
    """A table that does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable("DynamoDB does not answer")


@tasks.task(queue=queue, time_limit=1, max_attempts=1)
def turn_out(outcome: str) -> None:
    clock.advance(0.2)
    if outcome == "DEAD":
        raise Reject("no")


for outcome, number in zip(batches[::2], batches[1::2], strict=True):
    ports = replace(memory.ports(settings.queues, clock=clock), settings=settings)
    tasks.connect(ports)
    for group in range(int(number)):  # on a FIFO queue the first failure of a group hands the rest of it back
        turn_out.using(group=f"group-{group}").enqueue(outcome)
    messages = ports.transport.receive(queue, max_messages=10)
    if outcome == "UNAVAILABLE":
        tasks.connect(replace(ports, results=Away()))
    print(json.dumps({"batch": f"{outcome} {number}"}), flush=True)
    lambda_handler(tasks)(event(record(message, arn) for message in messages), CONTEXT)
