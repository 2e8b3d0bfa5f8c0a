"""A task without hope goes to the dead-letter queue by SQS's own hand, and comes back."""

import json
import time
from typing import Any

import pytest

from flask_app.config import WIDTHS
from local.samples import missing_photo
from tests.e2e.deployment import Deployment
from tests.e2e.emulator import Emulator
from tests.e2e.photos import is_final, until
from tests.e2e.visitor import Visitor

KEY = "uploads/missing.jpg"
_WAIT_SECONDS = 30.0


@pytest.fixture(scope="session")
def dead(gunicorn: Visitor, deployment: Deployment, emulator: Emulator) -> dict[str, Any]:
    """The document of a task whose photo was never uploaded, once SQS has moved its message."""
    document = gunicorn.enqueue("make_thumbnails", key=KEY, widths=list(WIDTHS))
    document = until(gunicorn, document["id"], is_final)
    deadline = time.monotonic() + _WAIT_SECONDS
    while letters(deployment, emulator) == 0:
        assert time.monotonic() < deadline, "SQS did not move the message to the dead-letter queue"
        time.sleep(0.3)
    return document


def letters(deployment: Deployment, emulator: Emulator) -> int:
    """How many messages lie in the dead-letter queue of images."""
    url = deployment.terraform.output("queues")["images"]["dead_letter_url"]
    name = "ApproximateNumberOfMessages"
    told = emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(told["Attributes"][name])


def test_sqs_itself_buries_a_task_that_gave_up(dead: dict[str, Any]) -> None:
    assert (dead["status"], dead["attempts"]) == ("DEAD", 1)


def test_a_redriven_task_succeeds_once_its_cause_is_repaired(
    dead: dict[str, Any], gunicorn: Visitor, deployment: Deployment, emulator: Emulator
) -> None:
    bucket = deployment.terraform.output("uploads_bucket")
    emulator.client("s3").put_object(Bucket=bucket, Key=KEY, Body=missing_photo().content)

    listed = json.loads(deployment.penstock("dlq", "list", "--json").expect(0).output)
    moved = json.loads(deployment.penstock("dlq", "redrive", "images", "--yes", "--json").expect(0).output)
    document = until(gunicorn, dead["id"], lambda found: found["attempts"] > 1 and is_final(found))

    assert [death["id"] for death in listed["dead_letters"]] == [dead["id"]]
    assert moved["moved"] == 1
    assert document["status"] == "SUCCEEDED"
    assert letters(deployment, emulator) == 0
