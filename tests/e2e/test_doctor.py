"""The doctor on the emulator, whose IAM simulates what the roles may do: a healthy stack, and roles that lack something."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from msgspec.structs import replace

from penstock import Penstock, __version__
from penstock.aws import connection
from penstock.aws.inspector import AwsInspector
from penstock.doctor import Report, examine, usual_names
from penstock.local.environment import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from penstock.queue_list import QueueList
from penstock.settings import Settings
from penstock.versions import FUNCTION, Announcement
from tests.doctor.stack import BUCKET, PREFIX, QUEUES, SERVICES, TABLE, Stack, build, by_queue
from tests.e2e.deployment import Deployment
from tests.e2e.emulator import Emulator
from tests.e2e.stages import Ended


@pytest.fixture(scope="module")
def stack(emulator: Emulator) -> Iterator[Stack]:
    stack = build({service: emulator.client(service) for service in SERVICES})
    yield stack
    take_down(stack)


def take_down(stack: Stack) -> None:
    """Leave nothing: a later test looks whether all is gone."""
    aws, roles = stack.clients, ["worker-default", "worker-orders", "reconciler", "web"]
    for name, queue in stack.settings.queues.items():
        aws["lambda"].delete_event_source_mapping(UUID=stack.mapping_id(name))
        for url in (queue.url, queue.dead_letter_url):
            aws["sqs"].delete_queue(QueueUrl=url)
    for role in roles:
        aws["iam"].delete_role_policy(RoleName=f"{PREFIX}-{role}", PolicyName="own")
        aws["iam"].delete_role(RoleName=f"{PREFIX}-{role}")
        if role != "web":
            aws["lambda"].delete_function(FunctionName=f"{PREFIX}-{role}")
    aws["scheduler"].delete_schedule(Name=f"{PREFIX}-reconciler")
    aws["dynamodb"].update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    aws["dynamodb"].delete_table(TableName=TABLE)
    aws["s3"].delete_bucket(Bucket=BUCKET)


@pytest.fixture
def examined(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[[Settings, QueueList], Report]:
    """Examine a stack as one that has functions and roles, although it is on this machine."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(emulator.certificate))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)

    def examine_stack(settings: Settings, queue_list: QueueList) -> Report:
        tasks, session = Penstock(), boto3.session.Session(region_name=REGION)
        inspector = AwsInspector(session, settings, local=False)
        tasks.connect(replace(connection.ports(settings), inspector=inspector))
        Announcement(tasks.ports, kind=FUNCTION, version=__version__).make(settings.queues)
        return examine(tasks, usual_names(settings), version=__version__, queue_list=queue_list)

    return examine_stack


@pytest.fixture
def report(stack: Stack, examined: Callable[[Settings, QueueList], Report]) -> Callable[[], Report]:
    return lambda: examined(stack.settings, QUEUES)


def test_a_stack_as_it_should_be_gives_no_finding(report: Callable[[], Report]) -> None:
    found = report()
    assert (found.findings, found.not_checked) == ([], [])


@pytest.mark.parametrize(
    ("role", "action", "name"),
    [
        ("worker-default", "sqs:ChangeMessageVisibility", "worker-role"),
        ("reconciler", "dynamodb:UpdateItem", "reconciler-role"),
        ("web", "lambda:UpdateEventSourceMapping", "web-role"),
    ],
)
def test_what_a_role_lacks_is_found_by_the_simulation(
    stack: Stack, report: Callable[[], Report], role: str, action: str, name: str
) -> None:
    before = stack.statements(role)
    stack.forbid(role, action)
    found = report()
    stack.allow(role, *before)
    assert {finding.name for finding in found.findings} == {name}
    assert all(action in finding.found for finding in found.findings)


def test_a_dead_letter_queue_that_takes_no_letters_of_its_queue_is_found(
    stack: Stack, report: Callable[[], Report]
) -> None:
    stack.queue("default-dlq", RedriveAllowPolicy=by_queue(stack.arn("orders")))
    found = report()
    stack.queue("default-dlq", RedriveAllowPolicy=by_queue(stack.arn("default")))
    assert [finding.name for finding in found.findings] == ["redrive-allow-policy"]


def test_of_a_stack_that_terraform_made_only_what_its_variables_switch_off_is_found(
    deployed: Ended, deployment: Deployment, examined: Callable[[Settings, QueueList], Report]
) -> None:
    told = {**deployment.terraform.output("enqueue_environment"), "AWS_REGION": REGION}
    listed = QueueList.read(deployment.project / "infra" / "terraform" / "queues.auto.tfvars.json")
    found = examined(Settings.from_environ(told), listed)
    assert [finding.name for finding in found.findings] == ["deletion-protection"]  # see Deployment.of
    assert found.not_checked == []
