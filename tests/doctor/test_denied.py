"""Credentials that may not look: what is missing is named, and what was not seen is not fine.

Each call is judged before it is sent, by the action that AWS's service authorization reference gives it: moto checks the
signatures of half of these services only.
"""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from penstock.aws.inspector import AwsInspector
from penstock.doctor import Report
from tests.doctor.conftest import Doctor
from tests.doctor.stack import BUCKET, PREFIX, QUEUES, TABLE, Stack, session
from tests.doctor.test_inspector import refused, reply

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html: where the action is not the operation
ACTIONS = {
    "HeadBucket": "s3:ListBucket",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
}
# What docs/doctor.md lists.
LOOKING = (
    "sqs:GetQueueAttributes",
    "lambda:ListEventSourceMappings",
    "lambda:GetFunctionConfiguration",
    "lambda:GetFunctionConcurrency",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:DescribeContinuousBackups",
    "s3:ListBucket",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetLifecycleConfiguration",
    "scheduler:GetSchedule",
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
)
Examine = Callable[..., Report]


@pytest.fixture
def examine_with(stack: Stack, doctor: Doctor) -> Examine:
    """Examine with credentials that may do these actions and no others."""

    def examine(*allowed: str) -> Report:
        def judge(model: Any, **_: Any) -> object:
            action = ACTIONS.get(model.name, f"{model.service_model.signing_name}:{model.name}")
            return None if action in (*allowed, "sts:GetCallerIdentity") else reply(refused("AccessDenied"))

        theirs = session()
        for event in ("before-call", "before-call.iam.SimulatePrincipalPolicy"):  # the latter before session()'s own
            theirs.events.register_first(event, judge)
        doctor.tasks.connect(replace(doctor.tasks.ports, inspector=AwsInspector(theirs, stack.settings)))
        return doctor.examine()

    return examine


def test_who_may_look_at_everything_sees_everything(examine_with: Examine) -> None:
    report = examine_with(*LOOKING)
    assert (report.findings, report.not_checked) == ([], [])


def test_who_may_look_at_nothing_is_told_and_is_not_well(examine_with: Examine) -> None:
    report = examine_with()
    # Without a function's configuration nobody asks for its concurrency, or what its role may do.
    unasked = {"lambda:GetFunctionConcurrency", "iam:SimulatePrincipalPolicy"}
    assert {one.permission for one in report.not_checked} == {*LOOKING} - unasked
    assert (report.findings, report.is_well) == ([], False)


WORKERS = {f"{PREFIX}-worker-{name}" for name in QUEUES.queues}


@pytest.mark.parametrize(
    ("missing", "resources", "essential"),
    [
        ("lambda:GetFunctionConcurrency", WORKERS, False),
        ("dynamodb:DescribeTable", {TABLE}, True),
        ("dynamodb:DescribeTimeToLive", {TABLE}, True),
        ("dynamodb:DescribeContinuousBackups", {TABLE}, False),
        ("s3:ListBucket", {BUCKET}, False),
        ("s3:GetBucketPublicAccessBlock", {BUCKET}, False),
        ("s3:GetLifecycleConfiguration", {BUCKET}, False),
        ("scheduler:GetSchedule", {f"{PREFIX}-reconciler"}, False),
        ("iam:GetRole", {f"{PREFIX}-web"}, False),
    ],
)
def test_who_lacks_one_permission_is_told_which_and_on_what(
    examine_with: Examine, missing: str, resources: set[str], essential: bool
) -> None:
    report = examine_with(*(action for action in LOOKING if action != missing))
    assert {(one.permission, one.resource) for one in report.not_checked} == {(missing, one) for one in resources}
    assert (report.findings, report.is_well) == ([], not essential)


@pytest.mark.parametrize(
    "missing", ["sqs:GetQueueAttributes", "lambda:ListEventSourceMappings", "lambda:GetFunctionConfiguration"]
)
def test_who_cannot_see_a_queue_or_what_works_on_it_is_not_well(examine_with: Examine, missing: str) -> None:
    report = examine_with(*(action for action in LOOKING if action != missing))
    assert {one.permission for one in report.not_checked if one.essential} == {missing}
    assert (report.findings, report.is_well) == ([], False)


def test_without_the_simulation_every_role_is_unknown_and_none_is_fine(examine_with: Examine) -> None:
    report = examine_with(*(action for action in LOOKING if action != "iam:SimulatePrincipalPolicy"))
    roles = {
        "shop-prod-worker-default (default)",
        "shop-prod-worker-orders (orders)",
        "shop-prod-reconciler",
        "shop-prod-web",
    }
    assert {one.what for one in report.not_checked} == {f"what {role} may do" for role in roles}
    assert {one.permission for one in report.not_checked} == {"iam:SimulatePrincipalPolicy"}
