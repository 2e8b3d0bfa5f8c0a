"""Run as a process of its own: a worker's handler over in-memory ports, once, with everything it writes on stdout.

Its argument, if it has one, is how many milliseconds the invocation has left.
"""

import json
import logging
import sys
import time
from types import SimpleNamespace

from penstock import Penstock, Reject
from penstock.aws import lambda_handler
from penstock.memory import ports
from penstock.ports import OutgoingMessage, ReceivedMessage
from penstock.versions import latest

tasks = Penstock()


@tasks.task(record=False)
def greet(name: str) -> str:
    logging.getLogger("somebody.else").info("greeting %s", name)
    time.sleep(0.002)
    return f"hello {name}"


@tasks.task
def refuse() -> None:
    raise Reject("no\nway \x1b[31m")


def record(message: ReceivedMessage) -> dict[str, object]:
    sent_at = str(int(message.sent_at.timestamp() * 1000))
    return {
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receive_count), "SentTimestamp": sent_at},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:default",
    }


tasks.connect(ports())
handler = lambda_handler(tasks)
greeted, refused = greet.enqueue("Ada"), refuse.enqueue()
transport = tasks.ports.transport
transport.send(OutgoingMessage("default", "not ours"))
context = SimpleNamespace(
    aws_request_id="request-1",
    function_name="penstock-worker",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:penstock-worker",
    get_remaining_time_in_millis=lambda: int([*sys.argv, "45000"][1]),
)
messages = transport.receive("default", max_messages=10)
answer = handler({"Records": [record(message) for message in messages]}, context)
bodies = {message.message_id: message.body for message in messages}
failed = [bodies[failure["itemIdentifier"]] for failure in answer["batchItemFailures"]]
sys.stdout.flush()
ids = {"greeted": greeted.id, "refused": refused.id}
workers = [(worker.queue, worker.kind, worker.version) for worker in latest(tasks.ports)]
statuses = [result.refresh().status for result in (greeted, refused) if workers]
print(json.dumps({"failed": failed, "ids": ids, "statuses": statuses, "workers": workers}))
