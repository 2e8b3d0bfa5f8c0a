"""Up, interrupted and up again, changed, down: by the commands of `make deploy` and `make destroy`."""

from tests.e2e.deployment import CHANGE, Deployment
from tests.e2e.emulator import Emulator
from tests.e2e.stages import Ended
from tests.e2e.visitor import Visitor

# Asked in the protocol of Terraform's provider, the emulator tells little of an alarm, so a plan would write the rest again.
UNTOLD = "module.stack.module.reconciler.aws_cloudwatch_metric_alarm.letters"


def test_an_interrupted_deployment_says_that_repeating_it_goes_on(interrupted: Ended) -> None:
    assert interrupted.exit_code == 130
    assert "Run the same command again" in interrupted.output
    assert "Traceback" not in interrupted.output


def test_what_an_interrupted_deployment_has_made_is_not_forgotten(interrupted: Ended, deployment: Deployment) -> None:
    assert "module.stack.module.results.aws_dynamodb_table.this" in deployment.terraform.resources()


def test_repeating_an_interrupted_deployment_completes_it(deployed: Ended, deployment: Deployment) -> None:
    resources = deployment.terraform.resources()

    assert 'module.stack.module.worker["images"].aws_lambda_event_source_mapping.this' in resources
    assert 'module.stack.module.queue["images"].aws_sqs_queue_redrive_policy.this' in resources


def test_a_second_plan_changes_nothing(deployed: Ended, deployment: Deployment) -> None:
    assert [change for change in deployment.terraform.changes() if not change.address.startswith(UNTOLD)] == []


def test_the_alarm_on_each_dead_letter_queue_calls_the_reconciler(
    deployed: Ended, deployment: Deployment, emulator: Emulator
) -> None:
    made = {
        alarm["Dimensions"][0]["Value"]: alarm["AlarmActions"]
        for alarm in emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]
    }

    reconciler = deployment.terraform.output("reconciler")["function_arn"]
    queues = deployment.terraform.output("queues").values()
    assert made == {queue["dead_letter_name"]: [reconciler] for queue in queues}


def test_the_deployment_ends_with_the_url_of_a_web_that_answers(zappa: Visitor) -> None:
    assert b"<form" in zappa.read("/sign-in")


def test_deploying_a_change_updates_the_web_and_keeps_visitors_signed_in(zappa: Visitor, updated: Ended) -> None:
    assert CHANGE in zappa.read("/sign-in").decode()
    assert b"Sign in" not in zappa.read("/")


def test_nothing_is_left_after_destroy(destroyed: Ended, deployment: Deployment, emulator: Emulator) -> None:
    left = {
        "state": deployment.terraform.resources(),
        "functions": emulator.client("lambda").list_functions()["Functions"],
        "mappings": emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "queues": emulator.client("sqs").list_queues().get("QueueUrls", []),
        "tables": emulator.client("dynamodb").list_tables()["TableNames"],
        "buckets": emulator.client("s3").list_buckets()["Buckets"],
        "roles": emulator.client("iam").list_roles()["Roles"],
        "log groups": emulator.client("logs").describe_log_groups()["logGroups"],
        "schedules": emulator.client("scheduler").list_schedules()["Schedules"],
        "alarms": emulator.client("cloudwatch").describe_alarms()["MetricAlarms"],
    }

    assert {name: found for name, found in left.items() if found} == {}
