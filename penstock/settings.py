"""Settings, frozen: the only reader of the process's environment.

| variable | meaning |
|---|---|
| PENSTOCK_QUEUES | JSON: queue name -> {"url", "max_receive_count", in seconds "time_limit", "retention", "visibility_timeout"} |
| PENSTOCK_TABLE | DynamoDB table of the outcomes |
| PENSTOCK_PAYLOAD_BUCKET | S3 bucket for arguments too large for a message, and for results too large for a row |
| PENSTOCK_DASHBOARD_URL | where the dashboard is mounted, as https://shop.example/penstock: messages link their task's page |
| PENSTOCK_TASK_METRICS | 1: the workers count by task too, which CloudWatch bills by the task; else by queue alone |
| AWS_REGION, AWS_DEFAULT_REGION | the region of all of these; without either, that of the AWS profile |
"""

import json
import os
import re
from collections.abc import Mapping

from msgspec import Struct, field

from penstock.errors import ConfigurationError, UnknownQueue
from penstock.text import closest

# Receives that a queue must still have when a task's attempts are used up: busy answers and throttles cost receives too.
RECEIVE_MARGIN = 3
DEAD_LETTER_SUFFIX = "-dlq"
_QUEUE_KEYS = frozenset({"url", "time_limit", "max_receive_count", "retention", "visibility_timeout"})


def dead_letter_queue(queue: str) -> str:
    """The name of a queue's dead-letter queue; transports take it wherever they take a queue name."""
    return queue + DEAD_LETTER_SUFFIX


class QueueSettings(Struct, frozen=True):
    """One queue: its SQS URL, the longest run of a task on it (seconds), the receives before SQS buries a message, and how
    long SQS keeps one (seconds).

    ``visibility_timeout`` (seconds) is what the queue was set up with, to compare with what it is; None: not told.
    """

    name: str
    url: str
    time_limit: int = 60
    max_receive_count: int = 10
    retention: int = 4 * 24 * 3600
    visibility_timeout: int | None = None

    @property
    def fifo(self) -> bool:
        """True for a FIFO queue: AWS has their names end in ``.fifo``."""
        return self.url.endswith(".fifo")

    @property
    def physical_name(self) -> str:
        """The queue's name at AWS, the last part of its URL and of its ARN."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def dead_letter_url(self) -> str:
        """The URL of the dead-letter queue, which is named after the queue."""
        if self.fifo:
            return self.url.removesuffix(".fifo") + DEAD_LETTER_SUFFIX + ".fifo"
        return self.url + DEAD_LETTER_SUFFIX


class Settings(Struct, frozen=True):
    """What a process must know of its stack."""

    queues: Mapping[str, QueueSettings] = field(default_factory=dict)
    table: str = ""
    payload_bucket: str = ""
    region: str = ""
    dashboard_url: str = ""
    task_metrics: bool = False
    ecs_agent_uri: str = ""

    @classmethod
    def load(cls) -> "Settings":
        """Read the process's own environment."""
        return cls.from_environ(os.environ)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read PENSTOCK_* variables; ConfigurationError names the variable and the fix."""
        _check_names(environ)
        return cls(
            queues=_queues(_required(environ, "PENSTOCK_QUEUES")),
            table=_required(environ, "PENSTOCK_TABLE"),
            payload_bucket=environ.get("PENSTOCK_PAYLOAD_BUCKET", ""),
            region=environ.get("AWS_REGION", "") or environ.get("AWS_DEFAULT_REGION", ""),
            dashboard_url=_dashboard_url(environ.get("PENSTOCK_DASHBOARD_URL", "")),
            task_metrics=_switch(environ, "PENSTOCK_TASK_METRICS"),
            ecs_agent_uri=environ.get("ECS_AGENT_URI", ""),
        )

    def task_page(self, task_id: str) -> str:
        """The URL of a task's page on the dashboard; empty where it is not known where that is."""
        return f"{self.dashboard_url}/tasks/{task_id}" if self.dashboard_url else ""

    def queue(self, name: str) -> QueueSettings:
        """The settings of queue ``name``; UnknownQueue where there is none."""
        try:
            return self.queues[name]
        except KeyError:
            raise UnknownQueue(name, list(self.queues)) from None

    def url(self, queue: str) -> str:
        """The URL of a queue or of a dead-letter queue, by name."""
        if queue.endswith(DEAD_LETTER_SUFFIX) and queue not in self.queues:
            return self.queue(queue.removesuffix(DEAD_LETTER_SUFFIX)).dead_letter_url
        return self.queue(queue).url

    def queue_of_arn(self, arn: str) -> str:
        """The name of the queue behind an ``eventSourceARN``."""
        physical = arn.rsplit(":", 1)[-1]
        for queue in self.queues.values():
            if queue.physical_name == physical:
                return queue.name
        raise UnknownQueue(physical, [queue.physical_name for queue in self.queues.values()])


_KNOWN = (
    "PENSTOCK_QUEUES",
    "PENSTOCK_TABLE",
    "PENSTOCK_PAYLOAD_BUCKET",
    "PENSTOCK_DASHBOARD_URL",
    "PENSTOCK_TASK_METRICS",
)
_ALIKE = 0.8  # PENSTOCK_TABEL is, PENSTOCK_WEB_TOKEN is not


def _check_names(environ: Mapping[str, str]) -> None:
    """Refuse a known variable misspelt: it would be ignored, and nobody would know. Others may be a project's own."""
    for name in environ:
        if name.startswith("PENSTOCK_") and name not in _KNOWN:
            meant = closest(name, _KNOWN, likeness=_ALIKE)
            if meant is not None:
                raise ConfigurationError(f"{name} is no setting of Penstock: did you mean {meant}?")


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigurationError(
            f"{name} is not set. Terraform sets it for the functions and `python -m local` for the local stack; "
            "see penstock/settings.py for the list"
        )
    return value


def _switch(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "")
    if text not in ("", "0", "1"):
        raise ConfigurationError(f"{name} is {text!r:.100}: write 1 to switch it on, or 0")
    return text == "1"


_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/?")
_MAX_URL_CHARACTERS = 1_000


def _dashboard_url(text: str) -> str:
    if text and (len(text) > _MAX_URL_CHARACTERS or not _URL.fullmatch(text)):
        raise ConfigurationError(
            f"PENSTOCK_DASHBOARD_URL is {text!r:.100}: write where the dashboard is mounted, such as "
            "https://shop.example/penstock, without a user, a query or a fragment"
        )
    return text.rstrip("/")


def _queues(text: str) -> dict[str, QueueSettings]:
    try:
        queues = json.loads(text)
        return {name: _queue(name, fields) for name, fields in queues.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise ConfigurationError(
            f'PENSTOCK_QUEUES is not JSON of the form {{"default": {{"url": "https://..."}}}}: {error}'
        ) from None


def _queue(name: str, fields: dict[str, object]) -> QueueSettings:
    unknown = fields.keys() - _QUEUE_KEYS
    if unknown or not isinstance(fields.get("url"), str):
        raise ConfigurationError(
            f"PENSTOCK_QUEUES[{name!r}] needs 'url' and knows {sorted(_QUEUE_KEYS)}; got {sorted(fields)}"
        )
    return QueueSettings(
        name, str(fields["url"]), **{key: _positive(name, key, fields[key]) for key in fields.keys() - {"url"}}
    )


def _positive(queue: str, key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"PENSTOCK_QUEUES[{queue!r}][{key!r}] is {value!r}: it must be a whole number from 1")
    return value
