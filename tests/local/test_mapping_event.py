"""The event that Lambda makes of SQS messages."""

from datetime import UTC, datetime

from msgspec.structs import replace

from penstock.delivery import Delivery
from penstock.local.sqs_event import event, record
from penstock.ports import ReceivedMessage

ARN = "arn:aws:sqs:eu-central-1:123456789012:penstock-local-default"
MESSAGE = ReceivedMessage(
    message_id="059f36b4-87a3-44ab-83d2-661975830a7d",
    receipt_handle="AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
    body="Test message.",
    sent_at=datetime(2018, 8, 31, 18, 16, 19, 637000, tzinfo=UTC),
    first_received_at=datetime(2018, 8, 31, 18, 16, 19, 649000, tzinfo=UTC),
    receive_count=3,
)


def test_a_record_has_the_shape_that_aws_documents() -> None:
    assert record(MESSAGE, ARN) == {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": "Test message.",
        "attributes": {
            "ApproximateReceiveCount": "3",
            "SentTimestamp": "1535739379637",
            "SenderId": "AIDALOCALLOCALLOCAL00",
            "ApproximateFirstReceiveTimestamp": "1535739379649",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "eu-central-1",
    }


def test_a_group_and_a_deduplication_id_are_attributes() -> None:
    attributes = record(replace(MESSAGE, group="g", deduplication_id="d"), ARN)["attributes"]
    assert (attributes["MessageGroupId"], attributes["MessageDeduplicationId"]) == ("g", "d")


def test_message_attributes_are_strings_in_lambdas_own_shape() -> None:
    assert record(replace(MESSAGE, attributes={"tenant": "x"}), ARN)["messageAttributes"] == {
        "tenant": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    }


def test_the_trace_header_is_an_attribute_of_sqs() -> None:
    traced = record(replace(MESSAGE, attributes={"AWSTraceHeader": "Root=1-5"}), ARN)
    assert (traced["attributes"]["AWSTraceHeader"], traced["messageAttributes"]) == ("Root=1-5", {})


def test_a_delivery_reads_a_record_back() -> None:
    delivery = Delivery.from_record(record(MESSAGE, ARN), "default")
    assert (delivery.sent_at, delivery.receive_count) == (MESSAGE.sent_at, 3)


def test_an_event_keeps_the_order_of_its_records() -> None:
    assert event([{"messageId": "1"}, {"messageId": "2"}]) == {"Records": [{"messageId": "1"}, {"messageId": "2"}]}
