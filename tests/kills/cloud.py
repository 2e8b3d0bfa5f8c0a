"""The independent emulator as this run needs it: plain HTTP, no IAM; queues that show messages again in seconds, the table."""

import json
import sys
from pathlib import Path
from typing import Any

from penstock.aws.expressions import item_from_wire
from penstock.local import lifeline
from penstock.local.process import Child, Log, Program, StackError
from penstock.local.provision import LocalClients, make_table
from penstock.local.ready import answers
from penstock.local.sockets import HOST
from tests.e2e.emulator import MINISTACK, ROOT, environment, free_port
from tests.kills.user_code import LONG_TIME_LIMIT, POLLED, TIME_LIMIT
from tests.kills.worker import QUEUE, VISIBILITY_TIMEOUT

TABLE = "penstock-kills"
# One above the least that the library takes: kills and lost replies cost receives, so SQS buries some tasks by itself.
MAX_RECEIVE_COUNT = 8
_TLS_AND_IAM = ("AUTH", "USE_SSL", "MINISTACK_SSL_CERT", "MINISTACK_SSL_KEY")
_NUMBERS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Cloud:
    """The emulator on ``port``, from construction to ``stop()``, and our own look into it, past the lossy network."""

    def __init__(self, folder: Path, log: Log) -> None:
        if not MINISTACK.exists():
            raise StackError("there is no emulator in .venv-e2e: `make kills` puts it there")
        self.port = free_port()
        self._endpoint = f"http://{HOST}:{self.port}"
        for part in ("state", "tmp"):
            (folder / part).mkdir(parents=True)
        environ = environment(folder, self.port)
        self.child = Child(
            Program(
                "ministack",
                (sys.executable, "-m", "tests.e2e.held", lifeline.argument(), str(MINISTACK)),
                {name: value for name, value in environ.items() if name not in _TLS_AND_IAM},
                ROOT,
                ready=answers(f"{self._endpoint}/_ministack/health"),
            ),
            log,
        )
        try:
            self._provision()
        except BaseException:
            self.stop()
            raise

    def _provision(self) -> None:
        self.child.wait_until_ready()
        clients = LocalClients(self._endpoint)
        self._sqs, self._dynamodb = clients.sqs(), clients.dynamodb()
        self._urls = {name: self._make_queue(name) for name in (QUEUE, POLLED)}
        self.queue_arn = self._arn(self._urls[QUEUE])
        make_table(self._dynamodb, TABLE)

    def _make_queue(self, name: str) -> str:
        letters = self._sqs.create_queue(QueueName=f"penstock-kills-{name}-dlq")["QueueUrl"]
        policy = {"deadLetterTargetArn": self._arn(letters), "maxReceiveCount": MAX_RECEIVE_COUNT}
        attributes: Any = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT), "RedrivePolicy": json.dumps(policy)}
        return self._sqs.create_queue(QueueName=f"penstock-kills-{name}", Attributes=attributes)["QueueUrl"]

    @property
    def settings(self) -> dict[str, str]:
        """The PENSTOCK_* variables."""
        queues = {
            name: {"url": self._urls[name], "time_limit": limit, "max_receive_count": MAX_RECEIVE_COUNT}
            for name, limit in ((QUEUE, TIME_LIMIT), (POLLED, LONG_TIME_LIMIT))
        }
        return {"PENSTOCK_QUEUES": json.dumps(queues), "PENSTOCK_TABLE": TABLE}

    def rows(self) -> dict[str, dict[str, Any]]:
        """A consistent scan: task id -> attributes, the result as a value."""
        rows: dict[str, dict[str, Any]] = {}
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True):
            for item in page["Items"]:
                row = dict(item_from_wire(item))
                if row["item"] == "task":
                    rows[str(row["task_id"])] = _version(row)
        return rows

    def left(self) -> dict[str, int]:
        """How many messages each queue has, visible or not."""
        return {name: self._count(url) for name, url in self._urls.items()}

    def letters(self) -> dict[str, int]:
        """The same of the dead-letter queues."""
        return {f"{name}-dlq": self._count(f"{url}-dlq") for name, url in self._urls.items()}

    def stop(self) -> None:
        """End the emulator."""
        self.child.ask_to_stop()
        self.child.stop_within(5)

    def _count(self, url: str) -> int:
        numbers: Any = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_NUMBERS))  # type: ignore[arg-type]
        return sum(int(numbers["Attributes"][name]) for name in _NUMBERS)

    def _arn(self, url: str) -> str:
        return self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


_KEPT = ("status", "attempts", "attempts_left", "lease_owner", "lease_expires_at", "finished_at", "error")


def _version(row: dict[str, Any]) -> dict[str, Any]:
    version = {"attempts": 0, **{name: row[name] for name in _KEPT if name in row}}
    return version | ({"result": json.loads(row["result"])} if "result" in row else {})
