"""What is the AWS adapters' own: errors, partial answers, the move task, clients, settings."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import boto3
import pytest
from botocore.config import Config
from botocore.stub import ANY, Stubber
from moto import mock_aws
from moto.server import ThreadedMotoServer
from mypy_boto3_cloudwatch import CloudWatchClient
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_lambda import LambdaClient
from mypy_boto3_sqs import SQSClient

from penstock import Penstock
from penstock.aws import connect
from penstock.aws.cloudwatch import REUSED_SECONDS, CloudWatchStats
from penstock.aws.connection import CLIENT_CONFIG, SystemRandom
from penstock.aws.dynamodb import DynamoResultStore
from penstock.aws.event_source_mappings import LambdaMappings
from penstock.aws.s3 import S3PayloadStore
from penstock.aws.sqs import SqsTransport
from penstock.errors import AccessRefused, ConfigurationError, NoMapping, Unavailable
from penstock.memory import ManualClock
from penstock.ports import OutgoingMessage, RedriveStatus
from penstock.settings import QueueSettings, Settings
from penstock.transitions import request_cancel
from penstock.watching import Mapping, Point

REGION = "eu-central-1"
URL = f"https://sqs.{REGION}.amazonaws.com/123456789012/somewhere-default"
SETTINGS = Settings(queues={"default": QueueSettings("default", URL)}, table="tasks", region=REGION)
UUID_1, UUID_2 = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MESSAGE = OutgoingMessage("default", "hello")
KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
ENVIRON = {
    "PENSTOCK_QUEUES": json.dumps({"default": {"url": URL}}),
    "PENSTOCK_TABLE": "tasks",
    "PENSTOCK_PAYLOAD_BUCKET": "payloads",
    "AWS_REGION": REGION,
}


@pytest.fixture(autouse=True)
def _nobodys_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable, file or metadata service of this machine says who we are."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PENSTOCK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def client(service: Any, **options: Any) -> Any:
    return boto3.session.Session(region_name=REGION, **KEYS).client(service, **{"config": CLIENT_CONFIG, **options})


@pytest.fixture
def sqs() -> SQSClient:
    sqs: SQSClient = client("sqs")
    return sqs


@pytest.fixture
def stubbed(sqs: SQSClient) -> Iterator[Stubber]:
    with Stubber(sqs) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def transport(sqs: SQSClient) -> SqsTransport:
    return SqsTransport(sqs, SETTINGS)


class TestNoAnswer:
    def test_a_refused_connection_is_unavailable(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        transport = SqsTransport(client("sqs", endpoint_url=f"http://127.0.0.1:{port}"), SETTINGS)
        with pytest.raises(Unavailable, match=r"SQS SendMessage on .*somewhere-default got no answer"):
            transport.send(MESSAGE)

    def test_silence_is_unavailable(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            impatient = CLIENT_CONFIG.merge(Config(read_timeout=0.05))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            results = DynamoResultStore(client("dynamodb", endpoint_url=url, config=impatient), "tasks")
            with pytest.raises(Unavailable, match=r"DynamoDB GetItem on tasks got no answer"):
                results.get("t")

    def test_an_error_of_the_server_is_unavailable_and_not_tried_again_behind_our_back(self) -> None:
        requests = []

        class Broken(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                requests.append(self.path)
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            with pytest.raises(Unavailable, match=r"503"):
                SqsTransport(client("sqs", endpoint_url=url), SETTINGS).send(MESSAGE)
            server.shutdown()
        assert len(requests) == 1

    def test_the_clients_give_up_well_within_ten_seconds(self) -> None:
        assert CLIENT_CONFIG.connect_timeout + CLIENT_CONFIG.read_timeout < 10  # type: ignore[attr-defined]


class TestRefusals:
    @pytest.mark.parametrize(
        "code", ["RequestThrottled", "ThrottlingException", "ProvisionedThroughputExceededException", "OverLimit"]
    )
    def test_throttling_is_unavailable(self, stubbed: Stubber, transport: SqsTransport, code: str) -> None:
        stubbed.add_client_error("send_message", code, http_status_code=400)
        with pytest.raises(Unavailable, match=code):
            transport.send(MESSAGE)

    @pytest.mark.parametrize("code", ["InternalError", "Whatever", "500"])
    def test_a_status_of_500_is_unavailable_whatever_the_code(
        self, stubbed: Stubber, transport: SqsTransport, code: str
    ) -> None:
        stubbed.add_client_error("send_message", code, http_status_code=500)
        with pytest.raises(Unavailable, match=code):
            transport.send(MESSAGE)

    @pytest.mark.parametrize(
        ("code", "advice"),
        [
            ("AccessDenied", "policy"),
            ("AccessDeniedException", "policy"),
            ("ExpiredToken", "fresh credentials"),
            ("InvalidClientTokenId", "AWS_PROFILE"),
            ("AWS.SimpleQueueService.NonExistentQueue", "PENSTOCK_QUEUES"),
            ("InvalidParameterValue", "refused again"),
            ("SomethingNew", "refused again"),
        ],
    )
    def test_a_no_names_operation_resource_and_remedy(
        self, stubbed: Stubber, transport: SqsTransport, code: str, advice: str
    ) -> None:
        stubbed.add_client_error("send_message", code, "the reason", http_status_code=403)
        with pytest.raises(AccessRefused) as caught:
            transport.send(MESSAGE)
        assert str(caught.value).startswith(
            f"SQS SendMessage on {URL} was refused: {code.rpartition('.')[2]}: the reason."
        )
        assert advice in str(caught.value)

    def test_no_credentials_are_refused_before_anything_is_sent(self) -> None:
        nobody = boto3.session.Session(region_name=REGION).client("sqs", config=CLIENT_CONFIG)
        with pytest.raises(AccessRefused, match=r"there are no AWS credentials. Give this process"):
            SqsTransport(nobody, SETTINGS).send(MESSAGE)

    def test_a_parameter_that_boto3_refuses_is_refused(self, transport: SqsTransport) -> None:
        with pytest.raises(AccessRefused, match=r"could not be sent: ParamValidationError"):
            transport.receive("default", max_messages="many")  # type: ignore[arg-type]

    @mock_aws
    def test_a_missing_queue_is_refused(self, transport: SqsTransport) -> None:
        with pytest.raises(AccessRefused, match=r"does not exist in this account and region.*PENSTOCK_QUEUES"):
            transport.send(MESSAGE)

    @mock_aws
    def test_a_missing_table_is_refused(self) -> None:
        with pytest.raises(AccessRefused, match=r"DynamoDB GetItem on tasks was refused.*PENSTOCK_TABLE"):
            DynamoResultStore(client("dynamodb"), "tasks").get("t")

    @mock_aws
    def test_a_missing_bucket_is_refused(self) -> None:
        with pytest.raises(
            AccessRefused, match=r"S3 PutObject on s3://payloads/key was refused.*PENSTOCK_PAYLOAD_BUCKET"
        ):
            S3PayloadStore(client("s3"), "payloads").put("key", b"")


def failed(code: str, message: str, *, sender_fault: bool) -> dict[str, Any]:
    entry = {"Id": "0", "Code": code, "Message": message, "SenderFault": sender_fault}
    return {"Successful": [], "Failed": [entry]}


@pytest.fixture
def dynamodb() -> DynamoDBClient:
    dynamodb: DynamoDBClient = client("dynamodb")
    return dynamodb


class TestResultStore:
    @mock_aws
    def test_a_transition_without_a_table_is_an_error_and_no_refusal(self, dynamodb: DynamoDBClient) -> None:
        with pytest.raises(AccessRefused, match=r"DynamoDB UpdateItem .request_cancel. on tasks was refused"):
            DynamoResultStore(dynamodb, "tasks").apply("t", request_cancel())

    def test_a_transition_that_dynamodb_throttles_is_unavailable(self, dynamodb: DynamoDBClient) -> None:
        with Stubber(dynamodb) as stubber:
            stubber.add_client_error("update_item", "ProvisionedThroughputExceededException", http_status_code=400)
            with pytest.raises(Unavailable, match=r"UpdateItem"):
                DynamoResultStore(dynamodb, "tasks").apply("t", request_cancel())

    def test_a_row_is_read_consistently(self, dynamodb: DynamoDBClient) -> None:
        key = {"task_id": {"S": "t"}, "item": {"S": "task"}}
        with Stubber(dynamodb) as stubber:
            stubber.add_response("get_item", {}, {"TableName": "tasks", "Key": key, "ConsistentRead": True})
            assert DynamoResultStore(dynamodb, "tasks").get("t") is None


class TestPartialAnswers:
    def test_a_failure_of_sqs_within_a_batch_is_unavailable(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_response("delete_message_batch", failed("InternalError", "oops", sender_fault=False))
        with pytest.raises(Unavailable, match=r"failed in part .InternalError: oops"):
            transport.delete("default", ["handle"])

    def test_later_batches_are_sent_before_an_entrys_failure_is_raised(
        self, stubbed: Stubber, transport: SqsTransport
    ) -> None:
        stubbed.add_response("delete_message_batch", failed("InternalError", "oops", sender_fault=False))
        stubbed.add_response("delete_message_batch", {"Successful": [], "Failed": []})
        with pytest.raises(Unavailable):
            transport.delete("default", [f"handle-{number}" for number in range(11)])

    def test_what_sqs_says_of_a_message_that_someone_else_holds_is_harmless(
        self, stubbed: Stubber, transport: SqsTransport
    ) -> None:
        message = (
            "Value AQEB for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for "
            "visibility timeout change."
        )
        answer = failed("InvalidParameterValue", message, sender_fault=True)
        stubbed.add_response("change_message_visibility_batch", answer)
        transport.change_visibility("default", {"handle": 0})

    def test_what_it_says_of_a_timeout_past_twelve_hours_is_not(
        self, stubbed: Stubber, transport: SqsTransport
    ) -> None:
        message = "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout is beyond"
        answer = failed("InvalidParameterValue", message, sender_fault=True)
        stubbed.add_response("change_message_visibility_batch", answer)
        with pytest.raises(AccessRefused, match=r"VisibilityTimeout"):
            transport.change_visibility("default", {"handle": 43_200})

    def test_keys_that_dynamodb_left_for_later_are_asked_for_again(self, dynamodb: DynamoDBClient) -> None:
        keys = [{"task_id": {"S": name}, "item": {"S": "task"}} for name in ("a", "b")]
        rows = [
            {
                **key,
                "status": {"S": "DEAD"},
                "task": {"S": "t"},
                "queue": {"S": "q"},
                "created_at": {"S": "2026-01-01T00:00:00Z"},
            }
            for key in keys
        ]
        with Stubber(dynamodb) as stubber:
            stubber.add_response("scan", {"Items": keys})
            unprocessed = {"tasks": {"Keys": [keys[1]], "ConsistentRead": True}}
            stubber.add_response("batch_get_item", {"Responses": {"tasks": [rows[0]]}, "UnprocessedKeys": unprocessed})
            stubber.add_response("batch_get_item", {"Responses": {"tasks": [rows[1]]}}, {"RequestItems": unprocessed})
            page = DynamoResultStore(dynamodb, "tasks").failures(limit=10)
        assert [row.task_id for row in page.rows] == ["a", "b"]

    def test_a_row_that_the_index_shows_twice_is_read_once(self, dynamodb: DynamoDBClient) -> None:
        key = {"task_id": {"S": "a"}, "item": {"S": "task"}}
        with Stubber(dynamodb) as stubber:
            stubber.add_response("scan", {"Items": [key, key]})
            request = {"RequestItems": {"tasks": {"Keys": [key], "ConsistentRead": True}}}
            stubber.add_response("batch_get_item", {"Responses": {"tasks": []}}, request)
            assert DynamoResultStore(dynamodb, "tasks").failures(limit=10).rows == []


class TestSendMany:
    MESSAGES = (OutgoingMessage("default", "a"), OutgoingMessage("default", "b"), OutgoingMessage("default", "c"))

    def test_it_is_one_request_with_an_entry_a_message(self, stubbed: Stubber, transport: SqsTransport) -> None:
        entries = [{"Id": str(n), "MessageBody": text} for n, text in enumerate("abc")]
        taken = [{"Id": str(n), "MessageId": f"m-{n}", "MD5OfMessageBody": "x"} for n in range(3)]
        expected = {"QueueUrl": URL, "Entries": entries}
        stubbed.add_response("send_message_batch", {"Successful": taken, "Failed": []}, expected)
        assert transport.send_many(self.MESSAGES) == ["m-0", "m-1", "m-2"]

    def test_an_answer_of_200_may_have_failures_inside(self, stubbed: Stubber, transport: SqsTransport) -> None:
        taken = [{"Id": "1", "MessageId": "m-1", "MD5OfMessageBody": "x"}]
        busy = {"Id": "0", "Code": "InternalError", "Message": "busy", "SenderFault": False}
        refused = {"Id": "2", "Code": "InvalidParameterValue", "Message": "DelaySeconds", "SenderFault": True}
        stubbed.add_response("send_message_batch", {"Successful": taken, "Failed": [refused, busy]})
        first, second, third = transport.send_many(self.MESSAGES)
        assert (type(first), second, type(third)) == (Unavailable, "m-1", AccessRefused)

    def test_an_entry_that_the_answer_does_not_name_may_be_sent_again(
        self, stubbed: Stubber, transport: SqsTransport
    ) -> None:
        stubbed.add_response("send_message_batch", {"Successful": [], "Failed": []})
        assert {type(answer) for answer in transport.send_many(self.MESSAGES)} == {Unavailable}

    def test_an_entry_says_what_sqs_said(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_response("send_message_batch", failed("InvalidParameterValue", "DelaySeconds", sender_fault=True))
        (answer,) = transport.send_many(self.MESSAGES[:1])
        assert "DelaySeconds" in str(answer)

    @pytest.mark.parametrize(
        ("code", "status", "error"),
        [
            ("InternalError", 500, Unavailable),
            ("RequestThrottled", 400, Unavailable),
            ("AccessDenied", 403, AccessRefused),
        ],
    )
    def test_a_request_that_fails_raises(
        self, stubbed: Stubber, transport: SqsTransport, code: str, status: int, error: type[Exception]
    ) -> None:
        stubbed.add_client_error("send_message_batch", code, http_status_code=status)
        with pytest.raises(error):
            transport.send_many(self.MESSAGES)


class TestPurge:
    def test_a_second_purge_within_a_minute_is_unavailable(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_client_error("purge_queue", "AWS.SimpleQueueService.PurgeQueueInProgress", http_status_code=403)
        with pytest.raises(Unavailable):
            transport.purge("default")


DEAD_LETTER_ARN = f"arn:aws:sqs:{REGION}:123456789012:somewhere-default-dlq"
MOVE = {
    "Status": "RUNNING",
    "TaskHandle": "h",
    "SourceArn": DEAD_LETTER_ARN,
    "ApproximateNumberOfMessagesMoved": 3,
    "ApproximateNumberOfMessagesToMove": 10,
}
LETTER = {
    "MessageId": "m",
    "ReceiptHandle": "r",
    "Body": "b",
    "Attributes": {"AWSTraceHeader": "Root=1", "MessageGroupId": "g"},
    "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": b"\x00"}},
}


def stub_depth(stubbed: Stubber, visible: int) -> None:
    depth = {
        "ApproximateNumberOfMessages": str(visible),
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
    }
    stubbed.add_response("get_queue_attributes", {"Attributes": depth})


class TestRedrive:
    @pytest.fixture(autouse=True)
    def _arn(self, request: pytest.FixtureRequest) -> None:
        if "stubbed" in request.fixturenames:
            stubbed = request.getfixturevalue("stubbed")
            stubbed.add_response("get_queue_attributes", {"Attributes": {"QueueArn": DEAD_LETTER_ARN}})

    def test_sqs_moves_the_messages_itself(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_response("start_message_move_task", {"TaskHandle": "h"}, {"SourceArn": DEAD_LETTER_ARN})
        assert transport.redrive("default") is None

    def test_sqs_is_told_the_rate(self, stubbed: Stubber, transport: SqsTransport) -> None:
        expected = {"SourceArn": DEAD_LETTER_ARN, "MaxNumberOfMessagesPerSecond": 50}
        stubbed.add_response("start_message_move_task", {"TaskHandle": "h"}, expected)
        assert transport.redrive("default", rate=50) is None

    def test_the_status_is_that_of_the_newest_move(self, stubbed: Stubber, transport: SqsTransport) -> None:
        expected = {"SourceArn": DEAD_LETTER_ARN, "MaxResults": 1}
        stubbed.add_response("list_message_move_tasks", {"Results": [MOVE]}, expected)
        status = transport.redrive_status("default")
        assert status == RedriveStatus("RUNNING", moved=3, to_move=10)
        assert status.is_running

    def test_a_move_that_failed_says_why(self, stubbed: Stubber, transport: SqsTransport) -> None:
        move = {"Status": "FAILED", "FailureReason": "AWS.SimpleQueueService.NonExistentQueue"}
        stubbed.add_response("list_message_move_tasks", {"Results": [move]})
        status = transport.redrive_status("default")
        assert status == RedriveStatus("FAILED", moved=0, failure="AWS.SimpleQueueService.NonExistentQueue")
        assert not status.is_running

    def test_where_nothing_was_ever_moved_there_is_no_status(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_response("list_message_move_tasks", {"Results": []})
        assert transport.redrive_status("default") is None

    @pytest.mark.parametrize("code", ["InvalidAction", "UnknownOperationException"])
    def test_where_the_operation_is_unknown_there_is_no_status(
        self, stubbed: Stubber, transport: SqsTransport, code: str
    ) -> None:
        stubbed.add_client_error("list_message_move_tasks", code)
        assert transport.redrive_status("default") is None

    def test_a_status_that_is_refused_is_no_word_that_nothing_moves(
        self, stubbed: Stubber, transport: SqsTransport
    ) -> None:
        stubbed.add_client_error("list_message_move_tasks", "AccessDenied", http_status_code=403)
        with pytest.raises(AccessRefused):
            transport.redrive_status("default")

    def test_a_running_move_is_cancelled_by_its_handle(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_response("list_message_move_tasks", {"Results": [MOVE]})
        stubbed.add_response("cancel_message_move_task", {}, {"TaskHandle": "h"})
        assert transport.cancel_redrive("default") is True

    @pytest.mark.parametrize("state", ["COMPLETED", "CANCELLING", "CANCELLED", "FAILED"])
    def test_a_move_that_does_not_run_is_not_cancelled(
        self, stubbed: Stubber, transport: SqsTransport, state: str
    ) -> None:
        stubbed.add_response("list_message_move_tasks", {"Results": [{**MOVE, "Status": state}]})
        assert transport.cancel_redrive("default") is False

    def test_a_move_that_is_refused_is_never_done_by_hand(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_client_error("start_message_move_task", "UnsupportedOperation", "a task is running")
        with pytest.raises(AccessRefused, match=r"a task is running"):
            transport.redrive("default")

    def test_a_move_that_fails_is_never_done_by_hand(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_client_error("start_message_move_task", "InternalError", http_status_code=500)
        with pytest.raises(Unavailable):
            transport.redrive("default")

    def test_where_the_operation_is_unknown_the_same_message_is_sent_and_then_deleted(
        self, stubbed: Stubber, transport: SqsTransport
    ) -> None:
        stubbed.add_client_error("start_message_move_task", "InvalidAction")
        stub_depth(stubbed, visible=1)
        stubbed.add_response("receive_message", {"Messages": [LETTER]})
        same = {
            "QueueUrl": URL,
            "MessageBody": "b",
            "MessageGroupId": "g",
            "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": b"\x00"}},
            "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
        }
        stubbed.add_response("send_message", {"MessageId": "new"}, same)
        stubbed.add_response("delete_message", {}, {"QueueUrl": f"{URL}-dlq", "ReceiptHandle": "r"})
        assert transport.redrive("default") == 1

    def test_a_message_that_was_not_sent_is_not_deleted(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_client_error("start_message_move_task", "InvalidAction")
        stub_depth(stubbed, visible=1)
        stubbed.add_response("receive_message", {"Messages": [LETTER]})
        stubbed.add_client_error("send_message", "RequestThrottled")
        with pytest.raises(Unavailable):
            transport.redrive("default")

    def test_no_more_are_moved_than_were_there_at_the_start(self, stubbed: Stubber, transport: SqsTransport) -> None:
        stubbed.add_client_error("start_message_move_task", "InvalidAction")
        stub_depth(stubbed, visible=11)
        for asked in (10, 1):
            received = {"QueueUrl": ANY, "MaxNumberOfMessages": asked, "VisibilityTimeout": ANY}
            names = {"MessageSystemAttributeNames": ANY, "MessageAttributeNames": ANY}
            stubbed.add_response("receive_message", {"Messages": [LETTER] * asked}, {**received, **names})
            for _ in range(asked):
                stubbed.add_response("send_message", {"MessageId": "new"})
                stubbed.add_response("delete_message", {})
        assert transport.redrive("default") == 11

    def test_a_moto_server_does_not_know_the_operation(self) -> None:
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        try:
            _, port = server.get_host_and_port()
            sqs: SQSClient = client("sqs", endpoint_url=f"http://127.0.0.1:{port}")
            url = sqs.create_queue(QueueName="q")["QueueUrl"]
            sqs.create_queue(QueueName="q-dlq")
            sqs.send_message(QueueUrl=f"{url}-dlq", MessageBody="x")
            settings = Settings(queues={"default": QueueSettings("default", url)})
            assert SqsTransport(sqs, settings).redrive("default") == 1
            assert SqsTransport(sqs, settings).depth("default").visible == 1
        finally:
            server.stop()


class TestConnect:
    @pytest.fixture
    def tasks(self) -> Penstock:
        return Penstock()

    def test_the_variables_given_are_the_settings(self, tasks: Penstock) -> None:
        connect(tasks, ENVIRON)
        assert tasks.ports.settings == Settings.from_environ(ENVIRON)

    def test_none_means_the_environment_of_the_process(self, tasks: Penstock, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in ENVIRON.items():
            monkeypatch.setenv(name, value)
        connect(tasks)
        assert tasks.ports.settings.table == "tasks"

    def test_without_a_bucket_there_is_no_payload_store(self, tasks: Penstock) -> None:
        connect(tasks, {**ENVIRON, "PENSTOCK_PAYLOAD_BUCKET": ""})
        assert tasks.ports.payloads is None

    def test_without_a_region_it_says_so(self, tasks: Penstock) -> None:
        with pytest.raises(ConfigurationError, match=r"no AWS region: set AWS_REGION"):
            connect(tasks, {**ENVIRON, "AWS_REGION": ""})

    def test_a_profile_that_does_not_exist_is_named(self, tasks: Penstock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "prod")
        with pytest.raises(ConfigurationError, match=r"prod.*AWS_PROFILE"):
            connect(tasks, ENVIRON)

    def test_an_endpoint_that_is_no_url_is_named(self, tasks: Penstock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
        with pytest.raises(ConfigurationError, match=r"nonsense.*AWS_ENDPOINT_URL"):
            connect(tasks, ENVIRON)

    def test_nothing_is_asked_of_aws(self, tasks: Penstock) -> None:
        connect(tasks, ENVIRON)  # there are neither credentials nor a network here

    def test_tokens_have_32_hexadecimal_digits_and_differ(self) -> None:
        first, second = SystemRandom().token(), SystemRandom().token()
        assert len(first) == len(second) == 32
        assert first != second


class TestCloudWatch:
    @pytest.fixture
    def cloudwatch(self) -> CloudWatchClient:
        cloudwatch: CloudWatchClient = client("cloudwatch")
        return cloudwatch

    @pytest.fixture
    def answers(self, cloudwatch: CloudWatchClient) -> Iterator[Stubber]:
        with Stubber(cloudwatch) as stubber:
            yield stubber
            stubber.assert_no_pending_responses()

    @staticmethod
    def stats(cloudwatch: CloudWatchClient, queues: int = 1, clock: ManualClock | None = None) -> CloudWatchStats:
        settings = Settings(queues={f"q{n}": QueueSettings(f"q{n}", f"{URL}{n}") for n in range(queues)})
        return CloudWatchStats(lambda: cloudwatch, settings, clock=clock or ManualClock(NOON))

    @staticmethod
    def ask(stats: CloudWatchStats, queues: int = 1, hours: float = 1, period: int = 3600) -> dict[str, list[Point]]:
        names = [f"q{n}" for n in range(queues)]
        return stats.series(names, since=NOON - timedelta(hours=hours), until=NOON, period=period)

    @staticmethod
    def answered(query: str, value: float, *, status: str = "Complete", token: str | None = None) -> dict[str, Any]:
        at = NOON - timedelta(hours=1)
        result = {"Id": query, "Label": "Succeeded", "Timestamps": [at], "Values": [value], "StatusCode": status}
        return {"MetricDataResults": [result], **({"NextToken": token} if token else {})}

    def test_all_queues_go_into_one_request(self, cloudwatch: CloudWatchClient, answers: Stubber) -> None:
        answers.add_response("get_metric_data", self.answered("q82m0", 7))
        assert self.ask(self.stats(cloudwatch, 83), 83)["q82"][0].succeeded == 7

    def test_more_queries_than_a_request_takes_are_two_requests(
        self, cloudwatch: CloudWatchClient, answers: Stubber
    ) -> None:
        answers.add_response("get_metric_data", self.answered("q0m0", 1))
        answers.add_response("get_metric_data", self.answered("q83m3", 2))
        series = self.ask(self.stats(cloudwatch, 84), 84)
        assert (series["q0"][0].succeeded, series["q83"][0].retried) == (1, 2)

    def test_pages_are_put_together(self, cloudwatch: CloudWatchClient, answers: Stubber) -> None:
        answers.add_response("get_metric_data", self.answered("q0m0", 1, status="PartialData", token="more"))
        answers.add_response("get_metric_data", self.answered("q0m2", 2))
        (point,) = self.ask(self.stats(cloudwatch))["q0"]
        assert (point.succeeded, point.dead) == (1, 2)

    def test_it_asks_for_the_queue_by_its_name_at_aws(self, cloudwatch: CloudWatchClient) -> None:
        asked: list[dict[str, Any]] = []
        answer = (SimpleNamespace(status_code=200), {"MetricDataResults": []})
        cloudwatch.meta.events.register("before-parameter-build", lambda params, **_: asked.append(params))
        cloudwatch.meta.events.register("before-call", lambda **_: answer)
        self.ask(self.stats(cloudwatch))
        metric = asked[0]["MetricDataQueries"][0]["MetricStat"]["Metric"]
        assert metric == {
            "Namespace": "Penstock",
            "MetricName": "Succeeded",
            "Dimensions": [
                {"Name": "queue", "Value": "somewhere-default0"},
                {"Name": "service", "Value": "penstock"},
            ],
        }

    def test_an_answer_is_given_again_for_a_while_for_each_question_is_billed(
        self, cloudwatch: CloudWatchClient, answers: Stubber
    ) -> None:
        clock = ManualClock(NOON)
        stats = self.stats(cloudwatch, clock=clock)
        answers.add_response("get_metric_data", self.answered("q0m0", 1))
        counts = [self.ask(stats)["q0"][0].succeeded for _ in range(2)]
        clock.advance(REUSED_SECONDS)
        answers.add_response("get_metric_data", self.answered("q0m0", 2))
        assert [*counts, self.ask(stats)["q0"][0].succeeded] == [1, 1, 2]

    def test_a_metric_that_cannot_be_had_is_unavailable_and_no_zero(
        self, cloudwatch: CloudWatchClient, answers: Stubber
    ) -> None:
        answers.add_response("get_metric_data", self.answered("q0m0", 1, status="InternalError"))
        with pytest.raises(Unavailable, match=r"CloudWatch could not answer 'Succeeded': try again later"):
            self.ask(self.stats(cloudwatch))

    @pytest.mark.parametrize(
        ("days", "period", "words"),
        [
            (16, 1800 + 60, r"older than 15 days CloudWatch keeps periods of 300 s, so take a multiple of that"),
            (64, 5400, r"older than 63 days CloudWatch keeps periods of 3600 s"),
            (456, 36_000, r"CloudWatch keeps metrics for 455 days"),
        ],
    )
    def test_a_period_of_which_cloudwatch_has_nothing_left_is_refused(
        self, cloudwatch: CloudWatchClient, days: int, period: int, words: str
    ) -> None:
        with pytest.raises(ValueError, match=words):
            self.ask(self.stats(cloudwatch), hours=24 * days, period=period)

    def test_a_no_says_what_to_do(self, cloudwatch: CloudWatchClient, answers: Stubber) -> None:
        answers.add_client_error("get_metric_data", "AccessDenied", "not authorized", http_status_code=403)
        with pytest.raises(AccessRefused, match=r"CloudWatch GetMetricData on Penstock was refused.*role's policy"):
            self.ask(self.stats(cloudwatch))


class TestMappings:
    MAPPING: ClassVar[dict[str, Any]] = {
        "UUID": UUID_1,
        "EventSourceArn": f"arn:aws:sqs:{REGION}:123456789012:somewhere-default",
        "FunctionArn": f"arn:aws:lambda:{REGION}:123456789012:function:worker:live",
        "State": "Enabled",
        "BatchSize": 10,
    }

    @pytest.fixture
    def functions(self) -> LambdaClient:
        functions: LambdaClient = client("lambda")
        return functions

    @pytest.fixture
    def answers(self, functions: LambdaClient) -> Iterator[Stubber]:
        with Stubber(functions) as stubber:
            yield stubber
            stubber.assert_no_pending_responses()

    @pytest.fixture
    def mappings(self, functions: LambdaClient) -> LambdaMappings:
        return LambdaMappings(lambda: functions, SETTINGS)

    def found(self, answers: Stubber, *mappings: dict[str, Any]) -> None:
        wanted = {"EventSourceArn": self.MAPPING["EventSourceArn"]}
        answers.add_response("list_event_source_mappings", {"EventSourceMappings": list(mappings)}, wanted)

    def test_what_aws_leaves_out_has_its_defaults(self, answers: Stubber, mappings: LambdaMappings) -> None:
        self.found(answers, self.MAPPING)
        assert mappings.get("default") == Mapping("default", True, "Enabled", "worker", 10, 0, None, False)

    def test_aws_is_not_asked_again_within_ten_seconds(self, answers: Stubber, functions: LambdaClient) -> None:
        clock = ManualClock()
        mappings = LambdaMappings(lambda: functions, SETTINGS, clock=clock)
        self.found(answers, self.MAPPING)
        first = mappings.get("default")
        clock.advance(9)
        assert mappings.get("default") == first
        self.found(answers, {**self.MAPPING, "State": "Disabled"})
        clock.advance(1)
        assert mappings.get("default") != first

    def test_what_was_just_paused_is_asked_again(self, answers: Stubber, mappings: LambdaMappings) -> None:
        self.found(answers, self.MAPPING)
        mappings.get("default")
        self.found(answers, self.MAPPING)
        paused = {**self.MAPPING, "State": "Disabling"}
        answers.add_response("update_event_source_mapping", paused, {"UUID": UUID_1, "Enabled": False})
        mappings.set_enabled("default", False)
        self.found(answers, paused)
        assert mappings.get("default") == Mapping("default", False, "Disabling", "worker", 10, 0, None, False)

    @pytest.mark.parametrize(
        ("state", "enabled"),
        [("Creating", True), ("Enabling", True), ("Updating", True), ("Disabling", False), ("Disabled", False)],
    )
    def test_the_state_says_what_was_asked_for(
        self, answers: Stubber, mappings: LambdaMappings, state: str, enabled: bool
    ) -> None:
        self.found(answers, {**self.MAPPING, "State": state})
        mapping = mappings.get("default")
        assert mapping is not None
        assert (mapping.state, mapping.enabled) == (state, enabled)

    def test_a_pause_changes_nothing_but_enabled(self, answers: Stubber, mappings: LambdaMappings) -> None:
        self.found(answers, self.MAPPING)
        paused = {**self.MAPPING, "State": "Updating"}
        answers.add_response("update_event_source_mapping", paused, {"UUID": UUID_1, "Enabled": False})
        assert mappings.set_enabled("default", False).enabled is False

    def test_several_mappings_of_a_queue_are_not_paused_by_halves(
        self, answers: Stubber, mappings: LambdaMappings
    ) -> None:
        self.found(answers, self.MAPPING, {**self.MAPPING, "UUID": UUID_2})
        with pytest.raises(AccessRefused, match=rf"has 2 event source mappings \({UUID_1}, {UUID_2}\): keep the one"):
            mappings.set_enabled("default", False)

    @pytest.mark.parametrize("code", ["ResourceInUseException", "ResourceConflictException"])
    def test_a_mapping_that_is_just_being_changed_is_unavailable(
        self, answers: Stubber, mappings: LambdaMappings, code: str
    ) -> None:
        self.found(answers, self.MAPPING)
        answers.add_client_error("update_event_source_mapping", code, http_status_code=409)
        with pytest.raises(Unavailable, match=code):
            mappings.set_enabled("default", False)

    def test_a_mapping_that_was_deleted_meanwhile_is_none(self, answers: Stubber, mappings: LambdaMappings) -> None:
        self.found(answers, self.MAPPING)
        answers.add_client_error("update_event_source_mapping", "ResourceNotFoundException", http_status_code=404)
        with pytest.raises(NoMapping, match=rf"{UUID_1} was deleted just now"):
            mappings.set_enabled("default", False)


class TestLateClients:
    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The services of which clients were made, in order."""
        made: list[str] = []
        real = boto3.session.Session.client

        def noting(session: Any, service: str, **options: Any) -> Any:
            made.append(service)
            return real(session, service, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(boto3.session.Session, "client", noting)
        return made

    def test_connecting_makes_no_client_that_only_the_views_use(self, made: list[str]) -> None:
        connect(Penstock(), ENVIRON)
        assert made == ["sqs", "dynamodb", "s3"]

    def test_a_receive_that_waits_has_a_client_that_waits_for_longer_than_sqs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        timeouts: list[float] = []
        real = boto3.session.Session.client

        def noting(session: Any, service: str, *, config: Config) -> Any:
            timeouts.append(config.read_timeout)  # type: ignore[attr-defined]
            return real(session, service, config=config)  # type: ignore[call-overload]

        monkeypatch.setattr(boto3.session.Session, "client", noting)
        tasks = Penstock()
        connect(tasks, ENVIRON)
        with pytest.raises(AccessRefused, match="no AWS credentials"):
            tasks.ports.transport.receive("default", max_messages=1, wait=20)
        assert (timeouts[:-1], timeouts[-1] > 20) == ([5, 5, 5], True)

    def test_a_client_is_made_at_its_first_use_and_once(self, made: list[str]) -> None:
        tasks = Penstock()
        connect(tasks, ENVIRON)
        del made[:]
        sources = {tasks.ports.stats.source for _ in range(2)}
        assert (made, sources) == (["cloudwatch"], {"CloudWatch, about a minute behind"})
