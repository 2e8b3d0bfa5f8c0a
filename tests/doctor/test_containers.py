"""Queues that containers work on: what the role of their tasks may do is looked at, or said to be unknown."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from penstock import __version__
from penstock.doctor import Report
from penstock.versions import PROCESS, Announcement
from tests.doctor.conftest import Doctor
from tests.doctor.stack import PREFIX, Stack

TERRAFORM = Path(__file__).parents[2] / "infra" / "terraform" / "modules"
Examine = Callable[[], Report]


@pytest.fixture
def examine(stack: Stack, doctor: Doctor) -> Examine:
    """Examine the stack whose queue default a container works on, with the role that its function had."""
    stack.clients["lambda"].delete_event_source_mapping(UUID=stack.mapping_id("default"))
    Announcement(doctor.tasks.ports, kind=PROCESS, version=__version__).make(["default"])
    return doctor.examine


def unknown(report: Report) -> list[tuple[str, str]]:
    return [(one.what, one.permission) for one in report.not_checked]


def test_a_role_of_containers_that_lacks_nothing_gives_nothing(examine: Examine) -> None:
    report = examine()
    assert (report.findings, report.not_checked) == ([], [])


def test_what_a_role_of_containers_lacks_is_found(stack: Stack, examine: Examine) -> None:
    stack.forbid("worker-default", "sqs:ChangeMessageVisibility")
    found = [(finding.name, finding.resource) for finding in examine().findings]
    assert found == [("worker-role", f"{PREFIX}-worker-default (default)")]


def test_a_role_of_another_name_is_not_known(stack: Stack, examine: Examine) -> None:
    iam, role = stack.clients["iam"], f"{PREFIX}-worker-default"
    iam.delete_role_policy(RoleName=role, PolicyName="own")
    iam.delete_role(RoleName=role)
    report = examine()
    assert (report.findings, unknown(report)) == ([], [("what the containers of default may do", "")])
    assert "<project>-<stage>-worker-<queue>" in report.not_checked[0].reason


def test_where_the_queues_have_not_terraform_s_names_the_role_is_not_known(
    doctor: Doctor, stack: Stack, examine: Examine
) -> None:
    orders = stack.settings.queue("orders")
    elsewhere = replace(orders, url=orders.url.replace(PREFIX, "parcels"))  # so the names do not begin alike
    doctor.connect(replace(stack.settings, queues={**stack.settings.queues, "orders": elsewhere}))
    assert ("what the containers of default may do", "") in unknown(examine())


def test_the_name_is_the_one_that_terraform_gives() -> None:
    stack, container = ((TERRAFORM / path).read_text() for path in ("stack/main.tf", "container/roles.tf"))
    assert re.search(r'module "container" \{[^}]*}[^}]*name += "\$\{local\.prefix\}-worker-\$\{each\.key\}"', stack)
    assert re.search(r'resource "aws_iam_role" "task" \{\n  name += var\.name\n', container)
