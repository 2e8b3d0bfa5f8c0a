"""Stacks in which exactly one thing is wrong: it is found by name, and nothing else is."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from penstock.doctor import CHECKS
from penstock.processes import set_paused
from penstock.queue_list import QueueList
from penstock.record import day_bucket
from penstock.settings import QueueSettings, Settings
from penstock.times import to_text, utc_now
from tests.doctor.conftest import Doctor, announce
from tests.doctor.stack import BLOCKS, BUCKET, LIST, PREFIX, QUEUES, TABLE, Stack

Break = Callable[[Stack, Doctor], Any]
BROKEN: dict[str, Break] = {}


def broken(function: Break) -> Break:
    """Put a stack on the list, under what its one finding is called."""
    BROKEN[function.__name__] = function
    return function


def url(stack: Stack, name: str) -> str:
    return stack.settings.url(name)


@broken
def queue_missing(stack: Stack, doctor: Doctor) -> None:
    queues = {
        **stack.settings.queues,
        "mails": QueueSettings("mails", url(stack, "default").replace("default", "mails")),
    }
    doctor.connect(replace(stack.settings, queues=queues))
    for function in ("worker-default", "worker-orders", "reconciler"):  # they know it as well
        stack.function(function, Environment={"Variables": environ_with(stack, mails={"url": queues["mails"].url})})


@broken
def queue_region(stack: Stack, doctor: Doctor) -> None:
    moved = "https://sqs.eu-west-1.amazonaws.com/123456789012/shop-prod-mails"
    add_queue_elsewhere(stack, doctor, moved)


@broken
def queue_account(stack: Stack, doctor: Doctor) -> None:
    add_queue_elsewhere(stack, doctor, "https://sqs.us-east-1.amazonaws.com/999999999999/shop-prod-mails")


def add_queue_elsewhere(stack: Stack, doctor: Doctor, where: str) -> None:
    doctor.connect(replace(stack.settings, queues={**stack.settings.queues, "mails": QueueSettings("mails", where)}))
    stack.function("reconciler", Environment={"Variables": environ_with(stack, mails={"url": where})})


def environ_with(stack: Stack, **queues: object) -> dict[str, str]:
    """The functions' environment with other entries in PENSTOCK_QUEUES."""
    return {**stack.environ, "PENSTOCK_QUEUES": json.dumps({**json.loads(stack.environ["PENSTOCK_QUEUES"]), **queues})}


@broken
def visibility_timeout(stack: Stack, doctor: Doctor) -> None:
    stack.queue("default", VisibilityTimeout=6 * 310 - 1)


@broken
def receive_margin(stack: Stack, doctor: Doctor) -> None:
    stack.queue("default", RedrivePolicy=redrive(stack, "default-dlq", 7))


@broken
def receive_count(stack: Stack, doctor: Doctor) -> None:
    doctor.tasks.registry._tasks.pop("ship")
    stack.queue("orders", RedrivePolicy=redrive(stack, "orders-dlq", 4))


def redrive(stack: Stack, letters: str, count: int) -> str:
    return json.dumps({"deadLetterTargetArn": stack.arn(letters), "maxReceiveCount": count})


@broken
def queue_delay(stack: Stack, doctor: Doctor) -> None:
    stack.queue("orders", DelaySeconds=5)


@broken
def queue_encryption(stack: Stack, doctor: Doctor) -> None:
    stack.queue("default-dlq", SqsManagedSseEnabled="false")


@broken
def queue_drift(stack: Stack, doctor: Doctor) -> None:
    stack.queue("default", VisibilityTimeout=6 * 310 + 1)


@broken
def redrive_policy(stack: Stack, doctor: Doctor) -> None:
    other = stack.clients["sqs"].create_queue(QueueName=f"{PREFIX}-trash")["QueueUrl"]
    target = stack.arn("default").replace("default", other.rpartition("-")[2])
    stack.queue("default", RedrivePolicy=json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 10}))


@broken
def dead_letter_type(stack: Stack, doctor: Doctor) -> None:
    stack.queue("default", RedrivePolicy=redrive(stack, "orders-dlq", 10))


@broken
def dead_letter_queue_missing(stack: Stack, doctor: Doctor) -> None:
    stack.clients["sqs"].delete_queue(QueueUrl=url(stack, "default-dlq"))


@broken
def dead_letter_retention(stack: Stack, doctor: Doctor) -> None:
    stack.queue("default-dlq", MessageRetentionPeriod=4 * 86_400)


@broken
def mapping_missing(stack: Stack, doctor: Doctor) -> None:
    stack.clients["lambda"].delete_event_source_mapping(UUID=stack.mapping_id("default"))


@broken
def mapping_several(stack: Stack, doctor: Doctor) -> None:
    stack.add_mapping(QUEUES.queue("default"), f"{PREFIX}-worker-default")
    allow_mappings(stack)


def allow_mappings(stack: Stack) -> None:
    pausing = {"Effect": "Allow", "Action": ["lambda:UpdateEventSourceMapping"], "Resource": ["*"]}
    stack.allow("web", *stack.statements("web"), pausing)


@broken
def mapping_function(stack: Stack, doctor: Doctor) -> None:
    stack.mapping("default", FunctionName=f"{PREFIX}-reconciler")
    stack.function("reconciler", Timeout=310)
    stack.allow("reconciler", *stack.statements("reconciler"), *stack.statements("worker-default"))


@broken
def mapping_disabled(stack: Stack, doctor: Doctor) -> None:
    stack.mapping("orders", Enabled=False)


@broken
def processes_paused(stack: Stack, doctor: Doctor) -> None:
    set_paused(doctor.tasks.ports, "default", True)


@broken
def report_batch_item_failures(stack: Stack, doctor: Doctor) -> None:
    stack.mapping("default", FunctionResponseTypes=[])


@broken
def mapping_filter(stack: Stack, doctor: Doctor) -> None:
    stack.mapping("default", FilterCriteria={"Filters": [{"Pattern": '{"body": {"v": [1]}}'}]})


@broken
def fifo_batch(stack: Stack, doctor: Doctor) -> None:
    stack.mapping("orders", BatchSize=2)
    stack.function("worker-orders", Timeout=130)
    stack.queue("orders", VisibilityTimeout=6 * 130)
    doctor.connect(of_orders(stack.settings, visibility_timeout=6 * 130))
    told = environ_with(
        stack, orders={**json.loads(stack.environ["PENSTOCK_QUEUES"])["orders"], "visibility_timeout": 780}
    )
    stack.function("worker-orders", Environment={"Variables": told})


def of_orders(settings: Settings, **changes: int) -> Settings:
    return replace(settings, queues={**settings.queues, "orders": replace(settings.queue("orders"), **changes)})


@broken
def batch_time(stack: Stack, doctor: Doctor) -> None:
    stack.function("worker-default", Timeout=309)


@broken
def reserved_concurrency(stack: Stack, doctor: Doctor) -> None:
    reserve(stack, 4)


def reserve(stack: Stack, count: int) -> None:
    stack.clients["lambda"].put_function_concurrency(
        FunctionName=f"{PREFIX}-worker-default", ReservedConcurrentExecutions=count
    )


@broken
def function_missing(stack: Stack, doctor: Doctor) -> None:
    stack.clients["lambda"].delete_function(FunctionName=f"{PREFIX}-worker-default")


@broken
def function_settings(stack: Stack, doctor: Doctor) -> None:
    stack.function("worker-default", Environment={"Variables": {**stack.environ, "PENSTOCK_TABLE": "shop-dev-tasks"}})


@broken
def settings_skew(stack: Stack, doctor: Doctor) -> None:
    doctor.connect(of_orders(stack.settings, time_limit=59))


@broken
def table_missing(stack: Stack, doctor: Doctor) -> None:
    announce(doctor.tasks)
    stack.clients["dynamodb"].update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    stack.clients["dynamodb"].delete_table(TableName=TABLE)


@broken
def table_keys(stack: Stack, doctor: Doctor) -> None:
    definitions = [{"AttributeName": name, "AttributeType": "S"} for name in ("order", "line", *INDEX_ATTRIBUTES)]
    stack.new_table(AttributeDefinitions=definitions, KeySchema=key("order", "line"))


INDEX_ATTRIBUTES = ("created_bucket", "created_at", "failure_key", "failed_bucket", "failed_at")


def key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@broken
def table_index(stack: Stack, doctor: Doctor) -> None:
    stack.clients["dynamodb"].update_table(
        TableName=TABLE, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_failed"}}]
    )


@broken
def table_ttl(stack: Stack, doctor: Doctor) -> None:
    off = {"Enabled": False, "AttributeName": "expires_at"}
    stack.clients["dynamodb"].update_time_to_live(TableName=TABLE, TimeToLiveSpecification=off)


@broken
def point_in_time_recovery(stack: Stack, doctor: Doctor) -> None:
    stack.recovery(enabled=False)


@broken
def deletion_protection(stack: Stack, doctor: Doctor) -> None:
    stack.clients["dynamodb"].update_table(TableName=TABLE, DeletionProtectionEnabled=False)


@broken
def table_encryption(stack: Stack, doctor: Doctor) -> None:
    stack.new_table(SSESpecification={"Enabled": False})


@broken
def payload_bucket_unset(stack: Stack, doctor: Doctor) -> None:
    doctor.connect(replace(stack.settings, payload_bucket=""))
    for function in ("worker-default", "worker-orders", "reconciler"):
        stack.function(function, Environment={"Variables": {**stack.environ, "PENSTOCK_PAYLOAD_BUCKET": ""}})


@broken
def payload_bucket_missing(stack: Stack, doctor: Doctor) -> None:
    stack.clients["s3"].delete_bucket(Bucket=BUCKET)


@broken
def public_access(stack: Stack, doctor: Doctor) -> None:
    blocks = {**dict.fromkeys(BLOCKS, True), "BlockPublicPolicy": False}
    stack.clients["s3"].put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=blocks)


@broken
def payload_lifecycle(stack: Stack, doctor: Doctor) -> None:
    stack.lifecycle(arguments=28, results=30, envelopes=30)


@broken
def payload_expiry(stack: Stack, doctor: Doctor) -> None:
    stack.lifecycle(arguments=30, results=30)


@broken
def worker_role(stack: Stack, doctor: Doctor) -> None:
    stack.forbid("worker-default", "sqs:ChangeMessageVisibility")


@broken
def reconciler_role(stack: Stack, doctor: Doctor) -> None:
    stack.forbid("reconciler", "dynamodb:UpdateItem")


@broken
def web_role(stack: Stack, doctor: Doctor) -> None:
    stack.forbid("web", "sqs:StartMessageMoveTask")


@broken
def reconciler_missing(stack: Stack, doctor: Doctor) -> None:
    stack.clients["lambda"].delete_function(FunctionName=f"{PREFIX}-reconciler")


@broken
def reconciler_schedule(stack: Stack, doctor: Doctor) -> None:
    stack.schedule(State="DISABLED")


@broken
def reconciler_settings(stack: Stack, doctor: Doctor) -> None:
    only = {"default": json.loads(stack.environ["PENSTOCK_QUEUES"])["default"]}
    stack.function("reconciler", Environment={"Variables": {**stack.environ, "PENSTOCK_QUEUES": json.dumps(only)}})


@broken
def version_skew(stack: Stack, doctor: Doctor) -> None:
    announce(doctor.tasks, version="0.0.9")


@broken
def envelope_version(stack: Stack, doctor: Doctor) -> None:
    doctor.tasks.ports.ledger.count(
        "workers",
        "default#function#0.0.1",
        {"told": 1},
        first={"queue": "default", "kind": "function", "release": "0.0.1", "first_at": "2999-01-01T00:00:00.000Z"},
        latest={"last_at": "2999-01-01T00:00:00.000Z", "envelope": 1},
        expires_at=utc_now() + timedelta(days=1),
    )


@broken
def stray_tasks(stack: Stack, doctor: Doctor) -> None:
    now = utc_now()
    row = {"task_id": "t-1", "item": "task", "created_bucket": day_bucket("t-1", now), "created_at": to_text(now)}
    texts = {**row, "task": "send_mail", "queue": "mails"}
    stack.clients["dynamodb"].put_item(TableName=TABLE, Item={name: {"S": text} for name, text in texts.items()})


@broken
def queue_not_live(stack: Stack, doctor: Doctor) -> QueueList:
    return a_list({**LIST["queues"], "mails": {}})


@broken
def queue_not_listed(stack: Stack, doctor: Doctor) -> QueueList:
    return a_list({"default": LIST["queues"]["default"]})


@broken
def list_drift(stack: Stack, doctor: Doctor) -> QueueList:
    return a_list({**LIST["queues"], "default": {**LIST["queues"]["default"], "max_concurrency": 6}})


def a_list(queues: dict[str, Any]) -> QueueList:
    return QueueList.from_text(json.dumps({"queues": queues}), source="a test")


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_found_by_name_and_nothing_else_is(stack: Stack, doctor: Doctor, name: str) -> None:
    queue_list = BROKEN[name](stack, doctor)
    report = doctor.examine(queue_list=queue_list)
    assert {finding.name for finding in report.findings} == {name.replace("_", "-")}, report.findings
    assert report.is_well == (report.findings[0].severity == "warning")


# What moto has no way to break: these checks are tested on facts (test_checks.py).
ON_FACTS = {"redrive-allow-policy", "table-key-inaccessible", "clock-wrong", "clock-drift"}


def test_every_check_has_a_stack_that_it_finds() -> None:
    assert {name.replace("_", "-") for name in BROKEN} | ON_FACTS == {check.name for check in CHECKS}
