"""The task send_email against SES and S3 (moto), through the queue."""

import logging
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

import tasks.emails
from penstock import Status
from penstock.queue_list import QueueList
from penstock.testing import sandbox
from tasks import send_email
from tasks import tasks as project

ROOT = Path(__file__).parents[2]
SENDER = "shop@example.com"
MAIL = ("ada@example.com", "Welcome", "Hello Ada")


@pytest.fixture
def task_queue():
    with sandbox(project, QueueList.read(ROOT / "infra/terraform/queues.auto.tfvars.json").queues.values()) as box:
        yield box


@pytest.fixture
def mails(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What SES was given; the sender is verified."""
    monkeypatch.setenv("MAIL_SENDER", SENDER)
    boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    return ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages


class Refusing:
    """An SES client that answers with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.requests: list[dict[str, Any]] = []

    def send_email(self, **request: Any) -> Any:
        self.requests.append(request)
        raise self.error


def refusal(code: str, status: int = 400, message: str = "no") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "SendEmail"
    )


def drained(task_queue: Any) -> Any:
    [result] = task_queue.drain()
    return result


def test_the_mail_is_given_to_ses(mails, task_queue):
    send_email.enqueue(*MAIL, html="<p>Hello Ada</p>")
    result = drained(task_queue)
    assert (result.status, len(mails), result.return_value.again) == (Status.SUCCEEDED, 1, False)
    assert (mails[0].source, mails[0].destinations["ToAddresses"]) == (SENDER, ["ada@example.com"])


def test_the_request_names_the_task_and_both_bodies(mails, task_queue, monkeypatch):
    client = Refusing(refusal("MessageRejected"))
    monkeypatch.setattr(tasks.emails, "_client", lambda: client)
    result = send_email.enqueue(*MAIL, html="<p>Hello Ada</p>")
    task_queue.drain()
    content = client.requests[0]["Content"]["Simple"]
    assert content["Headers"] == [{"Name": "X-Penstock-Task", "Value": result.id}]
    assert [content["Body"][kind]["Data"] for kind in ("Text", "Html")] == ["Hello Ada", "<p>Hello Ada</p>"]


def test_a_worker_killed_after_the_mail_sends_it_once(mails, task_queue):
    task_queue.kill_after("run")
    send_email.enqueue(*MAIL)
    result = drained(task_queue)
    assert (result.status, result.attempts, len(mails), result.return_value.again) == (Status.SUCCEEDED, 2, 1, True)


def test_a_message_delivered_twice_sends_one_mail(mails, task_queue):
    task_queue.duplicate()
    send_email.enqueue(*MAIL)
    task_queue.drain()
    assert len(mails) == 1


def test_two_tasks_send_two_mails(mails, task_queue):
    send_email.enqueue(*MAIL)
    send_email.enqueue(*MAIL)
    task_queue.drain()
    assert len(mails) == 2


def test_a_note_that_cannot_be_kept_does_not_send_the_mail_again(mails, task_queue, monkeypatch):
    def refuse(*_arguments: Any) -> None:
        raise ConnectionError("S3 is away")

    monkeypatch.setattr(tasks.emails.UploadStore, "write", refuse)
    send_email.enqueue(*MAIL)
    assert (drained(task_queue).status, len(mails)) == (Status.SUCCEEDED, 1)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (refusal("TooManyRequestsException", 429), 60),
        (refusal("Throttling", 400, "Maximum sending rate exceeded."), 60),
        (refusal("Throttling", 400, "Daily message quota exceeded."), 3_600),
        (refusal("LimitExceededException"), 3_600),
    ],
)
def test_throttling_is_tried_again_later(mails, task_queue, monkeypatch, error, seconds):
    client = tasks.emails._client
    monkeypatch.setattr(tasks.emails, "_client", lambda: Refusing(error) if task_queue.clock() == start else client())
    start = task_queue.clock()
    send_email.enqueue(*MAIL)
    result = drained(task_queue)
    assert (result.status, result.attempts, len(mails)) == (Status.SUCCEEDED, 2, 1)
    assert (task_queue.clock() - start).total_seconds() == seconds


@pytest.mark.parametrize(
    "error", [refusal("InternalFailure", 500), EndpointConnectionError(endpoint_url="https://email.example.com")]
)
def test_an_ses_that_cannot_answer_is_tried_again(mails, task_queue, monkeypatch, error):
    monkeypatch.setattr(tasks.emails, "_client", lambda: Refusing(error))
    send_email.enqueue(*MAIL)
    result = drained(task_queue)
    assert (result.status, result.attempts) == (Status.DEAD, 6)


@pytest.mark.parametrize(
    "code",
    ["MessageRejected", "BadRequestException", "MailFromDomainNotVerifiedException", "SendingPausedException"],
)
def test_what_ses_refuses_is_dead_after_one_attempt(mails, task_queue, monkeypatch, code):
    monkeypatch.setattr(tasks.emails, "_client", lambda: Refusing(refusal(code)))
    send_email.enqueue(*MAIL)
    result = drained(task_queue)
    assert (result.status, result.attempts, task_queue.dead_letters()) == (Status.DEAD, 1, 1)


def test_a_sender_that_is_not_verified_is_dead_and_can_be_redriven(mails, task_queue, monkeypatch):
    monkeypatch.setenv("MAIL_SENDER", "stranger@example.org")
    send_email.enqueue(*MAIL)
    assert drained(task_queue).status is Status.DEAD
    monkeypatch.setenv("MAIL_SENDER", SENDER)
    task_queue.ports.transport.redrive("default")
    assert (task_queue.drain()[0].status, len(mails)) == (Status.SUCCEEDED, 1)


@pytest.mark.parametrize(
    ("to", "subject", "text"),
    [
        ("ada", "s", "t"),
        ("ada@example", "s", "t"),
        ("a@example.com, b@example.com", "s", "t"),
        ("Ada <a@example.com>", "s", "t"),
        ("a@example.com\nBcc: b@example.com", "s", "t"),
        ("ädä@example.com", "s", "t"),
        (MAIL[0], "", "t"),
        (MAIL[0], "s\nBcc: b@example.com", "t"),
        (MAIL[0], "s" * 501, "t"),
        (MAIL[0], "s", ""),
    ],
)
def test_what_cannot_be_a_mail_fails_at_once(mails, task_queue, to, subject, text):
    send_email.enqueue(to, subject, text)
    assert (drained(task_queue).status, len(mails)) == (Status.FAILED, 0)


@pytest.mark.parametrize("to", ["a@example.com", "o'neil+tag@mail.example.co.uk", "x@xn--bcher-kva.example"])
def test_usual_addresses_are_taken(mails, task_queue, to):
    send_email.enqueue(to, "s", "t")
    assert drained(task_queue).status is Status.SUCCEEDED


def test_neither_the_table_nor_the_log_learns_the_address(mails, task_queue, monkeypatch, caplog):
    error = refusal("MessageRejected", message="Address ada@example.com is blacklisted")
    monkeypatch.setattr(tasks.emails, "_client", lambda: Refusing(error))
    with caplog.at_level(logging.DEBUG, logger="penstock"):
        send_email.enqueue(*MAIL)
        result = drained(task_queue)
    assert "ada@" not in caplog.text + repr(result.row) + repr(result.errors)
    assert "MessageRejected" in caplog.text
