"""The workers' zip under Lambda's own runtime client, on Lambda's Python, against a moto with the project's stack."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import tasks as project
from local.project import PROJECT
from penstock import Status
from penstock.aws import connect
from penstock.local.environment import REGION, aws_variables
from penstock.local.provision import LocalClients, provision
from penstock.local.sqs_event import event, record
from penstock.packaging.interpreter import Interpreter
from penstock.ports import OutgoingMessage
from tests.package.runtime_api import Answer, ExecutionEnvironment, execution_environment

HANDLER, RECONCILER = "lambdas.worker.handler", "lambdas.reconciler.handler"
PLENTY = 90.0  # seconds that an invocation says it has: more than any task's limit
PATIENCE = 30.0  # seconds that nothing here takes

Start = Callable[..., AbstractContextManager[ExecutionEnvironment]]


@dataclass(frozen=True)
class Stack:
    """The project's queues, table and buckets on moto; ``variables`` lead a function to them."""

    endpoint: str
    variables: dict[str, str]

    def event(self, queue: str, about: str = "") -> dict[str, Any]:
        """What Lambda makes of the messages that wait in ``queue``, those that tell ``about`` something."""
        arn = f"arn:aws:sqs:{REGION}:123456789012:{PROJECT.prefix}-{queue}"
        waiting = project.tasks.ports.transport.receive(queue, max_messages=10)
        return event(record(message, arn) for message in waiting if about in message.body)

    def upload(self, key: str) -> None:
        """A photo in the uploads bucket."""
        file = io.BytesIO()
        Image.new("RGB", (640, 480), "navy").save(file, "JPEG")
        LocalClients(self.endpoint).s3().put_object(
            Bucket=self.variables["UPLOADS_BUCKET"], Key=key, Body=file.getvalue()
        )


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    command = [sys.executable, "-m", "penstock.local.moto_host", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as moto, pytest.MonkeyPatch.context() as patch:
        assert moto.stdout is not None
        endpoint = moto.stdout.readline().split()[-1]
        variables = provision(PROJECT, endpoint) | aws_variables(endpoint)
        for name, value in variables.items():
            patch.setenv(name, value)
        connect(project.tasks)
        yield Stack(endpoint, variables)
        moto.terminate()


@pytest.fixture
def start(python: Interpreter, runtime_client: Path, worker: Path, stack: Stack) -> Start:
    def started(
        package: Path = worker, *, handler: str = HANDLER, **variables: str
    ) -> AbstractContextManager[ExecutionEnvironment]:
        environ = {name: value for name, value in (stack.variables | variables).items() if value}
        return execution_environment(python.path, runtime_client, package, handler, environ)

    return started


@pytest.fixture
def silent() -> Iterator[str]:
    """``host:port`` of somebody who takes a request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def hanging(stack: Stack, host: str) -> tuple[Any, dict[str, Any]]:
    """A task that waits for ``host``, and its event."""
    result = project.deliver_webhook.enqueue(f"http://{host}/", {})
    return result, stack.event("default", about=result.id)


def test_a_photo_is_worked_on_and_the_time_to_get_ready_is_told(
    start: Start, stack: Stack, figure: Callable[[str], None]
) -> None:
    stack.upload("uploads/sea.jpg")
    result = project.make_thumbnails.enqueue("uploads/sea.jpg", widths=[320])

    with start() as environment:
        seconds = environment.wait_until_ready()
        answer = environment.invoke(stack.event("images"), timeout=PLENTY)

    figure(f"worker zip under awslambdaric: ready for its first event after {seconds:.2f} s")
    assert answer == Answer("response", {"batchItemFailures": []})
    assert [(thumbnail.width, thumbnail.height) for thumbnail in result.refresh().return_value.thumbnails] == [
        (320, 240)
    ]


def test_a_message_that_is_not_ours_is_reported_and_its_neighbour_is_done(start: Start, stack: Stack) -> None:
    result = project.deliver_webhook.enqueue("http://not-allowed.example.com/", {})
    project.tasks.ports.transport.send(OutgoingMessage("default", "not ours"))
    batch = stack.event("default")
    foreign = next(message["messageId"] for message in batch["Records"] if message["body"] == "not ours")

    with start() as environment:
        answer = environment.invoke(batch, timeout=PLENTY)

    assert {"itemIdentifier": foreign} in answer.value["batchItemFailures"]
    assert result.refresh().status is Status.DEAD


def test_a_malformed_event_is_an_error_and_the_next_event_is_worked_on(start: Start, stack: Stack) -> None:
    with start() as environment:
        refused = environment.invoke({"hello": "world"}, timeout=PLENTY)
        accepted = environment.invoke({"Records": []}, timeout=PLENTY)

    assert refused.kind == "error"
    assert "this is no SQS event" in refused.value["errorMessage"]
    assert accepted == Answer("response", {"batchItemFailures": []})


def test_after_a_timeout_the_next_delivery_is_answered_as_busy(start: Start, stack: Stack, silent: str) -> None:
    result, batch = hanging(stack, silent)
    with start(WEBHOOK_HOSTS=silent) as environment:
        environment.wait_until_ready()
        killed = environment.invoke(batch, timeout=2, deadline=PLENTY)
    with start(WEBHOOK_HOSTS=silent) as environment:
        answer = environment.invoke(batch, timeout=PLENTY)

    assert killed == Answer("timeout")
    assert answer.value["batchItemFailures"] == [{"itemIdentifier": batch["Records"][0]["messageId"]}]
    assert (result.refresh().status, result.attempts) == (Status.RUNNING, 1)


def test_a_crash_ends_the_environment_and_leaves_the_attempt_counted(start: Start, stack: Stack, silent: str) -> None:
    result, batch = hanging(stack, silent)
    with start(WEBHOOK_HOSTS=silent) as environment:
        environment.wait_until_ready()
        threading.Timer(2, os.kill, (environment.process.pid, signal.SIGSEGV)).start()
        answer = environment.invoke(batch, timeout=PLENTY)

    assert answer == Answer("exit", -signal.SIGSEGV)
    assert (result.refresh().status, result.attempts) == (Status.RUNNING, 1)


def test_with_too_little_time_left_nothing_is_claimed(start: Start, stack: Stack, silent: str) -> None:
    result, batch = hanging(stack, silent)
    with start(WEBHOOK_HOSTS=silent) as environment:
        answer = environment.invoke(batch, timeout=PLENTY, deadline=10)

    assert answer.value["batchItemFailures"] == [{"itemIdentifier": batch["Records"][0]["messageId"]}]
    assert (result.refresh().status, result.attempts) == (Status.QUEUED, 0)


def test_the_reconciler_closes_the_book_on_a_task_that_sqs_has_buried(start: Start, stack: Stack) -> None:
    result = project.make_report.enqueue("uploads/table.csv")
    ports = project.tasks.ports
    for _ in range(ports.settings.queue("reports").max_receive_count + 1):  # at the last one SQS moves it
        ports.transport.receive("reports", max_messages=1, visibility_timeout=0)

    with start(handler=RECONCILER) as environment:
        answer = environment.invoke({"source": "aws.scheduler"}, timeout=PLENTY)

    closed = {looked["queue"]: looked["closed"] for looked in answer.value["queues"]}
    assert (answer.kind, closed["reports"]) == ("response", 1)
    assert (result.refresh().status, result.attempts) == (Status.DEAD, 0)


def test_a_missing_variable_is_told_while_initialising(start: Start) -> None:
    with start(PENSTOCK_TABLE="") as environment:
        answer = environment.answer(PATIENCE)

    assert answer.kind == "init_error"
    assert answer.value["errorType"].endswith("ConfigurationError")
    assert "PENSTOCK_TABLE is not set" in answer.value["errorMessage"]


def test_a_module_that_is_not_in_the_zip_is_told_while_initialising(start: Start, worker: Path, tmp_path: Path) -> None:
    for entry in worker.iterdir():
        if entry.name != "msgspec":
            (tmp_path / entry.name).symlink_to(entry)

    with start(tmp_path) as environment:
        answer = environment.answer(PATIENCE)

    assert answer.kind == "init_error"
    assert answer.value["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'msgspec'" in answer.value["errorMessage"]
