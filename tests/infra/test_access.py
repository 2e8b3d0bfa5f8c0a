"""Who may do what: roles with nothing to spare, and nothing without TLS."""

import json

import pytest

# "*" as the resource of an Allow, and why. As an action it is never allowed.
ANY_RESOURCE = {
    "ec2": "Lambda checks for the six network interface actions of a function in a VPC on any resource",
    "xray": "PutTraceSegments and PutTelemetryRecords know no resource types",
}


def listed(value):
    return value if isinstance(value, list) else [value]


def actions(plan, address):
    """Resource -> actions that the policy at ``address`` allows."""
    found: dict[str, set[str]] = {}
    for statement in json.loads(plan.resources[address]["policy"])["Statement"]:
        for resource in listed(statement["Resource"]):
            found.setdefault(resource, set()).update(statement["Action"])
    return found


@pytest.mark.parametrize("run", ["stack", "shipped", "with_options", "without_options"])
def test_no_allow_is_for_every_action_or_without_a_reason_for_every_resource(plans, run):
    for address, statement in plans[run].policies():
        if statement["Effect"] != "Allow":
            continue
        assert "*" not in listed(statement["Action"]), address
        if "*" in listed(statement.get("Resource", [])):
            assert {action.partition(":")[0] for action in statement["Action"]} <= ANY_RESOURCE.keys(), address


@pytest.mark.parametrize("run", ["stack", "shipped"])
def test_a_stack_without_options_needs_no_exception(plans, run):
    assert [
        address
        for address, statement in plans[run].policies()
        if statement["Effect"] == "Allow" and "*" in listed(statement.get("Resource", []))
    ] == []


def test_a_worker_may_work_on_its_queue_and_send_to_all(plans):
    stack = plans["stack"]
    arns = {name: queue["arn"] for name, queue in stack.outputs["queues"].items()}
    allowed = actions(stack, 'module.worker["images"].aws_iam_role_policy.this')
    work = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}

    assert allowed[arns["images"]] == work | {"sqs:SendMessage"}
    assert allowed[arns["default"]] == {"sqs:SendMessage"}
    assert not [resource for resource in allowed if resource.endswith("-dlq")]


def test_a_worker_may_write_outcomes_and_read_rows_but_not_list_or_delete_them(plan):
    allowed = actions(plan, 'module.worker["images"].aws_iam_role_policy.this')

    assert allowed[plan.outputs["table_arn"]] == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}


def test_a_worker_may_write_its_own_log_only(plan):
    allowed = actions(plan, 'module.worker["images"].aws_iam_role_policy.this')
    logs = {resource: what for resource, what in allowed.items() if ":logs:" in resource}

    own = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/penstock-test-worker-images:*"
    assert logs == {own: {"logs:CreateLogStream", "logs:PutLogEvents"}}


def test_the_reference_tasks_may_read_uploads_and_write_thumbnails(plans):
    allowed = actions(plans["stack"], 'module.worker["images"].aws_iam_role_policy.this')
    bucket = "arn:aws:s3:::penstock-test-uploads-123456789012"

    assert {resource: what for resource, what in allowed.items() if resource.startswith(bucket)} == {
        bucket: {"s3:ListBucket"},
        f"{bucket}/uploads/*": {"s3:GetObject"},
        f"{bucket}/thumbnails/*": {"s3:PutObject"},
    }


def test_the_web_enqueues_and_redrives_but_never_reads_a_work_queue(plans):
    stack = plans["stack"]
    queue = stack.outputs["queues"]["images"]
    allowed = actions(stack, "module.web.aws_iam_role_policy.this")

    assert allowed[queue["arn"]] == {"sqs:SendMessage"}
    assert allowed[queue["dead_letter_arn"]] == {
        "sqs:StartMessageMoveTask",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    }


def test_the_web_scans_the_index_of_failures_and_not_the_table(plan):
    allowed = actions(plan, "module.web.aws_iam_role_policy.this")
    table = plan.outputs["table_arn"]

    assert allowed[f"{table}/index/by_failure"] == {"dynamodb:Scan"}
    assert "dynamodb:Scan" not in allowed[table]


def test_the_policy_for_other_services_enqueues_and_no_more(plans):
    policy = json.loads(plans["stack"].outputs["enqueue_policy"])

    assert {action for statement in policy["Statement"] for action in statement["Action"]} == {
        "sqs:SendMessage",
        "dynamodb:GetItem",
        "dynamodb:UpdateItem",
        "s3:PutObject",
    }


def test_who_enqueues_puts_large_arguments_and_nothing_else_into_the_payload_bucket(plans):
    stack, bucket = plans["stack"], "arn:aws:s3:::bucket"  # as the mocked provider names every bucket
    policy = json.loads(stack.outputs["enqueue_policy"])["Statement"]
    of_web = actions(stack, "module.web.aws_iam_role_policy.this")

    assert [s["Resource"] for s in policy if "s3:PutObject" in s["Action"]] == [[f"{bucket}/arguments/*"]]
    assert {resource: what for resource, what in of_web.items() if resource.startswith(bucket)} == {
        bucket: {"s3:ListBucket"},
        f"{bucket}/*": {"s3:GetObject"},
        f"{bucket}/arguments/*": {"s3:PutObject"},
    }


@pytest.mark.parametrize(
    ("kind", "policies", "prefix"),
    [("aws_sqs_queue", "aws_sqs_queue_policy", "sqs:*"), ("aws_s3_bucket", "aws_s3_bucket_policy", "s3:*")],
)
def test_every_queue_and_every_bucket_refuses_what_comes_without_tls(plan, kind, policies, prefix):
    denied = 0
    for values in plan.of_type(policies).values():
        (statement,) = json.loads(values["policy"])["Statement"]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", prefix)
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        denied += 1

    assert denied == len(plan.of_type(kind))


def test_roles_are_for_lambda_alone(plan):
    for role in plan.of_type("aws_iam_role").values():
        (statement,) = json.loads(role["assume_role_policy"])["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
