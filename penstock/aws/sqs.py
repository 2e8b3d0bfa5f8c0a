"""The queues on Amazon SQS."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock.aws import sqs_attributes, sqs_redrive
from penstock.aws.errors import calling, field_of, refusal
from penstock.errors import PenstockError, Unavailable
from penstock.ports import OutgoingMessage, QueueAttributes, QueueDepth, ReceivedMessage, RedriveStatus
from penstock.settings import Settings, dead_letter_queue
from penstock.times import from_epoch_milliseconds

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        BatchResultErrorEntryTypeDef,
        MessageTypeDef,
        ReceiveMessageRequestTypeDef,
        SendMessageBatchRequestEntryTypeDef,
        SendMessageRequestTypeDef,
    )

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_BATCH = 10


class SqsTransport:
    """A ``Transport`` over the queues that ``settings`` name.

    ``patient`` gives the client for receives that wait: one whose read timeout is longer. ``client`` itself if None.
    """

    def __init__(
        self, client: "SQSClient", settings: Settings, *, patient: "Callable[[], SQSClient] | None" = None
    ) -> None:
        self._sqs = client
        self._patient = patient or (lambda: client)
        self._settings = settings

    def send(self, message: OutgoingMessage) -> str:
        """SendMessage, once; the MessageId."""
        url = self._settings.url(message.queue)
        request: SendMessageRequestTypeDef = _entry(message) | {"QueueUrl": url}
        with calling("SQS SendMessage", url):
            answer = self._sqs.send_message(**request)
        return str(field_of(answer, "MessageId", "SQS SendMessage", url))

    def send_many(self, messages: Sequence[OutgoingMessage]) -> list[str | PenstockError]:
        """SendMessageBatch, which can fail in part with HTTP 200."""
        url = self._settings.url(messages[0].queue)
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            _entry(message) | {"Id": str(index)} for index, message in enumerate(messages)
        ]
        with calling("SQS SendMessageBatch", url):
            answer = self._sqs.send_message_batch(QueueUrl=url, Entries=entries)
        outcomes: dict[str, str | PenstockError] = {
            entry["Id"]: entry["MessageId"] for entry in answer.get("Successful", [])
        }
        for failed in answer.get("Failed", []):
            outcomes[failed["Id"]] = _entry_error("SQS SendMessageBatch", url, failed)
        silent = Unavailable(f"SQS SendMessageBatch on {url} said nothing of this entry")
        return [outcomes.get(entry["Id"], silent) for entry in entries]

    def receive(
        self, queue: str, *, max_messages: int, visibility_timeout: int | None = None, wait: int = 0
    ) -> list[ReceivedMessage]:
        """ReceiveMessage; SQS may give fewer than there are, even none."""
        url = self._settings.url(queue)
        request: ReceiveMessageRequestTypeDef = {
            "QueueUrl": url,
            "MaxNumberOfMessages": max_messages,
            "WaitTimeSeconds": wait,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        if visibility_timeout is not None:
            request["VisibilityTimeout"] = visibility_timeout
        with calling("SQS ReceiveMessage", url):
            answer = (self._patient() if wait else self._sqs).receive_message(**request)
        return [_received(message) for message in answer.get("Messages", [])]

    def delete(self, queue: str, receipt_handles: Sequence[str]) -> None:
        """DeleteMessageBatch, ten at a time."""
        url = self._settings.url(queue)
        failed: list[BatchResultErrorEntryTypeDef] = []
        for chunk in _chunks(receipt_handles):
            with calling("SQS DeleteMessageBatch", url):
                answer = self._sqs.delete_message_batch(
                    QueueUrl=url,
                    Entries=[{"Id": str(index), "ReceiptHandle": handle} for index, handle in enumerate(chunk)],
                )
            failed += answer.get("Failed", [])
        _raise_first("SQS DeleteMessageBatch", url, failed)

    def change_visibility(self, queue: str, seconds: Mapping[str, int]) -> None:
        """ChangeMessageVisibilityBatch, ten at a time; entries that can be carried out are, before an error is raised."""
        url = self._settings.url(queue)
        failed: list[BatchResultErrorEntryTypeDef] = []
        for chunk in _chunks(list(seconds)):
            with calling("SQS ChangeMessageVisibilityBatch", url):
                answer = self._sqs.change_message_visibility_batch(
                    QueueUrl=url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": seconds[handle]}
                        for index, handle in enumerate(chunk)
                    ],
                )
            failed += answer.get("Failed", [])
        _raise_first("SQS ChangeMessageVisibilityBatch", url, failed)

    def depth(self, queue: str) -> QueueDepth:
        """SQS's three approximate numbers."""
        return sqs_attributes.depth(self._sqs, self._settings.url(queue))

    def attributes(self, queue: str) -> QueueAttributes:
        """GetQueueAttributes of everything."""
        return sqs_attributes.attributes(self._sqs, self._settings.url(queue))

    def redrive(self, queue: str, *, rate: int | None = None) -> int | None:
        """StartMessageMoveTask from the dead-letter queue: None, for SQS moves them in the background.

        Where the host does not know that operation (emulators) they are moved here, and counted.
        """
        dead_letter_url = self._settings.url(dead_letter_queue(queue))
        if sqs_redrive.start_move_task(self._sqs, dead_letter_url, rate):
            return None
        return sqs_redrive.move_by_hand(self._sqs, dead_letter_url, self._settings.url(queue))

    def redrive_status(self, queue: str) -> RedriveStatus | None:
        """The newest of ListMessageMoveTasks; None also where the host does not know that operation."""
        task = sqs_redrive.last_move_task(self._sqs, self._settings.url(dead_letter_queue(queue)))
        if task is None:
            return None
        return RedriveStatus(
            state=task["Status"],
            moved=task.get("ApproximateNumberOfMessagesMoved", 0),
            to_move=task.get("ApproximateNumberOfMessagesToMove"),
            failure=task.get("FailureReason", ""),
        )

    def cancel_redrive(self, queue: str) -> bool:
        """CancelMessageMoveTask, if one is running."""
        url = self._settings.url(dead_letter_queue(queue))
        task = sqs_redrive.last_move_task(self._sqs, url)
        if task is None or "TaskHandle" not in task or task["Status"] != "RUNNING":
            return False
        with calling("SQS CancelMessageMoveTask", url):
            self._sqs.cancel_message_move_task(TaskHandle=task["TaskHandle"])
        return True

    def purge(self, queue: str) -> None:
        """PurgeQueue, which SQS allows once a minute: Unavailable if it was too soon."""
        url = self._settings.url(queue)
        with calling("SQS PurgeQueue", url):
            self._sqs.purge_queue(QueueUrl=url)


def _entry(message: OutgoingMessage) -> Any:
    """What SendMessage and an entry of SendMessageBatch have in common."""
    entry: dict[str, Any] = {"MessageBody": message.body}
    if message.delay:  # even a delay of 0 overrides the queue's own, and a FIFO queue takes none at all
        entry["DelaySeconds"] = message.delay
    if message.group is not None:
        entry["MessageGroupId"] = message.group
    if message.deduplication_id is not None:
        entry["MessageDeduplicationId"] = message.deduplication_id
    if message.attributes:
        entry["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        }
    return entry


def _received(message: "MessageTypeDef") -> ReceivedMessage:
    system = message["Attributes"]
    return ReceivedMessage(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message["Body"],
        sent_at=from_epoch_milliseconds(int(system["SentTimestamp"])),
        first_received_at=from_epoch_milliseconds(int(system["ApproximateFirstReceiveTimestamp"])),
        receive_count=int(system["ApproximateReceiveCount"]),
        group=system.get("MessageGroupId"),
        deduplication_id=system.get("MessageDeduplicationId"),
        attributes={
            name: value["StringValue"]
            for name, value in message.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )


def _chunks(handles: Sequence[str]) -> Iterable[Sequence[str]]:
    return (handles[start : start + MAX_BATCH] for start in range(0, len(handles), MAX_BATCH))


def _raise_first(operation: str, url: str, failed: "list[BatchResultErrorEntryTypeDef]") -> None:
    # A batch answers 200 with failures inside.
    for entry in failed:
        if _is_stale_handle(entry):
            continue
        raise _entry_error(operation, url, entry)


def _entry_error(operation: str, url: str, entry: "BatchResultErrorEntryTypeDef") -> PenstockError:
    code, message = entry["Code"], entry.get("Message", "")
    if not entry["SenderFault"]:
        return Unavailable(f"{operation} on {url} failed in part ({code}: {message:.200}): try again later")
    return refusal(operation, url, code, message)


def _is_stale_handle(entry: "BatchResultErrorEntryTypeDef") -> bool:
    # SQS says "Value AQ... for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for
    # visibility timeout change" with the code that it also gives to timeouts out of range.
    code = entry["Code"].rpartition(".")[2]
    return code in ("ReceiptHandleIsInvalid", "MessageNotInflight") or (
        code == "InvalidParameterValue" and "parameter ReceiptHandle" in entry.get("Message", "")
    )
