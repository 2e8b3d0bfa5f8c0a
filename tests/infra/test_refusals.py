"""The words in which Terraform refuses what cannot work: which value it is, and what to do."""

import json
import shutil
from typing import Any

import pytest

from tests.infra.terraform import Terraform

QUEUES: dict[str, Any] = {
    "slow": {"time_limit": 90, "batch_size": 10},
    "alone": {"max_concurrency": 1},
    "impatient": {"max_receive_count": 4},
    "ordered": {"fifo": True, "batch_window": 1},
    "sequence": {"fifo": True, "batch_size": 2},
    "flood": {"time_limit": 1, "batch_size": 11},
    "images-dlq": {},
    "hours": {"time_limit": 3600},
    "days": {"worker": "container", "time_limit": 86400},
    "batches": {"worker": "container", "batch_size": 2},
    "elsewhere": {"worker": "ec2"},
    "a-queue-of-which-the-name-does-not-fit-into-sixty-four-characters": {},
}
ROOT_VARIABLES: dict[str, Any] = {
    "stage": "dev-2",
    "region": "frankfurt",
    "upload_retention_days": 14,
    "mail_sender": "Post <post@example.com>",
    "web_environment": {"FLASK_SECRET_KEY": "0123456789"},
    "queues": {"default": {}},
}
STACK_VARIABLES: dict[str, Any] = {
    "stage": "dev",
    "project": "Penstock",
    "architecture": "mips",
    "memory_size": 64,
    "log_retention_days": 31,
    "payload_retention_days": 28,
    "task_statements": [{"actions": ["*"], "resources": ["arn:aws:s3:::bucket/*"]}],
    "worker_secrets": {"TOKEN": {"ssm_parameter": "/penstock/*"}},
    "reconciler_period_minutes": 1441,
    "reconciler_statements": [
        {"actions": ["sns:*", "*"], "resources": ["arn:aws:sns:eu-central-1:123456789012:deaths"]}
    ],
    "dashboard_url": "app.example.com/penstock",
    "queues": {"default": {"time_limit": 30}, "mistyped": {"max_concurency": 5}},
}

ALARMS: dict[str, Any] = {
    "name": "penstock dev",
    "queues": {},
    "reconciler": {"function_name": "reconciler", "schedule": "reconciler", "period_minutes": 15},
    "topic_arn": "arn:aws:sns:eu-central-1:123456789012:on-call.fifo",
    "runbook_url": "https://wiki.example.com/runbook#penstock",
    "thresholds": {"image": {"oldest_age_seconds": 30}},
}


@pytest.fixture(scope="session")
def said(terraform, tmp_path_factory):
    """What Terraform says to all of these, as one line of text: to our root, and to another that uses the stack."""
    folder = tmp_path_factory.mktemp("refused")
    stack = {"source": "./modules/stack", **STACK_VARIABLES}
    alarms = {"source": "./modules/observability", **ALARMS}
    return " ".join(
        [
            refusals(terraform, folder / "queues", {"stage": "dev", "queues": QUEUES}),
            refusals(terraform, folder / "root", ROOT_VARIABLES),
            refusals(terraform, folder / "other", {}, another_root={"module": {"stack": stack}}),
            refusals(terraform, folder / "alarms", {}, another_root={"module": {"alarms": alarms}}),
        ]
    )


def refusals(terraform, folder, variables, *, another_root=None):
    shutil.copytree(terraform.folder, folder, symlinks=True)
    (folder / "queues.auto.tfvars.json").write_text(json.dumps(variables), encoding="utf-8")
    if another_root is not None:
        for file in folder.glob("*.tf"):
            file.unlink()
        (folder / "main.tf.json").write_text(json.dumps(another_root), encoding="utf-8")
        assert Terraform(folder).run("get").returncode == 0
    messages = Terraform(folder).messages("plan", "-json", "-input=false")
    details = [message["diagnostic"]["detail"] for message in messages if message["type"] == "diagnostic"]
    return " ".join(" ".join(details).split())


@pytest.mark.parametrize(
    "words",
    [
        "Make batch_size smaller: slow (10 x 90 s; at most 9 fit).",
        "alone.max_concurrency is 1, it must be a whole number from 2 to 1000",
        "impatient.max_receive_count is 4, it must be a whole number from 5 to 1000: below 5, throttles alone bury messages",
        "AWS has no batch window for FIFO queues: set batch_window to 0. Change ordered (1).",
        "A FIFO queue takes batch_size 1: handing back the rest of a message group after a failure costs each of its messages",
        "Above 10 messages a batch AWS asks for a batch_window of 1 to 300 s. Change flood (batch_size 11).",
        "hours.time_limit is 3600, it must be a whole number from 1 to 890: Lambda's 900 s less what an invocation needs beside "
        "user code. With worker = container it may be 43080, see docs/worker.md",
        "days.time_limit is 86400, it must be a whole number from 1 to 43080: SQS hides a received message for 12 hours in all",
        "a worker in a container takes one message at a time. Take them out of batches.",
        "A queue's worker is lambda or container. Repair elsewhere (ec2).",
        "does not end in -dlq, which is kept for its dead-letter queue",
        "queues has settings that no queue has: mistyped.max_concurency.",
        "Lambda and IAM take names of 64 characters. Shorten",
        'dashboard_url is "app.example.com/penstock": write where the dashboard is mounted',
        'stage is "dev-2": take 1 to 16 lower-case letters and digits',
        'project is "Penstock": take up to 20 lower-case letters',
        'region is "frankfurt": write it like eu-central-1',
        'architecture is "mips": Lambda has x86_64 and arm64.',
        "memory_size is 64: Lambda takes whole numbers from 128 to 10,240 MB.",
        "log_retention_days is 31: CloudWatch takes 1, 3, 5, 7, 14, 30",
        "payload_retention_days is 28: take a whole number from 29",
        "upload_retention_days is 14: take a whole number from 15",
        'task_statements must not allow "*": name the actions',
        "worker_secrets takes names such as /penstock/dev/token, no ARNs, no wildcards and never the value itself.",
        'mail_sender is "Post <post@example.com>": write one address without a name, such as post@example.com',
        "reconciler_period_minutes is 1441: take a whole number from 1 to 1440, which is a day.",
        "Each of reconciler_statements needs actions and resources by name",
        'name is "penstock dev": take up to 200 letters',
        'on-call.fifo": write the ARN of a standard topic',
        'runbook_url is "https://wiki.example.com/runbook#penstock": write a URL of up to 300 characters',
        "thresholds: oldest_age_seconds is 60 or more, for SQS counts once a minute",
        "web_environment holds FLASK_SECRET_KEY, which would stand in Terraform's state",
    ],
)
def test_it_says_which_value_it_is_and_what_to_do(said, words):
    assert words in said


def test_the_state_of_another_stage_is_not_touched(terraform, tmp_path):
    folder = tmp_path / "root"
    shutil.copytree(terraform.folder, folder, symlinks=True)
    assert Terraform(folder).run("workspace", "new", "prod").returncode == 0

    answer = Terraform(folder).run("plan", "-no-color", "-input=false", variables=["stage=dev"])

    assert answer.returncode == 1
    assert "terraform workspace select -or-create dev" in " ".join(answer.stderr.split())
