"""The event source mappings on AWS Lambda: what polls a queue, and the way to pause it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from penstock.aws.errors import calling, code_of
from penstock.errors import AccessRefused, NoMapping
from penstock.settings import Settings
from penstock.watching import Mapping

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_PAUSED = frozenset({"Disabled", "Disabling", "Deleting"})


class LambdaMappings:
    """A ``Mappings`` over the queues of ``settings``; ``client`` makes the boto3 client, and is first called when it is needed.

    Lambda answers 15 requests a second for all who read or change an account's functions: do not ask for each page view.
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """

    def __init__(self, client: "Callable[[], LambdaClient]", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def get(self, queue: str) -> Mapping | None:
        """ListEventSourceMappings by the queue's ARN; the first where there are several."""
        found = self._find(queue)
        return _mapping(queue, found[0]) if found else None

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
        return _mapping(queue, answer, enabled=enabled)

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
