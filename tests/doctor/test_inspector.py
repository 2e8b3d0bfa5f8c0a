"""What the adapter makes of AWS's answers, and of its refusals."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from boto3.session import Session
from botocore.exceptions import ClientError, EndpointConnectionError

from penstock.aws.asking import Asking
from penstock.aws.inspected_functions import denials, function
from penstock.aws.inspected_queues import mappings, queue
from penstock.aws.inspected_storage import bucket, table
from penstock.aws.inspector import AwsInspector
from penstock.facts import (
    ClockOffset,
    Denial,
    Expiry,
    Facts,
    LiveFunction,
    LiveMapping,
    LiveQueue,
    LiveTable,
    Need,
    NotReadable,
)
from penstock.settings import QueueSettings, Settings

DATE = "Thu, 26 Nov 2026 02:00:00 GMT"
NOON = 1795658400.0  # that moment, since 1970
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/shop"
QUEUE = {
    "QueueArn": "arn:aws:sqs:us-east-1:123456789012:shop",
    "VisibilityTimeout": "30",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
}


def answering(service: str, **answers: Any) -> Any:
    """A client of AWS whose operations are answered before they are sent: moto knows less than AWS."""
    session = boto3.session.Session("an-id", "a-key", region_name="us-east-1")
    make: Any = session.client
    client = make(service)
    for operation, answer in answers.items():
        client.meta.events.register(f"before-call.{service}.{operation}", lambda answer=answer, **_: reply(answer))
    return client


def reply(answer: Any) -> tuple[object, dict[str, Any]]:
    class Response:
        status_code = 400 if "Error" in answer else 200

    headers = {"ResponseMetadata": {"HTTPHeaders": {"date": DATE}, "HTTPStatusCode": Response.status_code}}
    return Response(), {**headers, **answer}


def clock(*times: float) -> Callable[[], float]:
    """A clock that shows these times, one a look, and then stands still."""
    left = [*times]
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def refused(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "no"}}


def test_a_queue_is_read_with_its_policies() -> None:
    policies = {
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:d", "maxReceiveCount": "7"}),
        "RedriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:q"]}),
        "KmsMasterKeyId": "alias/mine",
    }
    sqs = answering("sqs", GetQueueAttributes={"Attributes": {**QUEUE, **policies}})
    assert queue(Asking(), sqs, URL) == LiveQueue(
        arn=QUEUE["QueueArn"],
        fifo=False,
        visibility_timeout=30,
        retention=345_600,
        delay=0,
        encrypted=True,
        max_receive_count=7,
        dead_letter_arn="arn:d",
        allows_redrive_from=("arn:q",),
    )


@pytest.mark.parametrize(
    ("policy", "sources"),
    [
        ({}, None),
        ({"RedriveAllowPolicy": ""}, None),
        ({"RedriveAllowPolicy": '{"redrivePermission": "allowAll"}'}, None),
        ({"RedriveAllowPolicy": '{"redrivePermission": "denyAll"}'}, ()),
        ({"RedriveAllowPolicy": '{"redrivePermission": "byQueue"}'}, ()),
    ],
)
def test_who_may_redrive_into_a_queue(policy: dict[str, str], sources: tuple[str, ...] | None) -> None:
    live = queue(Asking(), answering("sqs", GetQueueAttributes={"Attributes": {**QUEUE, **policy}}), URL)
    assert isinstance(live, LiveQueue)
    assert live.allows_redrive_from == sources


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"])
def test_a_queue_that_is_not_there_is_none(code: str) -> None:
    assert queue(Asking(), answering("sqs", GetQueueAttributes=refused(code)), URL) is None


def test_a_refusal_names_the_permission_and_the_resource() -> None:
    sqs = answering("sqs", GetQueueAttributes=refused("AccessDenied"))
    assert queue(Asking(), sqs, URL) == NotReadable("sqs:GetQueueAttributes", URL, "AccessDenied: no")


def test_an_answer_that_is_not_aws_s_is_not_taken_for_one() -> None:
    live = queue(Asking(), answering("sqs", GetQueueAttributes={}), URL)
    assert isinstance(live, NotReadable)
    assert live.reason == "an answer that AWS does not give: KeyError 'Attributes'"


def test_no_answer_at_all_is_a_value_too() -> None:
    def call() -> Any:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    assert Asking().ask("p", "r", call, lambda answer: answer) == NotReadable(
        "p", "r", 'EndpointConnectionError: Could not connect to the endpoint URL: "https://sqs"'
    )


def test_every_page_of_mappings_is_read() -> None:
    page = {"UUID": "1", "FunctionArn": "arn:f", "State": "Enabled", "BatchSize": 10}
    functions = answering("lambda")
    pages = [{"EventSourceMappings": [page], "NextMarker": "more"}, {"EventSourceMappings": [{**page, "UUID": "2"}]}]
    functions.meta.events.register("before-call.lambda.ListEventSourceMappings", lambda **_: reply(pages.pop(0)))
    found = mappings(Asking(), functions, "arn:q")
    assert not isinstance(found, NotReadable)
    assert [mapping.uuid for mapping in found] == ["1", "2"]


def test_what_a_mapping_does_not_say_is_aws_s_default() -> None:
    page = {"UUID": "1", "FunctionArn": "arn:f", "State": "Enabled", "BatchSize": 10, "FilterCriteria": {"Filters": []}}
    found = mappings(Asking(), answering("lambda", ListEventSourceMappings={"EventSourceMappings": [page]}), "arn:q")
    assert found == (LiveMapping("1", "arn:f", "Enabled", 10, 0, None, False, False),)


@pytest.mark.parametrize(
    ("description", "encryption"),
    [
        ({}, "aws"),
        ({"Status": "DISABLED"}, "aws"),
        ({"Status": "ENABLED"}, "kms"),
        ({"Status": "ENABLED", "InaccessibleEncryptionDateTime": "2026-11-26"}, "inaccessible"),
    ],
)
def test_how_a_table_is_encrypted(description: dict[str, str], encryption: str) -> None:
    keys = [{"AttributeName": "item", "KeyType": "RANGE"}, {"AttributeName": "task_id", "KeyType": "HASH"}]
    told = {"Table": {"TableArn": "arn:t", "KeySchema": keys, "SSEDescription": description}}
    dynamodb = answering(
        "dynamodb",
        DescribeTable=told,
        DescribeTimeToLive=refused("AccessDeniedException"),
        DescribeContinuousBackups=refused("TableNotFoundException"),
    )
    facts = table(Asking(), dynamodb, "tasks")
    assert facts.table == LiveTable("arn:t", ("task_id", "item"), {}, False, encryption)
    assert facts.ttl_attribute == NotReadable("dynamodb:DescribeTimeToLive", "tasks", "AccessDeniedException: no")
    assert facts.recovers is None


def test_a_bucket_that_may_not_be_looked_at_is_not_missing() -> None:
    s3 = answering(
        "s3",
        HeadBucket=refused("403"),
        GetPublicAccessBlock=refused("AccessDenied"),
        GetBucketLifecycleConfiguration=refused("AccessDenied"),
    )
    found = bucket(Asking(), s3, "payloads")
    asked = [found.exists, found.public_access_open, found.expiries]
    assert [one.permission for one in asked if isinstance(one, NotReadable)] == [
        "s3:ListBucket",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetLifecycleConfiguration",
    ]


def test_a_rule_that_is_switched_off_deletes_nothing() -> None:
    rules = [
        {"Status": "Disabled", "Filter": {"Prefix": "arguments/"}, "Expiration": {"Days": 1}},
        {"Status": "Enabled", "Filter": {"And": {"Prefix": "results/", "Tags": []}}, "Expiration": {"Days": 30}},
        {"Status": "Enabled", "Prefix": "envelopes/", "Expiration": {"Days": 31}},
        {"Status": "Enabled", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
    ]
    s3 = answering("s3", HeadBucket={}, GetPublicAccessBlock={}, GetBucketLifecycleConfiguration={"Rules": rules})
    found = bucket(Asking(), s3, "payloads").expiries
    assert not isinstance(found, NotReadable)
    assert found is not None
    assert [(rule.prefix, rule.days) for rule in found] == [("results/", 30), ("envelopes/", 31)]


@pytest.mark.parametrize(
    "only",
    [
        {"Filter": {"Tag": {"Key": "kind", "Value": "draft"}}},
        {"Filter": {"ObjectSizeGreaterThan": 1_048_576}},
        {"Filter": {"ObjectSizeLessThan": 1_024}},
        {"Filter": {"And": {"Prefix": "arguments/", "Tags": [{"Key": "kind", "Value": "draft"}]}}},
        {"Filter": {"And": {"Prefix": "results/", "ObjectSizeLessThan": 1_024}}},
    ],
)
def test_a_rule_for_some_objects_by_tag_or_size_says_nothing_of_a_prefix(only: dict[str, Any]) -> None:
    rules = [{"Status": "Enabled", **only, "Expiration": {"Days": 1}}]
    s3 = answering("s3", HeadBucket={}, GetPublicAccessBlock={}, GetBucketLifecycleConfiguration={"Rules": rules})
    assert bucket(Asking(), s3, "payloads").expiries == ()


@pytest.mark.parametrize("everything", [{"Filter": {}}, {"Filter": {"Prefix": ""}}, {"Prefix": ""}])
def test_a_rule_without_a_filter_is_for_the_whole_bucket(everything: dict[str, Any]) -> None:
    rules = [{"Status": "Enabled", **everything, "Expiration": {"Days": 30}}]
    s3 = answering("s3", HeadBucket={}, GetPublicAccessBlock={}, GetBucketLifecycleConfiguration={"Rules": rules})
    assert bucket(Asking(), s3, "payloads").expiries == (Expiry("", 30),)


CONFIGURATION = {"FunctionName": "w", "FunctionArn": "arn:f", "Role": "arn:r", "Timeout": 310}


def worker(environment: dict[str, Any], concurrency: Any = None) -> Any:
    told = {**CONFIGURATION, "Environment": environment}
    client = answering("lambda", GetFunctionConfiguration=told, GetFunctionConcurrency=concurrency or {})
    return function(Asking(), client, "w")


def test_of_a_function_s_environment_only_our_own_variables_are_taken() -> None:
    found = worker({"Variables": {"PENSTOCK_TABLE": "tasks", "DATABASE_PASSWORD": "hunter2"}})
    assert found == LiveFunction("w", "arn:f", "arn:r", 310, {"PENSTOCK_TABLE": "tasks"}, None)


def test_an_environment_that_cannot_be_decrypted_is_not_an_empty_one() -> None:
    found = worker({"Error": {"ErrorCode": "AccessDeniedException", "Message": "no key"}})
    assert found.environment == NotReadable("kms:Decrypt", "w", "AccessDeniedException: no key")


REFUSAL = NotReadable("lambda:GetFunctionConcurrency", "w", "AccessDenied: no")


@pytest.mark.parametrize(
    ("answer", "reserved"), [({"ReservedConcurrentExecutions": 0}, 0), (refused("AccessDenied"), REFUSAL)]
)
def test_what_is_reserved_for_a_function(answer: dict[str, Any], reserved: object) -> None:
    assert worker({}, answer).reserved_concurrency == reserved


ROLE = "arn:aws:iam::123456789012:role/web"
NEEDS = [
    Need(("sqs:SendMessage", "sqs:DeleteMessage"), "arn:q"),
    Need(("dynamodb:PutItem",), "arn:t", {"dynamodb:LeadingKeys": ("~a",)}),
]


def test_a_simulation_asks_for_each_resource_with_what_a_request_brings() -> None:
    iam, asked = answering("iam"), list[dict[str, str]]()

    def answer(params: dict[str, Any], **_: Any) -> object:
        asked.append(params["body"])
        actions = [value for name, value in params["body"].items() if name.startswith("ActionNames.")]
        decisions = {"sqs:SendMessage": "allowed", "sqs:DeleteMessage": "explicitDeny"}
        return reply(
            {
                "EvaluationResults": [
                    {"EvalActionName": action, "EvalDecision": decisions.get(action, "implicitDeny")}
                    for action in actions
                ]
            }
        )

    iam.meta.events.register("before-call.iam.SimulatePrincipalPolicy", answer)
    assert denials(Asking(), iam, ROLE, NEEDS) == (
        Denial("sqs:DeleteMessage", "arn:q"),
        Denial("dynamodb:PutItem", "arn:t"),
    )
    assert asked[1] == {
        "Action": "SimulatePrincipalPolicy",
        "Version": "2010-05-08",
        "PolicySourceArn": ROLE,
        "ActionNames.member.1": "dynamodb:PutItem",
        "ResourceArns.member.1": "arn:t",
        "ContextEntries.member.1.ContextKeyName": "dynamodb:LeadingKeys",
        "ContextEntries.member.1.ContextKeyType": "stringList",
        "ContextEntries.member.1.ContextKeyValues.member.1": "~a",
    }


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("NoSuchEntity", None),
        ("AccessDenied", NotReadable("iam:SimulatePrincipalPolicy", ROLE, "AccessDenied: no")),
    ],
)
def test_a_role_that_is_not_there_and_one_that_may_not_be_simulated(code: str, answer: object) -> None:
    assert denials(Asking(), answering("iam", SimulatePrincipalPolicy=refused(code)), ROLE, NEEDS) == answer


def dated(asking: Asking, date: str | None = DATE) -> None:
    headers = {} if date is None else {"date": date}
    asking.ask("p", "r", lambda: {"ResponseMetadata": {"HTTPHeaders": headers}}, lambda answer: answer)


def test_an_answer_tells_the_clock_to_a_second_and_the_time_of_the_call() -> None:
    asking = Asking(clock(NOON + 10.0, NOON + 10.3))
    dated(asking)
    assert asking.offset() == ClockOffset(pytest.approx(9.0), pytest.approx(10.3))


def test_more_answers_tell_it_better() -> None:
    asking = Asking(clock(NOON + 0.9, NOON + 0.95, NOON + 0.2, NOON + 0.25))
    dated(asking)
    dated(asking)
    assert asking.offset() == ClockOffset(pytest.approx(-0.1), pytest.approx(0.25))


def test_bounds_that_cross_by_milliseconds_are_still_bounds() -> None:
    asking = Asking(clock(NOON + 1.05, NOON + 1.06, NOON, NOON + 0.01))
    dated(asking)
    dated(asking)
    assert asking.offset() == ClockOffset(pytest.approx(0.01), pytest.approx(0.05))


def test_a_refusal_tells_the_clock_too() -> None:
    asking = Asking(clock(NOON + 400.0))

    def call() -> Any:
        raise ClientError({**refused("RequestExpired"), "ResponseMetadata": {"HTTPHeaders": {"date": DATE}}}, "x")  # type: ignore[typeddict-item]

    asking.ask("p", "r", call, lambda answer: answer)
    assert asking.offset() == ClockOffset(pytest.approx(399.0), pytest.approx(400.0))


def test_without_a_date_nothing_is_said_of_the_clock() -> None:
    asking = Asking(clock(NOON))
    dated(asking, None)
    assert asking.offset() is None


SETTINGS = Settings({"shop": QueueSettings("shop", URL)}, table="tasks")


def look(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> Facts:
    """A look at an endpoint where nobody listens."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setattr("penstock.aws.inspector._CONFIG", boto3.session.Config(retries={"total_max_attempts": 1}))
    session = Session("an-id", "a-key", region_name="us-east-1")
    return AwsInspector(session, SETTINGS).look(reconciler="shop-reconciler")


def test_where_nobody_answers_nothing_is_known_and_nothing_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = look(monkeypatch, "http://127.0.0.1:9")
    everything = [facts.account, facts.table.table, *(facts.queues["shop"].queue, facts.queues["shop"].mappings)]
    assert all(isinstance(one, NotReadable) for one in everything)
    assert facts.clock is None


def test_a_stand_in_on_this_machine_is_not_asked_for_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = look(monkeypatch, "http://127.0.0.1:9")
    assert (facts.local, facts.functions, facts.reconciler, facts.schedule) == (True, {}, None, None)
