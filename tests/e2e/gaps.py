"""Where the emulator's IAM differs from AWS's, and what is done about it: nothing else is given to anyone."""

import json
from collections.abc import Iterable
from typing import Any

_POLICY = "emulator-only"
# AWS has no such action: it judges the batch by sqs:ChangeMessageVisibility, which the role allows.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
_BATCHES = {"Effect": "Allow", "Action": ["sqs:ChangeMessageVisibilityBatch"], "Resource": "*"}


def allow_batches(iam: Any, roles: Iterable[str]) -> None:
    """Let the workers' ``roles`` change the visibility of several messages in one request, as AWS lets them."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [_BATCHES]})
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName=_POLICY, PolicyDocument=policy)


def forbid_batches(iam: Any, roles: Iterable[str]) -> None:
    """Take it back: Terraform cannot delete a role with a policy that it has not made."""
    for role in roles:
        iam.delete_role_policy(RoleName=role, PolicyName=_POLICY)
