"""Reads what is live on AWS for ``flask penstock doctor``: attributes and configurations, never a message, and writes nothing."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from penstock.aws import inspected_functions, inspected_queues, inspected_storage
from penstock.aws.asking import Asking
from penstock.facts import (
    Account,
    Denial,
    Facts,
    LiveFunction,
    LiveMapping,
    LiveQueue,
    LiveSchedule,
    Maybe,
    Need,
    NotReadable,
    QueueFacts,
)
from penstock.settings import QueueSettings, Settings

# Somebody waits, and a look asks many questions: IAM and Lambda throttle, so botocore tries again.
_CONFIG = Config(retries={"total_max_attempts": 4, "mode": "standard"}, connect_timeout=3, read_timeout=10)


class AwsInspector:
    """An ``Inspector`` over what ``settings`` name. Clients are made when they are asked for.

    ``local`` says that a stand-in on this machine answers, without functions, roles and schedules; None: by its address.
    """

    def __init__(self, session: boto3.session.Session, settings: Settings, *, local: bool | None = None) -> None:
        self._session = session
        self._settings = settings
        self._local = local
        self._clients: dict[str, Any] = {}

    def look(self, *, reconciler: str | None) -> Facts:
        """Some requests a queue, and about ten for all."""
        asking, local = Asking(), self._is_local()
        queues = {queue.name: self._queue(asking, queue) for queue in self._settings.queues.values()}
        bucket, remote = self._settings.payload_bucket, not local
        return Facts(
            local=local,
            account=self._account(asking),
            queues=queues,
            functions={arn: self._function(asking, arn) for arn in _functions(queues)} if remote else {},
            table=inspected_storage.table(asking, self._client("dynamodb"), self._settings.table),
            bucket=inspected_storage.bucket(asking, self._client("s3"), bucket) if bucket else None,
            reconciler=self._function(asking, reconciler) if reconciler and remote else None,
            schedule=self._schedule(asking, reconciler) if reconciler and remote else None,
            clock=asking.offset(),
        )

    def denials(self, role: str, needs: Sequence[Need]) -> Maybe[tuple[Denial, ...]]:
        """As IAM simulates it: the role's policies and its boundary, not those of the resources."""
        asking = Asking()
        arn = self._role_arn(asking, role)
        if arn is None or isinstance(arn, NotReadable):
            return arn
        return inspected_functions.denials(asking, self._client("iam"), arn, needs)

    def _role_arn(self, asking: Asking, role: str) -> Maybe[str]:
        if role.startswith("arn:"):
            return role
        return asking.ask(
            "iam:GetRole",
            role,
            lambda: cast("Mapping[str, Any]", self._client("iam").get_role(RoleName=role)),
            lambda answer: str(answer["Role"]["Arn"]),
            missing=("NoSuchEntity",),
        )

    def _account(self, asking: Asking) -> Maybe[Account]:
        sts = self._client("sts")
        return asking.ask(
            "sts:GetCallerIdentity",
            "the credentials",
            lambda: cast("Mapping[str, Any]", sts.get_caller_identity()),
            lambda answer: Account(answer["Account"], sts.meta.region_name),
        )

    def _queue(self, asking: Asking, queue: QueueSettings) -> QueueFacts:
        sqs = self._client("sqs")
        live = inspected_queues.queue(asking, sqs, queue.url)
        return QueueFacts(
            queue=live,
            letters=inspected_queues.queue(asking, sqs, queue.dead_letter_url),
            mappings=self._mappings(asking, live, queue),
        )

    def _mappings(
        self, asking: Asking, live: Maybe[LiveQueue], queue: QueueSettings
    ) -> tuple[LiveMapping, ...] | NotReadable:
        if live is None:
            return ()
        arn = live.arn if isinstance(live, LiveQueue) else self._arn(queue)
        return inspected_queues.mappings(asking, self._client("lambda"), arn)

    def _arn(self, queue: QueueSettings) -> str:
        meta = self._client("sqs").meta
        return f"arn:{meta.partition}:sqs:{meta.region_name}:{queue.url.rsplit('/', 2)[-2]}:{queue.physical_name}"

    def _function(self, asking: Asking, name: str) -> Maybe[LiveFunction]:
        return inspected_functions.function(asking, self._client("lambda"), name)

    def _schedule(self, asking: Asking, name: str) -> Maybe[LiveSchedule]:
        return inspected_functions.schedule(asking, self._client("scheduler"), name)

    def _is_local(self) -> bool:
        if self._local is not None:
            return self._local
        host = urlsplit(self._client("sqs").meta.endpoint_url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            make: Any = self._session.client  # its types know the services by their literal names
            self._clients[service] = make(service, config=_CONFIG)
        return self._clients[service]


def _functions(queues: Mapping[str, QueueFacts]) -> Iterator[str]:
    """The functions that the mappings name, each once."""
    yield from dict.fromkeys(
        mapping.function_arn
        for facts in queues.values()
        if not isinstance(facts.mappings, NotReadable)
        for mapping in facts.mappings
    )
