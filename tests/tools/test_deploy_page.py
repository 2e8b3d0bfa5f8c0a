"""docs/deploy.md: its policy allows what a deployment was seen to do and no stars, and its commands exist."""

import json
import re
from typing import Any

from tools.project import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
STARS = {  # Sid -> why its resource is `*`
    "Mappings": "a new mapping has no name yet: the condition names the functions",
    "WhatKnowsNoNames": "these actions know no resource",
}
# What Terraform (provider 5.100) and Zappa (0.63) asked of an emulator while a stage was deployed, updated and destroyed, as
# IAM calls it.
SEEN = {
    "sqs": "CreateQueue DeleteQueue GetQueueAttributes SetQueueAttributes ListQueueTags TagQueue",
    "dynamodb": "CreateTable DeleteTable DescribeTable DescribeContinuousBackups UpdateContinuousBackups DescribeTimeToLive "
    "UpdateTimeToLive ListTagsOfResource TagResource",
    "iam": "CreateRole DeleteRole GetRole PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies "
    "ListAttachedRolePolicies ListInstanceProfilesForRole TagRole PassRole",
    "lambda": "CreateFunction DeleteFunction GetFunction GetFunctionConfiguration UpdateFunctionCode "
    "UpdateFunctionConfiguration ListVersionsByFunction GetFunctionCodeSigningConfig GetPolicy CreateFunctionUrlConfig "
    "AddPermission RemovePermission GetFunctionUrlConfig ListFunctionUrlConfigs "
    "UpdateFunctionUrlConfig CreateEventSourceMapping GetEventSourceMapping "
    "DeleteEventSourceMapping ListTags",
    "logs": "CreateLogGroup DeleteLogGroup DescribeLogGroups PutRetentionPolicy ListTagsForResource TagResource",
    "s3": "CreateBucket DeleteBucket ListBucket GetBucketPolicy PutBucketPolicy DeleteBucketPolicy PutBucketTagging "
    "GetBucketPublicAccessBlock PutBucketPublicAccessBlock PutEncryptionConfiguration PutLifecycleConfiguration "
    "PutBucketOwnershipControls PutObject GetObject DeleteObject",
    "events": "ListRuleNamesByTarget",
    "scheduler": "CreateSchedule GetSchedule DeleteSchedule",
    "cloudwatch": "PutMetricAlarm DescribeAlarms DeleteAlarms ListTagsForResource",
    "kms": "DescribeKey",
    "sts": "GetCallerIdentity",
}


def statements() -> list[dict[str, Any]]:
    blocks = [
        json.loads(block) for block in re.findall(r"```json\n(\{.*?)```", PAGE, re.DOTALL) if "Statement" in block
    ]
    assert len(blocks) == 1
    found: list[dict[str, Any]] = blocks[0]["Statement"]
    return found


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_deployer_may_do_what_a_deployment_was_seen_to_do() -> None:
    allowed = {action for statement in statements() for action in listed(statement["Action"])}
    seen = {f"{service}:{action}" for service, actions in SEEN.items() for action in actions.split()}
    assert seen - allowed == set()


def test_no_statement_has_a_star_for_an_action_and_those_for_resources_have_a_reason() -> None:
    assert [s["Sid"] for s in statements() if any("*" in action for action in listed(s["Action"]))] == []
    assert {s["Sid"] for s in statements() if "*" in listed(s["Resource"])} == STARS.keys()


def test_every_make_command_on_the_page_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|\$ |\s)make ([a-z0-9-]+)(?= STAGE|`|\)|\s+#)", PAGE)) - targets - {"e2e"} == set()
