"""A worker: what Lambda does for a function on a queue, in one process. Nobody ends it at the function's timeout."""

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.errors import PenstockError
from penstock.local import sqs_event
from penstock.local.batch_answer import judge
from penstock.local.runtime import LambdaContext
from penstock.ports import ReceivedMessage, Transport
from tests.kills.user_code import here

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]

QUEUE = "default"
BATCH_SIZE = 2
FUNCTION_TIMEOUT = 5  # seconds: two runs, the margin of two seconds that the library wants, and one
# The least that Lambda takes, and not six times that: a message comes back in seconds, while its lease may still be alive.
VISIBILITY_TIMEOUT = FUNCTION_TIMEOUT
_LEASE_SECONDS = FUNCTION_TIMEOUT + 1  # a second longer than the invocation, by the protocol
_PAUSE_SECONDS = 0.2  # where nothing is visible


def serve(transport: Transport, handler: Handler, source_arn: str) -> None:
    """Receive, invoke, delete what did not fail; for ever. A call that was lost is as for Lambda: the message comes back."""
    while True:
        try:
            messages = transport.receive(QUEUE, max_messages=BATCH_SIZE)
            if messages:
                transport.delete(QUEUE, _done(messages, handler, source_arn))
                continue
        except PenstockError as error:
            print(f"worker: {error}", flush=True)
        time.sleep(_PAUSE_SECONDS)


def context(name: str) -> LambdaContext:
    """What Lambda tells a handler about an invocation that begins now."""
    return LambdaContext(
        aws_request_id=str(uuid.uuid4()),
        function_name=name,
        function_version="$LATEST",
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        memory_limit_in_mb="512",
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name="kills",
        deadline=time.monotonic() + FUNCTION_TIMEOUT,
    )


def _done(messages: Sequence[ReceivedMessage], handler: Handler, source_arn: str) -> list[str]:
    here.lease_until = time.time() + _LEASE_SECONDS
    event = sqs_event.event(sqs_event.record(message, source_arn) for message in messages)
    answer = json.dumps(handler(event, context("worker")))
    failed = judge(answer, [message.message_id for message in messages]).failed
    return [message.receipt_handle for message in messages if message.message_id not in failed]
