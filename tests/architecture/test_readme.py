"""The README's Python blocks are one program: it runs here on the in-memory ports, and its tasks succeed."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from penstock import Penstock, Status
from penstock.batch import process
from penstock.execution import Invocation
from penstock.memory import ManualClock, ports
from penstock.ports import Ports, ReceivedMessage

ROOT = Path(__file__).parents[2]
QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/readme-default"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PENSTOCK_PAYLOAD_BUCKET": "readme-payloads",
    "PENSTOCK_QUEUES": f'{{"default": {{"url": "{QUEUE_URL}"}}, "images": {{"url": "{QUEUE_URL}-images"}}}}',
    "PENSTOCK_TABLE": "readme",
}


def blocks() -> list[tuple[int, str]]:
    """Line number and text of each fenced python block."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    fences = re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, fence.start(1)), fence[1]) for fence in fences]


def statements(line: int, block: str) -> Iterator[ast.stmt]:
    """A block's statements, numbered as in the README, so that a traceback points there."""
    yield from ast.increment_lineno(ast.parse(block), line).body


class Program:
    """The blocks as one module. Whatever Penstock it makes is connected to ``ports``, whatever it enqueues is run."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.clock = ManualClock()
        self.ports: Ports = ports(clock=self.clock)

    def run(self, statement: ast.stmt) -> None:
        exec(compile(ast.Module([statement], []), "README.md", "exec"), self.module.__dict__)
        for queue in self.penstock():
            if not queue.is_connected or queue.ports is not self.ports:
                queue.connect(self.ports)
            self.work(queue)

    def penstock(self) -> list[Penstock]:
        return [value for value in self.module.__dict__.values() if isinstance(value, Penstock)]

    def work(self, tasks: Penstock) -> None:
        for name in self.ports.settings.queues:
            messages = self.ports.transport.receive(name, max_messages=10)
            if messages:
                event = {"Records": [record(message, name) for message in messages]}
                process(tasks, event, Invocation("readme", lambda: 900.0))


def record(message: ReceivedMessage, queue: str) -> dict[str, object]:
    return {
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receive_count),
            "SentTimestamp": str(round(message.sent_at.timestamp() * 1000)),
        },
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
    }


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    module = ModuleType("readme_program")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Program(module)


def test_the_readme_has_an_example_first() -> None:
    assert blocks(), "README.md has no ```python block"
    assert "Penstock()" in blocks()[0][1]


def test_the_example_is_short() -> None:
    assert sum(1 for line in blocks()[0][1].splitlines() if line.strip()) <= 16


def test_every_block_of_the_readme_runs_and_its_tasks_succeed(program: Program) -> None:
    for line, block in blocks():
        for statement in statements(line, block):
            program.run(statement)
    program.clock.sleep(900)  # the longest delay that SQS takes
    for tasks in program.penstock():
        program.work(tasks)

    results = [value for value in vars(program.module).values() if hasattr(value, "refresh")]
    assert results, "the README enqueues nothing"
    assert {result.refresh().status for result in results} == {Status.SUCCEEDED}


def test_the_example_s_view_enqueues_what_a_worker_then_runs(program: Program) -> None:
    for statement in statements(*blocks()[0]):
        program.run(statement)

    answer = program.module.app.test_client().post("/greetings/Ada")

    assert answer.status_code == 202
    tasks = program.module.tasks
    program.work(tasks)
    assert tasks.result(answer.get_json()["id"]).return_value == "hello Ada"
