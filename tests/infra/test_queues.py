"""What the plan says about queues, their dead-letter queues and what polls them."""

import json
import os
import re
from collections import defaultdict

import pytest

from penstock.local.provision import DEAD_LETTER_RETENTION_SECONDS, RETENTION_SECONDS
from penstock.queue_list import QueueList
from penstock.settings import QueueSettings, Settings
from tasks import tasks
from tests.infra.terraform import ROOT

QUEUES = QueueList.read(ROOT / "queues.auto.tfvars.json").queues.values()


def parts(plan, name):
    """The queue ``name``, its dead-letter queue, its function and its mapping."""
    queue = f'module.stack.module.queue["{name}"].aws_sqs_queue'
    worker = f'module.stack.module.worker["{name}"].aws_lambda'
    return (
        plan.resources[f"{queue}.this"],
        plan.resources[f"{queue}.dlq"],
        plan.resources[f"{worker}_function.this"],
        plan.resources[f"{worker}_event_source_mapping.this"],
    )


@pytest.mark.parametrize("entry", QUEUES, ids=lambda entry: entry.name)
def test_terraform_derives_what_the_queue_list_derives_from_the_same_file(plans, entry):
    queue, dead_letters, function, mapping = parts(plans["shipped"], entry.name)

    assert (queue["name"], dead_letters["name"]) == (
        entry.physical_name("penstock-test"),
        entry.dead_letter_name("penstock-test"),
    )
    assert (function["timeout"], queue["visibility_timeout_seconds"]) == (
        entry.function_timeout,
        entry.visibility_timeout,
    )
    assert (mapping["batch_size"], mapping["maximum_batching_window_in_seconds"]) == (
        entry.batch_size,
        entry.batch_window,
    )
    assert mapping["scaling_config"] == [{"maximum_concurrency": entry.max_concurrency}]


def test_terraform_and_the_queue_list_have_the_same_defaults(plans):
    entry = QueueList.from_text('{"queues": {"default": {}}}', source="a test").queue("default")
    queue, _, function, mapping = parts(plans["stack"], "default")

    assert (function["timeout"], queue["visibility_timeout_seconds"]) == (
        entry.function_timeout,
        entry.visibility_timeout,
    )
    assert mapping["batch_size"] == entry.batch_size
    assert mapping["scaling_config"] == [{"maximum_concurrency": entry.max_concurrency}]
    assert plans["stack"].outputs["queues"]["default"]["name"] == entry.physical_name("penstock-test")


def test_terraform_and_the_queue_list_treat_a_fifo_queue_alike(plans):
    entry = QueueList.from_text('{"queues": {"ordered": {"fifo": true, "time_limit": 30}}}', source="a test").queue(
        "ordered"
    )
    queue, dead_letters, function, mapping = parts(plans["stack"], "ordered")

    assert (queue["name"], dead_letters["name"]) == (
        entry.physical_name("penstock-test"),
        entry.dead_letter_name("penstock-test"),
    )
    assert (mapping["batch_size"], function["timeout"]) == (entry.batch_size, entry.function_timeout)


def test_the_dead_letter_queue_has_the_name_that_the_settings_derive(plan):
    for queue in plan.outputs["queues"].values():
        settings = QueueSettings("any", url=f"https://sqs.example.com/1/{queue['name']}")

        assert settings.dead_letter_url == f"https://sqs.example.com/1/{queue['dead_letter_name']}"


def test_the_dead_letter_queue_is_of_the_type_of_its_queue(plan):
    for name in plan.outputs["queues"]:
        queue, dead_letters, _, _ = parts(plan, name)

        assert bool(queue["fifo_queue"]) == bool(dead_letters["fifo_queue"]) == queue["name"].endswith(".fifo")


def test_the_dead_letter_queue_keeps_longer_than_its_queue_and_both_as_long_as_on_the_local_stack(plan):
    for name in plan.outputs["queues"]:
        queue, dead_letters, _, _ = parts(plan, name)

        assert dead_letters["message_retention_seconds"] > queue["message_retention_seconds"]
        assert queue["message_retention_seconds"] == RETENTION_SECONDS
        assert dead_letters["message_retention_seconds"] == DEAD_LETTER_RETENTION_SECONDS


def test_a_message_stays_hidden_for_six_function_timeouts_and_the_window(plan):
    for name in plan.outputs["queues"]:
        queue, _, function, mapping = parts(plan, name)

        least = 6 * function["timeout"] + mapping["maximum_batching_window_in_seconds"]
        assert queue["visibility_timeout_seconds"] >= least


def test_a_full_batch_of_the_longest_tasks_fits_into_the_function_timeout(plan):
    queues = json.loads(plan.outputs["enqueue_environment"]["PENSTOCK_QUEUES"])
    for name, queue in queues.items():
        _, _, function, mapping = parts(plan, name)

        assert mapping["batch_size"] * queue["time_limit"] < function["timeout"] <= 900


def test_only_failed_messages_of_a_batch_come_back(plan):
    for mapping in plan.of_type("aws_lambda_event_source_mapping").values():
        assert mapping["function_response_types"] == ["ReportBatchItemFailures"]


def test_the_mapping_caps_the_concurrency_and_the_function_reserves_none(plan):
    for mapping in plan.of_type("aws_lambda_event_source_mapping").values():
        assert 2 <= mapping["scaling_config"][0]["maximum_concurrency"] <= 1000
    for function in plan.of_type("aws_lambda_function").values():
        assert function["reserved_concurrent_executions"] in (None, -1)


def test_an_apply_leaves_a_paused_queue_paused():
    mapping = (ROOT / "modules/worker/main.tf").read_text(encoding="utf-8").partition("event_source_mapping")[2]

    assert "ignore_changes = [enabled]" in mapping  # no plan tells what it ignores


def test_each_queue_is_polled_by_its_own_worker(plans):
    arn = plans["stack"].outputs["queues"]["images"]["arn"]
    fed = [
        address
        for address, mapping in plans["stack"].of_type("aws_lambda_event_source_mapping").items()
        if mapping["event_source_arn"] == arn
    ]

    assert fed == ['module.stack.module.worker["images"].aws_lambda_event_source_mapping.this']


def test_every_queue_is_redriven_to_its_own_dead_letter_queue_which_lets_it(plans):
    stack, queue = plans["stack"], plans["stack"].outputs["queues"]["images"]
    there = stack.resources['module.stack.module.queue["images"].aws_sqs_queue_redrive_policy.this']
    back = stack.resources['module.stack.module.queue["images"].aws_sqs_queue_redrive_allow_policy.dlq']

    assert json.loads(there["redrive_policy"]) == {
        "deadLetterTargetArn": queue["dead_letter_arn"],
        "maxReceiveCount": 7,
    }
    assert json.loads(back["redrive_allow_policy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [queue["arn"]],
    }
    for name in stack.outputs["queues"]:
        assert f'module.stack.module.queue["{name}"].aws_sqs_queue_redrive_policy.this' in stack.resources


def test_the_redrive_policy_leaves_the_margin_that_the_tasks_need(plans):
    """A queue's receives cover its tasks' attempts and the margin: `check` refuses otherwise."""
    shipped = plans["shipped"]
    settings = Settings.from_environ({**os.environ, **shipped.outputs["enqueue_environment"]})
    for name, queue in settings.queues.items():
        policy = shipped.resources[f'module.stack.module.queue["{name}"].aws_sqs_queue_redrive_policy.this'][
            "redrive_policy"
        ]
        assert json.loads(policy)["maxReceiveCount"] == queue.max_receive_count

    for task in tasks.registry.values():
        task.options.check(task.name, settings)


def test_the_guard_of_each_queue_knows_both_its_urls(plan):
    for name, queue in plan.outputs["queues"].items():
        guard = plan.resources[f'module.stack.terraform_data.queue_guard["{name}"]']["triggers_replace"]

        assert (guard["url"], guard["dead_letter_url"]) == (queue["url"], queue["dead_letter_url"])


def test_the_guards_are_asked_before_anything_else_is_destroyed(terraform):
    """Terraform destroys what depends on a resource before the resource: so the guards must depend on all of them."""
    graph = terraform.run("graph", "-type=plan").stdout
    below = defaultdict(set)
    for name, needed in re.findall(r'"\[root\] ([^"]+)" -> "\[root\] ([^"]+)"', graph):
        below[name].add(needed)
    reached, waiting = set(), ["module.stack.terraform_data.queue_guard (expand)"]
    while waiting:
        reached.add(name := waiting.pop())
        waiting += below[name] - reached

    resources = {
        name for name in below if re.search(r"(^|\.)(aws_\w+|terraform_data)\.", name) and ".data." not in f".{name}"
    }
    assert len(resources) > 30
    assert resources - reached == set()
