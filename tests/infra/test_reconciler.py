"""What the plan says about the reconciler: when it is called, by whom, and with what."""

from penstock.reconcile import LOOK_SECONDS

RECONCILER = "module.stack.module.reconciler"
FUNCTION = f"{RECONCILER}.aws_lambda_function.this"


def alarm(plan, name):
    return plan.resources[f'{RECONCILER}.aws_cloudwatch_metric_alarm.letters["{name}"]']


def test_it_looks_every_quarter_of_an_hour_unless_told_otherwise(plans):
    assert {
        name: plans[name].resources[f"{RECONCILER}.aws_scheduler_schedule.this"]["schedule_expression"]
        for name in ("shipped", "stack")
    } == {"shipped": "rate(15 minutes)", "stack": "rate(1 minute)"}


def test_the_schedule_calls_the_function(plans):
    stack = plans["stack"]
    (target,) = stack.resources[f"{RECONCILER}.aws_scheduler_schedule.this"]["target"]

    assert target["arn"] == stack.outputs["reconciler"]["function_arn"]


def test_every_dead_letter_queue_has_an_alarm_on_the_letters_that_can_be_seen(plan):
    for name, queue in plan.outputs["queues"].items():
        found = alarm(plan, name)

        assert found["dimensions"] == {"QueueName": queue["dead_letter_name"]}
        assert (found["namespace"], found["metric_name"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
        assert (found["comparison_operator"], found["threshold"]) == ("GreaterThanThreshold", 0)


def test_an_alarm_calls_the_function_too(plans):
    stack = plans["stack"]
    for name in stack.outputs["queues"]:
        assert alarm(stack, name)["alarm_actions"] == [stack.outputs["reconciler"]["function_arn"]]


def test_the_function_lets_the_alarms_of_its_own_dead_letter_queues_call_it(plans):
    permission = plans["stack"].resources[f'{RECONCILER}.aws_lambda_permission.alarm["images"]']

    assert (permission["principal"], permission["action"]) == (
        "lambda.alarms.cloudwatch.amazonaws.com",
        "lambda:InvokeFunction",
    )
    assert permission["source_account"] == "123456789012"
    assert permission["source_arn"] == "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:penstock-test-images-dlq"


def test_it_has_the_environment_of_the_workers_for_it_imports_the_tasks(plan):
    environments = [
        function["environment"][0]["variables"] for function in plan.of_type("aws_lambda_function").values()
    ]

    assert all(environment == environments[0] for environment in environments)


def test_it_runs_the_package_of_the_workers(plan):
    packages = {
        (function["filename"], function["architectures"][0])
        for function in plan.of_type("aws_lambda_function").values()
    }

    assert len(packages) == 1


def test_it_has_the_time_for_a_look_at_every_queue(plan):
    assert LOOK_SECONDS * len(plan.outputs["queues"]) < plan.resources[FUNCTION]["timeout"] <= 900
