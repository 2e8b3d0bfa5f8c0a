"""The event source mappings on AWS Lambda: what polls a queue, and the way to pause it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from penstock.aws.errors import calling, code_of
from penstock.aws.reused import Reused, is_aws
from penstock.errors import AccessRefused, NoMapping
from penstock.settings import Settings
from penstock.times import Clock, utc_now
from penstock.watching import Mapping

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

REUSED_SECONDS = 10
_PAUSED = frozenset({"Disabled", "Disabling", "Deleting"})


class LambdaMappings:
    """A ``Mappings`` over the queues of ``settings``; ``client`` makes the boto3 client, and is first called when it is needed.

    Lambda answers 15 requests a second for all who read or change an account's functions: so a page that asks every few seconds
    gets an answer of AWS's again for REUSED_SECONDS. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """

    def __init__(self, client: "Callable[[], LambdaClient]", settings: Settings, *, clock: Clock = utc_now) -> None:
        self._client = client
        self._settings = settings
        self._reused = Reused(clock, self._seconds_reused)

    def get(self, queue: str) -> Mapping | None:
        """ListEventSourceMappings by the queue's ARN; the first where there are several. It may be some seconds old."""
        return self._reused.answer(queue, lambda: self._first(queue))

    def set_enabled(self, queue: str, enabled: bool) -> Mapping:
        """UpdateEventSourceMapping; AWS takes some seconds to carry it out.

        AccessRefused where several functions poll the queue, for to pause one of them would pause nothing.
        """
        found = self._find(queue)
        if not found:
            raise NoMapping(queue, self._arn(queue))
        if len(found) > 1:
            raise AccessRefused(
                f"the queue {queue!r} has {len(found)} event source mappings ({', '.join(m['UUID'] for m in found)}): "
                "keep the one that Terraform made, or pause them in Lambda's console"
            )
        uuid = found[0]["UUID"]
        with calling("Lambda UpdateEventSourceMapping", uuid):
            try:
                answer = self._client().update_event_source_mapping(UUID=uuid, Enabled=enabled)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                raise NoMapping(queue, f"{uuid} was deleted just now") from error
        self._reused.forget(queue)
        return _mapping(queue, answer, enabled=enabled)

    def _first(self, queue: str) -> Mapping | None:
        found = self._find(queue)
        return _mapping(queue, found[0]) if found else None

    def _seconds_reused(self) -> int:
        return REUSED_SECONDS if is_aws(urlsplit(self._client().meta.endpoint_url).netloc) else 0

    def _find(self, queue: str) -> list[Any]:
        arn = self._arn(queue)
        with calling("Lambda ListEventSourceMappings", arn):
            pages = self._client().get_paginator("list_event_source_mappings").paginate(EventSourceArn=arn)
            return [mapping for page in pages for mapping in page["EventSourceMappings"]]

    def _arn(self, queue: str) -> str:
        account, name = self._settings.url(queue).rsplit("/", 2)[-2:]
        meta = self._client().meta
        return f"arn:{meta.partition}:sqs:{meta.region_name}:{account}:{name}"


def _mapping(queue: str, answer: Any, *, enabled: bool | None = None) -> Mapping:
    state = answer["State"]
    return Mapping(
        queue=queue,
        # While it is Updating, AWS does not say of which kind it was: a paused queue is rarely the one that is deployed.
        enabled=state not in _PAUSED if enabled is None else enabled,
        state=state,
        function=answer["FunctionArn"].split(":")[6],  # arn:aws:lambda:region:account:function:name[:alias]
        batch_size=answer["BatchSize"],
        batch_window=answer.get("MaximumBatchingWindowInSeconds", 0),
        max_concurrency=answer.get("ScalingConfig", {}).get("MaximumConcurrency"),
        reports_failures="ReportBatchItemFailures" in answer.get("FunctionResponseTypes", []),
    )
