"""What the local stack makes on moto."""

import json
import uuid
from pathlib import Path

import pytest

from penstock.errors import ConfigurationError
from penstock.local.project import Project
from penstock.local.provision import LocalClients, provision, queue_arn
from penstock.settings import Settings

QUEUES = {
    "queues": {
        "default": {"time_limit": 30, "batch_size": 10},
        "orders": {"fifo": True, "max_receive_count": 7},
        "long": {"worker": "container", "time_limit": 14_400},
    }
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "queues.json").write_text(json.dumps(QUEUES))
    prefix = f"p{uuid.uuid4().hex[:8]}"
    return Project(
        root=tmp_path,
        app="x:app",
        handler="x:handler",
        queues=Path("queues.json"),
        prefix=prefix,
        buckets={"UPLOADS_BUCKET": f"{prefix}-uploads"},
    )


@pytest.fixture
def settings(project: Project, moto_endpoint: str) -> Settings:
    return Settings.from_environ(provision(project, moto_endpoint))


def attributes(endpoint: str, url: str) -> dict[str, str]:
    answer = LocalClients(endpoint).sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return {str(name): value for name, value in answer["Attributes"].items()}


def test_the_processes_are_told_every_queue_of_the_list(settings: Settings, project: Project) -> None:
    names = {name: queue.physical_name for name, queue in settings.queues.items()}
    assert names == {
        "default": f"{project.prefix}-default",
        "orders": f"{project.prefix}-orders.fifo",
        "long": f"{project.prefix}-long",
    }


def test_a_queue_that_containers_work_on_has_no_mapping(settings: Settings, moto_endpoint: str) -> None:
    functions = LocalClients(moto_endpoint).functions()
    found = {
        name: len(functions.list_event_source_mappings(EventSourceArn=queue_arn(queue.url))["EventSourceMappings"])
        for name, queue in settings.queues.items()
    }
    assert found == {"default": 1, "orders": 1, "long": 0}


def test_a_queue_hides_its_messages_for_six_function_timeouts(settings: Settings, moto_endpoint: str) -> None:
    made = attributes(moto_endpoint, settings.url("default"))
    assert (made["VisibilityTimeout"], made["MessageRetentionPeriod"]) == (str(6 * (10 * 30 + 10)), str(4 * 86400))


@pytest.mark.parametrize(("queue", "receives"), [("default", 10), ("orders", 7)])
def test_sqs_buries_in_the_dead_letter_queue_that_the_settings_derive(
    settings: Settings, moto_endpoint: str, queue: str, receives: int
) -> None:
    policy = json.loads(attributes(moto_endpoint, settings.url(queue))["RedrivePolicy"])
    letters = attributes(moto_endpoint, settings.queue(queue).dead_letter_url)
    assert policy == {"deadLetterTargetArn": letters["QueueArn"], "maxReceiveCount": receives}


def test_dead_letters_are_kept_for_two_weeks(settings: Settings, moto_endpoint: str) -> None:
    letters = attributes(moto_endpoint, settings.queue("orders").dead_letter_url)
    assert (letters["MessageRetentionPeriod"], letters["FifoQueue"]) == (str(14 * 86400), "true")


def test_the_table_has_a_time_to_live(settings: Settings, moto_endpoint: str) -> None:
    told = LocalClients(moto_endpoint).dynamodb().describe_time_to_live(TableName=settings.table)
    assert told["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_the_projects_buckets_are_there_under_their_variables(project: Project, moto_endpoint: str) -> None:
    told = provision(project, moto_endpoint)
    buckets = {bucket["Name"] for bucket in LocalClients(moto_endpoint).s3().list_buckets()["Buckets"]}
    assert {told["UPLOADS_BUCKET"], told["PENSTOCK_PAYLOAD_BUCKET"]} <= buckets


def test_a_second_start_against_the_same_moto_keeps_what_is_there(project: Project, moto_endpoint: str) -> None:
    first = provision(project, moto_endpoint)
    url = Settings.from_environ(first).url("default")
    LocalClients(moto_endpoint).sqs().send_message(QueueUrl=url, MessageBody="waiting")
    second = provision(project, moto_endpoint)
    assert (second, attributes(moto_endpoint, url)["ApproximateNumberOfMessages"]) == (first, "1")


def test_a_change_of_the_queue_list_reaches_a_queue_that_is_there(project: Project, moto_endpoint: str) -> None:
    url = Settings.from_environ(provision(project, moto_endpoint)).url("default")
    project.queue_list.write_text(json.dumps({"queues": {"default": {"time_limit": 5, "batch_size": 1}}}))
    provision(project, moto_endpoint)
    assert attributes(moto_endpoint, url)["VisibilityTimeout"] == str(6 * (5 + 10))


def test_real_aws_is_refused_before_any_call(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"https://sqs\.us-east-1\.amazonaws\.com.*never touches real AWS"):
        provision(project, "https://sqs.us-east-1.amazonaws.com")


def mapping_of(endpoint: str, url: str) -> dict[str, object]:
    functions = LocalClients(endpoint).functions()
    (mapping,) = functions.list_event_source_mappings(EventSourceArn=queue_arn(url))["EventSourceMappings"]
    return dict(mapping)


def test_every_queue_has_a_mapping_with_the_settings_of_the_list(settings: Settings, moto_endpoint: str) -> None:
    mapping = mapping_of(moto_endpoint, settings.url("default"))
    assert (mapping["State"], mapping["BatchSize"], mapping["ScalingConfig"], mapping["FunctionResponseTypes"]) == (
        "Enabled",
        10,
        {"MaximumConcurrency": 10},
        ["ReportBatchItemFailures"],
    )


def test_a_paused_queue_stays_paused_when_it_is_provisioned_again(
    project: Project, settings: Settings, moto_endpoint: str
) -> None:
    mapping = mapping_of(moto_endpoint, settings.url("default"))
    LocalClients(moto_endpoint).functions().update_event_source_mapping(UUID=str(mapping["UUID"]), Enabled=False)
    project.queue_list.write_text(json.dumps({"queues": {**QUEUES["queues"], "default": {"batch_size": 4}}}))
    provision(project, moto_endpoint)
    again = mapping_of(moto_endpoint, settings.url("default"))
    assert (again["UUID"], again["BatchSize"], str(again["State"]).startswith("Disabl")) == (mapping["UUID"], 4, True)
