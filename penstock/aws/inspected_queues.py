"""What SQS tells of a queue, and Lambda of the mappings that poll it."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from penstock.aws.asking import Asking
from penstock.facts import LiveMapping, LiveQueue, Maybe, NotReadable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

_NO_QUEUE = frozenset({"NonExistentQueue", "QueueDoesNotExist"})


def queue(asking: Asking, sqs: "SQSClient", url: str) -> Maybe[LiveQueue]:
    """GetQueueAttributes."""
    return asking.ask(
        "sqs:GetQueueAttributes",
        url,
        lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
        lambda answer: _queue(answer["Attributes"]),
        missing=_NO_QUEUE,
    )


def _queue(found: Mapping[str, str]) -> LiveQueue:
    redrive = json.loads(found.get("RedrivePolicy") or "{}")
    return LiveQueue(
        arn=found["QueueArn"],
        fifo=found.get("FifoQueue") == "true",
        visibility_timeout=int(found["VisibilityTimeout"]),
        retention=int(found["MessageRetentionPeriod"]),
        delay=int(found["DelaySeconds"]),
        encrypted=found.get("SqsManagedSseEnabled") == "true" or bool(found.get("KmsMasterKeyId")),
        max_receive_count=int(redrive["maxReceiveCount"]) if redrive else None,
        dead_letter_arn=redrive["deadLetterTargetArn"] if redrive else None,
        allows_redrive_from=_allowed(json.loads(found.get("RedriveAllowPolicy") or "{}")),
    )


def _allowed(policy: Mapping[str, Any]) -> tuple[str, ...] | None:
    match policy.get("redrivePermission", "allowAll"):
        case "allowAll":
            return None
        case "byQueue":
            return tuple(policy.get("sourceQueueArns", ()))
        case _:
            return ()


def mappings(asking: Asking, functions: "LambdaClient", queue_arn: str) -> tuple[LiveMapping, ...] | NotReadable:
    """ListEventSourceMappings, all pages."""
    pages = functions.get_paginator("list_event_source_mappings")
    found = asking.ask(
        "lambda:ListEventSourceMappings",
        queue_arn,
        lambda: pages.paginate(EventSourceArn=queue_arn).build_full_result(),
        lambda answer: tuple(_mapping(mapping) for mapping in answer["EventSourceMappings"]),
    )
    return () if found is None else found


def _mapping(answer: Mapping[str, Any]) -> LiveMapping:
    return LiveMapping(
        uuid=answer["UUID"],
        function_arn=answer["FunctionArn"],
        state=answer["State"],
        batch_size=answer["BatchSize"],
        batch_window=answer.get("MaximumBatchingWindowInSeconds", 0),
        max_concurrency=answer.get("ScalingConfig", {}).get("MaximumConcurrency"),
        reports_failures="ReportBatchItemFailures" in answer.get("FunctionResponseTypes", []),
        filtered=bool((answer.get("FilterCriteria") or {}).get("Filters")),
    )
