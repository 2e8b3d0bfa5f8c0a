"""A Flask app of its own for every test, with a Penstock object of its own, on the in-memory ports."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from penstock import Penstock, Reject, memory
from penstock.batch import process
from penstock.execution import Invocation
from penstock.flask import mount
from penstock.flask.access import ApiKeys
from penstock.ports import ReceivedMessage
from tests.flask.people import SECRET_KEY, TABLE, bearer


@pytest.fixture
def clock() -> memory.ManualClock:
    return memory.ManualClock()


@pytest.fixture
def tasks(clock: memory.ManualClock) -> Penstock:
    tasks = Penstock()

    @tasks.task
    def double(number: int) -> int:
        return 2 * number

    @tasks.task
    def hopeless(what: str) -> None:
        raise Reject(f"no {what} [bold]today[/bold]")

    @tasks.task
    def internal() -> None: ...

    tasks.connect(memory.ports(clock=clock))
    return tasks


@pytest.fixture
def app(tasks: Penstock) -> Flask:
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET_KEY
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks, allow_enqueue=("double", "hopeless"))
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A program with an operator's key."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer("otto")["Authorization"]
    return client


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A client that has shown no key."""
    return app.test_client()


class Worker:
    """What a Lambda function and its event source mapping do, a delivery at a time."""

    def __init__(self, tasks: Penstock) -> None:
        self._tasks = tasks

    def work(self, queue: str = "default") -> None:
        """Receive what is there, work on it, acknowledge what is not reported as failed."""
        transport = self._tasks.ports.transport
        messages = transport.receive(queue, max_messages=10)
        report = process(self._tasks, {"Records": [self._record(m, queue) for m in messages]}, self._invocation)
        done = [m.receipt_handle for m in messages if m.message_id not in report.failed]
        if done:
            transport.delete(queue, done)

    def bury(self, queue: str = "default") -> None:
        """Work until SQS has moved what is DEAD to the dead-letter queue."""
        for _ in range(self._tasks.ports.settings.queue(queue).max_receive_count + 1):
            self.work(queue)

    _invocation = Invocation("request-1", lambda: 300.0)

    def _record(self, message: ReceivedMessage, queue: str) -> dict[str, object]:
        return {
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": {
                "SentTimestamp": str(round(message.sent_at.timestamp() * 1000)),
                "ApproximateReceiveCount": str(message.receive_count),
            },
            "eventSourceARN": f"arn:aws:sqs:eu-central-1:1:{self._tasks.ports.settings.queue(queue).physical_name}",
        }


@pytest.fixture
def worker(tasks: Penstock) -> Worker:
    return Worker(tasks)
