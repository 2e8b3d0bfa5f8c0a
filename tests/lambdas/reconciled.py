"""Run as a process of its own: the reconciler's function over in-memory ports, after SQS has buried a task unrun."""

import json
import sys
from types import SimpleNamespace

from penstock import Penstock
from penstock.aws import reconciler_handler
from penstock.memory import ManualClock, ports

tasks = Penstock()


@tasks.task
def greet(name: str) -> str:
    return f"hello {name}"


clock = ManualClock()
tasks.connect(ports(clock=clock))
greeted = greet.enqueue("Ada")
for _ in range(11):  # ten receives without an answer, as under a throttled function; the next one buries the message
    tasks.ports.transport.receive("default", max_messages=1)
    clock.advance(3_600)
handler = reconciler_handler(tasks)
context = SimpleNamespace(
    aws_request_id="request-1",
    function_name="penstock-reconciler",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:penstock-reconciler",
)
answer = handler({"source": "aws.scheduler"}, context)
sys.stdout.flush()
print(json.dumps({"answer": answer, "status": greeted.refresh().status}))
