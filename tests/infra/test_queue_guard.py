"""A queue that holds messages is not deleted: what Terraform runs before it deletes one."""

import importlib.util
import json
import subprocess
import sys
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

from tests.infra.terraform import ROOT

REGION = "eu-central-1"


def load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("queue_guard", ROOT / "modules/stack/queue_guard.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


queue_guard = load()


@pytest.fixture
def sqs(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield boto3.client("sqs", region_name=REGION)


@pytest.fixture
def asked(sqs):
    """The two URLs of an empty queue and its dead-letter queue, as removal.tf gives them."""
    url = sqs.create_queue(QueueName="penstock-dev-images")["QueueUrl"]
    dead_letter_url = sqs.create_queue(QueueName="penstock-dev-images-dlq")["QueueUrl"]
    return {"region": REGION, "url": url, "dead_letter_url": dead_letter_url}


def answer(asked, capsys, **environ):
    code = queue_guard.main({"QUEUE_GUARD": json.dumps(asked), **environ})
    return code, capsys.readouterr().out


def test_an_empty_queue_may_go(asked, capsys):
    assert answer(asked, capsys) == (0, "")


def test_a_queue_that_is_gone_already_may_go(sqs, asked, capsys):
    sqs.delete_queue(QueueUrl=asked["url"])
    sqs.delete_queue(QueueUrl=asked["dead_letter_url"])

    assert answer(asked, capsys) == (0, "")


def test_a_waiting_message_keeps_the_queue_and_the_words_say_what_to_do(sqs, asked, capsys):
    sqs.send_message(QueueUrl=asked["url"], MessageBody="work")

    code, words = answer(asked, capsys)

    assert code == 1
    assert "penstock-dev-images holds about 1 message" in words
    assert "Put its entry back into queues.auto.tfvars.json" in words
    assert "PENSTOCK_DISCARD_MESSAGES=penstock-dev-images." in words


def test_a_message_in_flight_keeps_the_queue(sqs, asked, capsys):
    sqs.send_message(QueueUrl=asked["url"], MessageBody="work")
    sqs.receive_message(QueueUrl=asked["url"])

    assert answer(asked, capsys)[0] == 1


def test_a_delayed_message_keeps_the_queue(sqs, asked, capsys):
    sqs.send_message(QueueUrl=asked["url"], MessageBody="work", DelaySeconds=900)

    assert answer(asked, capsys)[0] == 1


def test_a_dead_letter_keeps_the_queue(sqs, asked, capsys):
    sqs.send_message(QueueUrl=asked["dead_letter_url"], MessageBody="work")

    code, words = answer(asked, capsys)

    assert (code, "penstock-dev-images-dlq holds about 1 message" in words) == (1, True)


def test_messages_that_were_given_up_by_name_do_not_keep_it(sqs, asked, capsys):
    sqs.send_message(QueueUrl=asked["url"], MessageBody="work")

    assert answer(asked, capsys, PENSTOCK_DISCARD_MESSAGES="penstock-dev-other, penstock-dev-images") == (0, "")


def test_messages_of_another_queue_given_up_do_keep_it(sqs, asked, capsys):
    sqs.send_message(QueueUrl=asked["url"], MessageBody="work")

    assert answer(asked, capsys, PENSTOCK_DISCARD_MESSAGES="penstock-dev")[0] == 1


def test_a_queue_that_cannot_be_looked_into_is_kept(capsys, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # nobody listens there
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asked = {"region": REGION, "url": "http://127.0.0.1:1/1/q", "dead_letter_url": "http://127.0.0.1:1/1/q-dlq"}

    code, words = answer(asked, capsys)

    assert code == 1
    assert "cannot be told: Could not connect to the endpoint URL" in words
    assert "PENSTOCK_DISCARD_MESSAGES=q." in words


def test_a_python_without_boto3_keeps_the_queue_and_is_named():
    asked = {
        "region": REGION,
        "url": "https://sqs.example.com/1/q",
        "dead_letter_url": "https://sqs.example.com/1/q-dlq",
    }
    # -S: without site-packages, so without boto3
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "modules/stack/queue_guard.py")],
        env={"QUEUE_GUARD": json.dumps(asked)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    assert "has no boto3" in done.stdout
    assert "PENSTOCK_PYTHON" in done.stdout
