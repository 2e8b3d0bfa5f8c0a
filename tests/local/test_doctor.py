"""The local stack is as it should be, and the doctor says what it cannot ask there."""

import json
import uuid
from pathlib import Path

import pytest

from penstock import Penstock, __version__
from penstock.aws import connect
from penstock.doctor import CHECKS, Report, examine, usual_names
from penstock.local.environment import aws_variables
from penstock.local.project import Project
from penstock.local.provision import LocalClients, provision
from penstock.queue_list import QueueList

QUEUES = {"queues": {"default": {"time_limit": 30, "batch_size": 10}, "orders": {"fifo": True, "max_receive_count": 7}}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "queues.json").write_text(json.dumps(QUEUES))
    prefix = f"d{uuid.uuid4().hex[:8]}"
    return Project(root=tmp_path, app="x:app", handler="x:handler", queues=Path("queues.json"), prefix=prefix)


@pytest.fixture
def tasks(project: Project, moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Penstock:
    """The tasks of a process of the stack."""
    told = provision(project, moto_endpoint)
    for name, value in aws_variables(moto_endpoint).items():
        monkeypatch.setenv(name, value)
    tasks = Penstock()

    @tasks.task
    def greet(name: str) -> None: ...

    connect(tasks, environ={**told, **aws_variables(moto_endpoint)})
    return tasks


def report_of(tasks: Penstock, project: Project) -> Report:
    names = usual_names(tasks.ports.settings)
    return examine(tasks, names, version=__version__, queue_list=QueueList.read(project.queue_list))


def test_the_local_stack_gives_no_finding(tasks: Penstock, project: Project) -> None:
    report = report_of(tasks, project)
    assert (report.findings, report.is_well) == ([], True)


def test_before_its_first_task_only_the_workers_version_is_not_known(tasks: Penstock, project: Project) -> None:
    assert [one.what for one in report_of(tasks, project).not_checked] == ["what the functions of default, orders run"]


def test_what_has_no_answer_there_is_left_out_by_name(tasks: Penstock, project: Project) -> None:
    assert report_of(tasks, project).not_here == [check.name for check in CHECKS if check.aws_only]


def test_what_is_wrong_is_found_there_too(tasks: Penstock, project: Project, moto_endpoint: str) -> None:
    url = tasks.ports.settings.queue("default").dead_letter_url
    LocalClients(moto_endpoint).sqs().delete_queue(QueueUrl=url)
    assert [finding.name for finding in report_of(tasks, project).findings] == ["dead-letter-queue-missing"]
