"""What importing us brings with it: seen in a fresh interpreter, because this one has imported everything already."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.queue_list import QueueList

ROOT = Path(__file__).parents[2]

# What the web must not pay for at each cold start, beside what no import should ever start.
HEAVY = frozenset(
    {
        "PIL",
        "aws_lambda_powertools",
        "asyncio",
        "boto3",
        "botocore",
        "flask",
        "moto",
        "requests",
        "rich",
        "watchfiles",
        "werkzeug",
    }
)


# The worker connects at import, from what Terraform sets; no request is made.
WORKER_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PENSTOCK_QUEUES": QueueList.read(ROOT / "infra/terraform/queues.auto.tfvars.json").to_environment(
        lambda entry: f"https://example.com/1/{entry.name}"
    ),
    "PENSTOCK_TABLE": "tasks",
    "PENSTOCK_PAYLOAD_BUCKET": "payloads",
    "UPLOADS_BUCKET": "uploads",
    "WEBHOOK_HOSTS": "example.com",
}


def modules_after(statement: str) -> frozenset[str]:
    """The top-level modules that a fresh interpreter holds after ``statement``, run from the repository's root."""
    program = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **WORKER_ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("package", ["penstock", "penstock.memory", "penstock.batch", "penstock.dead_letters", "tasks"])
def test_importing_it_brings_nothing_heavy(package: str) -> None:
    already_there = modules_after("pass")

    brought = modules_after(f"import {package}") - already_there

    assert brought & HEAVY == frozenset()


def test_the_worker_does_not_import_flask_pillow_or_the_local_stack() -> None:
    assert modules_after("import lambdas.worker") & {"flask", "werkzeug", "PIL", "moto", "rich"} == frozenset()


def test_the_web_does_not_import_what_only_workers_have() -> None:
    assert modules_after("import flask_app") & {"PIL", "aws_lambda_powertools", "moto", "rich"} == frozenset()
