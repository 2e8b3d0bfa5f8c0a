"""What SQS buries by itself: the reconciler that Terraform has deployed closes the book on it, and a redrive opens it again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.deployment import Deployment
from tests.e2e.emulator import Emulator
from tests.e2e.photos import Document, is_final, until
from tests.e2e.visitor import Visitor

KEY = "uploads/table.csv"
_WAIT_SECONDS = 30.0


@pytest.fixture(scope="session")
def buried(gunicorn: Visitor, deployment: Deployment, emulator: Emulator) -> Document:
    """The document of a report whose message SQS has moved to the dead-letter queue: no worker ever took it."""
    queue = deployment.terraform.output("queues")["reports"]
    sqs = emulator.client("sqs")
    with paused(emulator, deployment.terraform.output("workers")["reports"]["event_source_mapping"]):
        task_id = deployment.enqueue("make_report", key=KEY)
        deadline = time.monotonic() + _WAIT_SECONDS
        while not letters(emulator, queue["dead_letter_url"]):
            assert time.monotonic() < deadline, "SQS did not move the message to the dead-letter queue"
            sqs.receive_message(QueueUrl=queue["url"], VisibilityTimeout=0)
    return gunicorn.status(task_id)


@pytest.fixture(scope="session")
def closed(buried: Document, gunicorn: Visitor, deployment: Deployment, emulator: Emulator) -> Document:
    """Its document after the schedule has called the reconciler."""
    with every_minute(emulator, deployment.terraform.output("reconciler")["schedule"]):
        return until(gunicorn, buried["id"], is_final)


@contextmanager
def paused(emulator: Emulator, mapping: str) -> Iterator[None]:
    """Inside, Lambda does not poll the mapping's queue."""
    functions = emulator.client("lambda")
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)


@contextmanager
def every_minute(emulator: Emulator, name: str) -> Iterator[None]:
    """Inside, the schedule is due every minute: its own quarter of an hour is too long to wait for."""
    scheduler = emulator.client("scheduler")
    schedule = scheduler.get_schedule(Name=name)
    kept = ("Name", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "Description")
    before = {key: schedule[key] for key in kept}
    scheduler.update_schedule(**before | {"ScheduleExpression": "rate(1 minute)"})
    try:
        yield
    finally:
        scheduler.update_schedule(**before)


def letters(emulator: Emulator, url: str) -> int:
    """How many messages lie in the queue at ``url``."""
    name = "ApproximateNumberOfMessages"
    told = emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(told["Attributes"][name])


def test_a_task_that_sqs_buries_by_itself_keeps_its_status_at_first(buried: Document) -> None:
    assert (buried["status"], buried["attempts"]) == ("QUEUED", 0)


def test_the_reconciler_closes_the_book_on_it_when_its_schedule_is_due(closed: Document) -> None:
    assert (closed["status"], closed["attempts"]) == ("DEAD", 0)
    assert "SQS buried the message" in closed["error"]["message"]


def test_its_letter_stays_and_a_redrive_makes_the_report(
    closed: Document,
    gunicorn: Visitor,
    deployment: Deployment,
    emulator: Emulator,
    in_bucket: Callable[[str], bytes],
) -> None:
    bucket = deployment.terraform.output("uploads_bucket")
    emulator.client("s3").put_object(Bucket=bucket, Key=KEY, Body=b"name,age\nAda,36\nBo,40\n")

    deployment.penstock("dlq", "redrive", "reports", "--yes").expect(0)
    document = until(gunicorn, closed["id"], lambda found: found["attempts"] > 0 and is_final(found))

    assert (document["status"], document["result"]["rows"]) == ("SUCCEEDED", 2)
    assert in_bucket(document["result"]["chart"]).startswith(b"<svg")
