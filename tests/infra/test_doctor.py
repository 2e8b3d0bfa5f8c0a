"""What `flask penstock doctor` asks IAM for is what Terraform allows: the two lists are held against each other."""

import json
from fnmatch import fnmatchcase

import pytest
from msgspec.structs import replace

from penstock.doctor.access import reconciler_needs, web_needs, worker_needs
from penstock.doctor.examination import usual_names
from penstock.facts import LiveQueue, QueueFacts
from penstock.settings import QueueSettings, Settings
from tests.doctor.facts import BUCKET, FACTS, LETTERS, MAPPING, QUEUE, TABLE

UUID = "11111111-1111-1111-1111-111111111111"
ACCOUNT = "eu-central-1:123456789012"


@pytest.fixture
def stack(plans):
    return plans["stack"]


@pytest.fixture
def settings(stack):
    return Settings(queues={}, table=stack.outputs["table"], payload_bucket="penstock-test-payloads-123456789012")


@pytest.fixture
def facts(stack):
    """What is live once the plan of tests/stack.tftest.hcl is applied, as far as its ARNs are known: one queue."""
    queue = stack.outputs["queues"]["images"]
    live: LiveQueue = replace(QUEUE, arn=queue["arn"])
    letters = replace(LETTERS, arn=queue["dead_letter_arn"])
    mapping = replace(MAPPING, uuid=UUID, function_arn=f"arn:aws:lambda:{ACCOUNT}:function:penstock-test-worker-images")
    table = replace(TABLE, arn=stack.outputs["table_arn"])
    return replace(
        FACTS,
        queues={"images": QueueFacts(live, letters, (mapping,))},
        table=replace(FACTS.table, table=table),
        bucket=BUCKET,
    )


def statements(stack, module):
    return json.loads(stack.resources[f"module.stack.module.{module}.aws_iam_role_policy.this"]["policy"])["Statement"]


def allows(statement, action, need):
    patterns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    return (
        action in statement["Action"]
        and any(fnmatchcase(need.resource, pattern) for pattern in patterns)
        and all(holds(condition, need) for condition in statement.get("Condition", {}).items())
    )


def holds(condition, need):
    operator, keys = condition
    assert operator == "ForAllValues:StringLike", "this test knows one kind of condition"
    return all(
        any(fnmatchcase(value, pattern) for pattern in patterns)
        for key, patterns in keys.items()
        for value in need.context[key]
    )


ROLES = {
    'worker["images"]': lambda settings, facts: worker_needs(settings, facts, facts.queues["images"].queue),
    "reconciler": reconciler_needs,
    "web[0]": web_needs,
}


@pytest.mark.parametrize("module", ROLES)
def test_the_doctor_asks_for_nothing_that_terraform_does_not_allow(stack, settings, facts, module):
    for need in ROLES[module](settings, facts):
        for action in need.actions:
            assert any(allows(one, action, need) for one in statements(stack, module)), (action, need)


@pytest.mark.parametrize("module", ROLES)
def test_the_doctor_asks_for_every_action_that_the_module_itself_allows(stack, settings, facts, module):
    asked = {action for need in ROLES[module](settings, facts) for action in need.actions}
    of_module = [
        one for one in statements(stack, module) if one.get("Sid") not in (None, "Logs", "Parameters", "Secrets")
    ]
    assert {action for one in of_module for action in one["Action"]} <= asked


def test_the_names_that_terraform_gives_are_those_that_the_doctor_looks_for(stack):
    urls = {name: f"https://sqs.example.com/1/{queue['name']}" for name, queue in stack.outputs["queues"].items()}
    names = usual_names(Settings(queues={name: QueueSettings(name, url) for name, url in urls.items()}))
    assert names.reconciler == stack.outputs["reconciler"]["function_name"] == stack.outputs["reconciler"]["schedule"]
    assert names.web_role == stack.resources["module.stack.module.web[0].aws_iam_role.this"]["name"]
