"""From the dead-letter queue back to its queue: by SQS itself, or by hand where the host cannot."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from penstock.aws.errors import calling, code_of
from penstock.aws.sqs_attributes import depth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef, MessageTypeDef

T = TypeVar("T")

_BATCH = 10
_VISIBILITY_SECONDS = 30  # how long a message that could not be sent stays hidden in the dead-letter queue


def start_move_task(sqs: "SQSClient", dead_letter_url: str, rate: int | None = None) -> bool:
    """Let SQS move everything back to where it came from; False if the host does not know StartMessageMoveTask."""
    arn = _arn(sqs, dead_letter_url)
    limit: Any = {} if rate is None else {"MaxNumberOfMessagesPerSecond": rate}
    with calling("SQS StartMessageMoveTask", arn):
        return _unless_unknown(lambda: sqs.start_message_move_task(SourceArn=arn, **limit)) is not None


def last_move_task(sqs: "SQSClient", dead_letter_url: str) -> "ListMessageMoveTasksResultEntryTypeDef | None":
    """The newest move task of a dead-letter queue; None if there was none, or the host does not know them."""
    arn = _arn(sqs, dead_letter_url)
    with calling("SQS ListMessageMoveTasks", arn):
        answer = _unless_unknown(lambda: sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1))
    tasks = answer["Results"] if answer is not None and "Results" in answer else []
    return tasks[0] if tasks else None


def _arn(sqs: "SQSClient", url: str) -> str:
    with calling("SQS GetQueueAttributes", url):
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _unless_unknown(call: Callable[[], T]) -> T | None:
    """The answer of ``call``; None if the host does not know the operation."""
    try:
        return call()
    except NotImplementedError:  # moto in this very process
        return None
    except ClientError as error:
        if not _is_unknown_operation(error):
            raise
        return None


def move_by_hand(sqs: "SQSClient", dead_letter_url: str, url: str) -> int:
    """Receive, send, and delete only what was sent; how many were moved.

    Whatever happens in between, a message is in one of the queues, or for a moment in both: the claim lets only one run.
    At most as many as are visible at the start: a message that dies again meanwhile is not moved twice.
    """
    left = depth(sqs, dead_letter_url).visible
    moved = 0
    while left > 0:
        with calling("SQS ReceiveMessage", dead_letter_url):
            messages = sqs.receive_message(
                QueueUrl=dead_letter_url,
                MaxNumberOfMessages=min(_BATCH, left),
                VisibilityTimeout=_VISIBILITY_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        if not messages:
            break
        for message in messages:
            with calling("SQS SendMessage", url):
                sqs.send_message(**_same_message(message, url))
            with calling("SQS DeleteMessage", dead_letter_url):
                sqs.delete_message(QueueUrl=dead_letter_url, ReceiptHandle=message["ReceiptHandle"])
        moved += len(messages)
        left -= len(messages)
    return moved


def _same_message(message: "MessageTypeDef", url: str) -> Any:
    system = message["Attributes"]
    request: dict[str, Any] = {"QueueUrl": url, "MessageBody": message["Body"]}
    if "MessageAttributes" in message:
        request["MessageAttributes"] = {
            name: {key: value[key] for key in ("DataType", "StringValue", "BinaryValue") if key in value}
            for name, value in message["MessageAttributes"].items()
        }
    if "AWSTraceHeader" in system:
        trace = {"DataType": "String", "StringValue": system["AWSTraceHeader"]}
        request["MessageSystemAttributes"] = {"AWSTraceHeader": trace}
    if "MessageGroupId" in system:
        request["MessageGroupId"] = system["MessageGroupId"]
    if url.endswith(".fifo"):
        # Not the old one, for the queue may still remember it; the dead letter's own, so that a second try repeats this one.
        request["MessageDeduplicationId"] = message["MessageId"]
    return request


def _is_unknown_operation(error: ClientError) -> bool:
    # ministack answers InvalidAction. A moto server answers with Werkzeug's page for status 500; AWS never answers in HTML.
    if code_of(error) in ("InvalidAction", "UnknownOperation", "UnknownOperationException", "NotImplemented"):
        return True
    headers: Mapping[str, str] = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("server", "").startswith("Werkzeug") and headers.get("content-type", "").startswith("text/html")
