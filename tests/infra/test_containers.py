"""What the plan says about containers: a queue's workers on ECS, and a web."""

import json

import pytest

from penstock.poller import WAIT_SECONDS
from penstock.queue_list import QueueList
from tests.infra.terraform import ROOT
from tests.infra.test_access import actions
from tests.package.dockerfile import stages

SERVICE = 'module.stack.module.container["long"]'
STAGES = stages((ROOT.parents[1] / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture
def stack(plans):
    return plans["containers"]


def app(plan, module=SERVICE):
    """The one container of a task definition."""
    (found,) = json.loads(plan.resources[f"{module}.aws_ecs_task_definition.this".lstrip(".")]["container_definitions"])
    return found


def test_terraform_and_the_queue_list_treat_a_container_s_queue_alike(stack):
    text = '{"queues": {"long": {"worker": "container", "time_limit": 43080, "max_concurrency": 5}}}'
    entry = QueueList.from_text(text, source="a test").queue("long")
    queue = stack.resources['module.stack.module.queue["long"].aws_sqs_queue.this']
    scaling = stack.resources[f"{SERVICE}.aws_appautoscaling_target.this"]

    assert (queue["name"], queue["visibility_timeout_seconds"]) == (
        entry.physical_name("penstock-test"),
        entry.visibility_timeout,
    )
    assert (scaling["min_capacity"], scaling["max_capacity"]) == (1, entry.max_concurrency)


def test_a_queue_that_containers_work_on_has_no_function_and_no_mapping(stack):
    mapped = [mapping["function_name"] for mapping in stack.of_type("aws_lambda_event_source_mapping").values()]

    assert len(mapped) == 1
    assert 'module.stack.module.worker["long"].aws_lambda_function.this' not in stack.resources


def test_its_dead_letters_are_the_reconciler_s_too(stack):
    allowed = actions(stack, "module.stack.module.reconciler.aws_iam_role_policy.this")

    assert stack.outputs["queues"]["long"]["dead_letter_arn"] in allowed


def test_every_process_knows_every_queue(stack):
    environment = {pair["name"]: pair["value"] for pair in app(stack)["environment"]}
    function = stack.resources['module.stack.module.worker["default"].aws_lambda_function.this']
    variables = function["environment"][0]["variables"]

    assert environment["PENSTOCK_QUEUES"] == variables["PENSTOCK_QUEUES"]
    assert json.loads(environment["PENSTOCK_QUEUES"]).keys() == {"default", "long"}
    assert environment["TOKEN_PARAMETER"] == "/penstock/test/token"  # the name, as functions have it


def test_a_container_may_do_what_a_function_may_on_its_own_queue(plans):
    stack = plans["containers"]
    functions = actions(stack, 'module.stack.module.worker["default"].aws_iam_role_policy.this')
    containers = actions(stack, f"{SERVICE}.aws_iam_role_policy.task")
    logs = {resource for resource in functions if ":logs:" in resource}
    protection = {resource for resource in containers if ":ecs:" in resource}

    assert {name: what for name, what in containers.items() if name not in protection} == {
        resource: what for resource, what in functions.items() if resource not in logs
    }


def test_a_worker_may_protect_the_tasks_of_its_cluster_and_a_web_none(plans):
    worker = actions(plans["containers"], f"{SERVICE}.aws_iam_role_policy.task")
    web = actions(plans["web_in_a_container"], "aws_iam_role_policy.task")
    found = [
        {name.partition(":ecs:")[2]: what for name, what in some.items() if ":ecs:" in name} for some in (worker, web)
    ]

    assert found == [
        {"eu-central-1:123456789012:task/penstock-test-worker-long/*": {"ecs:UpdateTaskProtection"}},
        {},
    ]


def test_it_is_no_root_and_writes_to_tmp_alone(stack):
    container = app(stack)

    assert (container["user"], container["readonlyRootFilesystem"]) == (STAGES["worker"].last("USER"), True)
    assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert [mount["containerPath"] for mount in container["mountPoints"]] == STAGES["worker"].all("VOLUME") == ["/tmp"]


def test_where_no_queue_has_a_function_no_statement_is_without_a_resource(plans):
    policy = json.loads(
        plans["containers_only"].resources["module.stack.module.web[0].aws_iam_role_policy.this"]["policy"]
    )
    assert [statement.get("Sid") for statement in policy["Statement"] if not statement["Resource"]] == []


def test_a_worker_writes_the_metrics_that_the_alarms_are_on(stack):
    assert "--metrics" in app(stack)["command"]


def test_the_grace_of_a_worker_ends_before_ecs_kills_it(stack):
    container = app(stack)
    words = container["command"]
    queue, grace = words[1:4:2]

    assert (queue, words[:4:2]) == ("long", ["--queue", "--grace"])
    assert int(grace) + WAIT_SECONDS < container["stopTimeout"] <= 120


def test_ecs_asks_what_the_image_asks(plans):
    for plan, module, target in (
        (plans["containers"], SERVICE, "worker"),
        (plans["web_in_a_container"], "", "web"),
    ):
        assert app(plan, module)["healthCheck"]["command"] == ["CMD", *STAGES[target].command("HEALTHCHECK")]


def test_its_log_is_kept_for_as_long_as_it_is_told(stack):
    group = stack.resources[f"{SERVICE}.aws_cloudwatch_log_group.this"]

    assert group["retention_in_days"] == 30
    assert app(stack)["logConfiguration"]["options"]["awslogs-group"] == group["name"]


def test_a_version_that_does_not_come_up_is_taken_back(stack):
    (breaker,) = stack.resources[f"{SERVICE}.aws_ecs_service.this"]["deployment_circuit_breaker"]

    assert breaker == {"enable": True, "rollback": True}


def test_workers_become_more_by_what_waits_for_each_and_never_fewer_by_it(stack):
    (tracking,) = stack.resources[f"{SERVICE}.aws_appautoscaling_policy.out[0]"][
        "target_tracking_scaling_policy_configuration"
    ]
    metrics = {metric["id"]: metric for metric in tracking["customized_metric_specification"][0]["metrics"]}

    assert (tracking["target_value"], tracking["disable_scale_in"]) == (2, True)
    assert metrics["per_worker"]["expression"] == "(waiting + running) / IF(workers > 0, workers, 1)"
    assert [name for name, metric in metrics.items() if metric["return_data"]] == ["per_worker"]


def test_workers_become_fewer_only_when_no_message_is_there_that_one_could_lose(stack):
    alarm = stack.resources[f"{SERVICE}.aws_cloudwatch_metric_alarm.empty[0]"]
    (steps,) = stack.resources[f"{SERVICE}.aws_appautoscaling_policy.in[0]"]["step_scaling_policy_configuration"]

    watched = {metric["metric_name"] for query in alarm["metric_query"] for metric in query["metric"]}
    assert watched == {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"}
    assert (alarm["comparison_operator"], alarm["threshold"]) == ("LessThanThreshold", 1)
    assert [step["scaling_adjustment"] for step in steps["step_adjustment"]] == [1]


def test_ecs_may_read_the_secrets_that_it_puts_into_a_container_and_no_others(plans):
    allowed = actions(plans["web_in_a_container"], "aws_iam_role_policy.execution")

    assert {resource: what for resource, what in allowed.items() if ":logs:" not in resource} == {
        "arn:aws:ssm:eu-central-1:123456789012:parameter/penstock/test/flask": {"ssm:GetParameters"},
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database-AbCdEf": {"secretsmanager:GetSecretValue"},
    }


def test_both_roles_are_for_ecs_and_for_this_account(stack):
    for name in ("task", "execution"):
        (statement,) = json.loads(stack.resources[f"{SERVICE}.aws_iam_role.{name}"]["assume_role_policy"])["Statement"]

        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
