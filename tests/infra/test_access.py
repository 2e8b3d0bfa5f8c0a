"""Who may do what: roles with nothing to spare, and nothing without TLS."""

import json

import pytest

# "*" as the resource of an Allow, and why. As an action it is never allowed.
ANY_RESOURCE = {
    "cloudwatch": "GetMetricData knows no resource types",
    "ecr": "GetAuthorizationToken knows no resource types",
    "ec2": "Lambda checks for the six network interface actions of a function in a VPC on any resource",
    "lambda": "ListEventSourceMappings knows no resource types; to change one is another statement",
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


@pytest.mark.parametrize(
    "run", ["stack", "shipped", "with_options", "without_options", "containers", "web_in_a_container"]
)
def test_no_allow_is_for_every_action_or_without_a_reason_for_every_resource(plans, run):
    for address, statement in plans[run].policies():
        if statement["Effect"] != "Allow":
            continue
        assert "*" not in listed(statement["Action"]), address
        if "*" in listed(statement.get("Resource", [])):
            assert {action.partition(":")[0] for action in statement["Action"]} <= ANY_RESOURCE.keys(), address


@pytest.mark.parametrize("run", ["stack", "shipped"])
def test_a_stack_without_options_needs_no_exception_but_for_what_the_web_watches(plans, run):
    assert [
        (address, statement["Action"])
        for address, statement in plans[run].policies()
        if statement["Effect"] == "Allow" and "*" in listed(statement.get("Resource", []))
    ] == [
        ("module.stack.module.web[0].aws_iam_role_policy.this", ["cloudwatch:GetMetricData"]),
        ("module.stack.module.web[0].aws_iam_role_policy.this", ["lambda:ListEventSourceMappings"]),
    ]


def test_a_worker_may_work_on_its_queue_and_send_to_all(plans):
    stack = plans["stack"]
    arns = {name: queue["arn"] for name, queue in stack.outputs["queues"].items()}
    allowed = actions(stack, 'module.stack.module.worker["images"].aws_iam_role_policy.this')
    work = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}

    assert allowed[arns["images"]] == work | {"sqs:SendMessage"}
    assert allowed[arns["default"]] == {"sqs:SendMessage"}
    assert not [resource for resource in allowed if resource.endswith("-dlq")]


def test_a_worker_may_write_outcomes_and_read_rows_but_not_list_or_delete_them(plan):
    allowed = actions(plan, 'module.stack.module.worker["images"].aws_iam_role_policy.this')

    assert allowed[plan.outputs["table_arn"]] == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}


def test_a_worker_may_write_its_own_log_only(plan):
    allowed = actions(plan, 'module.stack.module.worker["images"].aws_iam_role_policy.this')
    logs = {resource: what for resource, what in allowed.items() if ":logs:" in resource}

    own = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/penstock-test-worker-images:*"
    assert logs == {own: {"logs:CreateLogStream", "logs:PutLogEvents"}}


def test_the_reference_tasks_may_read_uploads_and_their_notes_and_write_what_they_make(plans):
    allowed = actions(plans["stack"], 'module.stack.module.worker["images"].aws_iam_role_policy.this')
    bucket = "arn:aws:s3:::penstock-test-uploads-123456789012"

    assert {resource: what for resource, what in allowed.items() if resource.startswith(bucket)} == {
        bucket: {"s3:ListBucket"},
        f"{bucket}/uploads/*": {"s3:GetObject"},
        f"{bucket}/thumbnails/*": {"s3:PutObject"},
        f"{bucket}/reports/*": {"s3:PutObject"},
        f"{bucket}/emails/*": {"s3:GetObject", "s3:PutObject"},
    }


def test_the_tasks_send_mails_from_the_one_sender_alone(plans):
    policy = json.loads(
        plans["stack"].resources['module.stack.module.worker["images"].aws_iam_role_policy.this']["policy"]
    )
    (mails,) = [statement for statement in policy["Statement"] if "ses:SendEmail" in statement["Action"]]

    assert mails["Action"] == ["ses:SendEmail"]
    assert mails["Condition"] == {"StringEquals": {"ses:FromAddress": ["post@example.com"]}}
    assert all(resource.startswith("arn:aws:ses:eu-central-1:123456789012:") for resource in mails["Resource"])


def test_without_a_mail_sender_nobody_may_send_mails_or_write_notes_on_them(plans):
    for address, statement in plans["shipped"].policies():
        words = json.dumps(statement)
        assert "ses:" not in words, address
        assert "/emails/" not in words, address


def test_the_reconciler_sees_to_dead_letters_rows_and_envelopes_and_nothing_else(plans):
    stack = plans["stack"]
    allowed = actions(stack, "module.stack.module.reconciler.aws_iam_role_policy.this")
    letters = {queue["dead_letter_arn"] for queue in stack.outputs["queues"].values()}

    look = {
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ListMessageMoveTasks",
        "sqs:ReceiveMessage",
    }
    log = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/penstock-test-reconciler:*"
    assert allowed == dict.fromkeys(letters, look) | {
        stack.outputs["table_arn"]: {"dynamodb:UpdateItem"},
        "arn:aws:s3:::penstock-test-payloads-123456789012/envelopes/*": {"s3:PutObject"},
        log: {"logs:CreateLogStream", "logs:PutLogEvents"},
        "arn:aws:sns:eu-central-1:123456789012:deaths": {"sns:Publish"},  # the hooks', by reconciler_statements
    }


def test_the_schedule_may_call_the_reconciler_alone(plans):
    stack = plans["stack"]

    assert actions(stack, "module.stack.module.reconciler.aws_iam_role_policy.schedule") == {
        stack.outputs["reconciler"]["function_arn"]: {"lambda:InvokeFunction"}
    }


def test_the_web_enqueues_and_redrives_but_never_reads_a_work_queue(plans):
    stack = plans["stack"]
    queue = stack.outputs["queues"]["images"]
    allowed = actions(stack, "module.stack.module.web[0].aws_iam_role_policy.this")

    assert allowed[queue["arn"]] == {"sqs:SendMessage", "sqs:GetQueueAttributes"}
    assert allowed[queue["dead_letter_arn"]] == {
        "sqs:StartMessageMoveTask",
        "sqs:ListMessageMoveTasks",
        "sqs:CancelMessageMoveTask",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
    }


def test_the_web_may_change_the_mappings_of_its_own_stage_and_no_others(plans):
    stack = plans["stack"]
    allowed = actions(stack, "module.stack.module.web[0].aws_iam_role_policy.this")
    changing = {resource for resource, what in allowed.items() if "lambda:UpdateEventSourceMapping" in what}

    prefix = "arn:aws:lambda:eu-central-1:123456789012:event-source-mapping:"
    ids = {worker["event_source_mapping"] for worker in stack.outputs["workers"].values()}
    assert changing == {prefix + mapping_id for mapping_id in ids}
    assert prefix + "11111111-1111-1111-1111-111111111111" in changing


def test_the_web_scans_the_index_of_failures_and_not_the_table(plan):
    allowed = actions(plan, "module.stack.module.web[0].aws_iam_role_policy.this")
    table = plan.outputs["table_arn"]

    assert allowed[f"{table}/index/by_failure"] == {"dynamodb:Query", "dynamodb:Scan"}
    assert allowed[f"{table}/index/by_created"] == allowed[f"{table}/index/by_failed"] == {"dynamodb:Query"}
    assert "dynamodb:Scan" not in allowed[table]


def test_the_web_puts_into_the_ledger_and_no_row_of_a_task(plan):
    policy = json.loads(plan.resources["module.stack.module.web[0].aws_iam_role_policy.this"]["policy"])
    (puts,) = [statement for statement in policy["Statement"] if "dynamodb:PutItem" in statement["Action"]]

    assert puts["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["~*"]}}


def test_the_policy_for_other_services_enqueues_and_no_more(plans):
    policy = json.loads(plans["stack"].outputs["enqueue_policy"])

    assert {action for statement in policy["Statement"] for action in statement["Action"]} == {
        "sqs:SendMessage",
        "dynamodb:GetItem",
        "dynamodb:UpdateItem",
        "s3:PutObject",
    }


def test_who_enqueues_puts_large_arguments_and_nothing_else_into_the_payload_bucket(plans):
    stack, bucket = plans["stack"], "arn:aws:s3:::penstock-test-payloads-123456789012"
    policy = json.loads(stack.outputs["enqueue_policy"])["Statement"]
    of_web = actions(stack, "module.stack.module.web[0].aws_iam_role_policy.this")

    assert [s["Resource"] for s in policy if "s3:PutObject" in s["Action"]] == [[f"{bucket}/arguments/*"]]
    assert {resource: what for resource, what in of_web.items() if resource.startswith(bucket)} == {
        bucket: {"s3:ListBucket"},
        f"{bucket}/*": {"s3:GetObject", "s3:DeleteObject"},  # the latter to forget a task
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


def test_roles_are_for_lambda_but_one_for_the_schedules_of_this_account(plan):
    schedule = "module.stack.module.reconciler.aws_iam_role.schedule"
    for address, role in plan.of_type("aws_iam_role").items():
        (statement,) = json.loads(role["assume_role_policy"])["Statement"]
        service = "scheduler" if address == schedule else "lambda"
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert statement.get("Condition") == (
            {"StringEquals": {"aws:SourceAccount": "123456789012"}} if address == schedule else None
        )
