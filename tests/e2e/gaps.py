"""Where the emulator's IAM differs from AWS's, and what is done about it: nothing else is given to anyone."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

_POLICY = "emulator-only"
Statement = Mapping[str, Any]
# AWS has no such actions: it judges a batch by the action for one message, which the roles allow.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
BATCHES: Statement = {
    "Effect": "Allow",
    "Action": ["sqs:ChangeMessageVisibilityBatch", "sqs:DeleteMessageBatch"],
    "Resource": "*",
}
# At AWS its resource is the dead-letter queue, which the request names by ARN. The emulator sees no resource there.
MOVES: Statement = {"Effect": "Allow", "Action": ["sqs:ListMessageMoveTasks"], "Resource": "*"}
# At AWS the request has an identity as its resource, and ses:FromAddress. The emulator knows neither.
MAILS: Statement = {"Effect": "Allow", "Action": ["ses:SendEmail"], "Resource": "*"}


def allow(iam: Any, roles: Iterable[str], *statements: Statement) -> None:
    """Let ``roles`` do what AWS would let them do."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName=_POLICY, PolicyDocument=policy)


def forbid(iam: Any, roles: Iterable[str]) -> None:
    """Take it back: Terraform cannot delete a role with a policy that it has not made."""
    for role in roles:
        iam.delete_role_policy(RoleName=role, PolicyName=_POLICY)
