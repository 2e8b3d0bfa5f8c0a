"""A table without the newest index: this version was deployed before Terraform. What needs the index says so; all else works."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from penstock import Penstock
from penstock.aws.dynamodb import DynamoResultStore, table_definition
from penstock.errors import AccessRefused, Unavailable
from penstock.flask import init_app, mount
from penstock.flask.access import LocalOnly
from penstock.memory import ManualClock
from penstock.ports import Applied, Ports
from penstock.record import INDEX_BY_CREATED, INDEX_BY_FAILED, partitions
from penstock.search import Search, find
from penstock.transitions import queued
from tests.contract.conftest import SETTINGS, Clients
from tests.contract.test_results import bring
from tests.unit.values import envelope

TOLD = "The table was made by an older version: run terraform apply, which adds the index"


@pytest.fixture
def results(moto_ports: Ports, clients: Clients) -> DynamoResultStore:
    """On a table as it was before ``by_failed``."""
    definition: Any = table_definition(SETTINGS.table)
    definition["GlobalSecondaryIndexes"] = [
        index for index in definition["GlobalSecondaryIndexes"] if index["IndexName"] != INDEX_BY_FAILED
    ]
    used = {key["AttributeName"] for index in definition["GlobalSecondaryIndexes"] for key in index["KeySchema"]}
    used |= {key["AttributeName"] for key in definition["KeySchema"]}
    definition["AttributeDefinitions"] = [
        attribute for attribute in definition["AttributeDefinitions"] if attribute["AttributeName"] in used
    ]
    clients.dynamodb.delete_table(TableName=SETTINGS.table)
    clients.dynamodb.create_table(**definition)
    assert isinstance(moto_ports.results, DynamoResultStore)
    return moto_ports.results


@pytest.fixture
def tasks(moto_ports: Ports, results: DynamoResultStore) -> Penstock:
    tasks = Penstock()
    tasks.connect(replace(moto_ports, results=results))
    return tasks


@pytest.fixture
def client(tasks: Penstock) -> FlaskClient:
    app = Flask("shop")
    app.config["SECRET_KEY"] = "k" * 32
    mount(app, sign_in=LocalOnly(), tasks=tasks)
    return app.test_client()


def listed(results: DynamoResultStore, index: str, clock: ManualClock) -> list[Any]:
    now = clock()
    [partition, *_] = partitions(now.date().isoformat())
    return results.entries(index, partition, limit=10, since=now - timedelta(days=1), until=now)


def test_the_missing_index_is_named_with_the_way_to_get_it(results: DynamoResultStore, clock: ManualClock) -> None:
    with pytest.raises(AccessRefused, match=rf"test-tasks/index/by_failed was refused.*{TOLD}"):
        listed(results, INDEX_BY_FAILED, clock)


def test_what_is_asked_of_the_older_indexes_is_answered(results: DynamoResultStore, clock: ManualClock) -> None:
    assert listed(results, INDEX_BY_CREATED, clock) == []
    assert results.failures(limit=10).rows == []


def test_tasks_run_and_die_on_it(results: DynamoResultStore) -> None:
    assert isinstance(results.apply("t-1", queued(envelope(), "default")), Applied)
    row = bring(results, "dead", "t-2")
    assert row is not None
    assert [found.task_id for found in results.failures(limit=10).rows] == ["t-2"]


def test_a_search_for_dead_tasks_says_what_to_do(results: DynamoResultStore, clock: ManualClock) -> None:
    search = Search.parse("status:DEAD", now=clock())
    with pytest.raises(AccessRefused, match=TOLD):
        find(results, SETTINGS, search, now=clock(), limit=10)


@pytest.mark.parametrize("path", ["/penstock/dead-letters", "/penstock/tasks?q=status:DEAD"])
def test_a_page_that_needs_it_says_what_to_do(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 502
    assert TOLD in response.text


def test_a_page_that_does_not_need_it_is_served(client: FlaskClient) -> None:
    assert client.get("/penstock/tasks").status_code == 200


def test_the_command_line_says_what_to_do_in_one_line(tasks: Penstock) -> None:
    app = Flask("shop")
    init_app(app, tasks)
    result = app.test_cli_runner().invoke(args=["penstock", "list", "status:DEAD"])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert TOLD in result.output


@pytest.fixture
def stubbed(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.dynamodb) as stubber:
        yield stubber


# moto has other words for a missing index, and makes an index at once: these are the words of DynamoDB's API.
@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        ("The table does not have the specified index: by_failed", AccessRefused, TOLD),
        ("Cannot read from backfilling global secondary index: by_failed", Unavailable, "try again later"),
    ],
)
def test_dynamodb_s_own_words_are_understood(
    clients: Clients, stubbed: Stubber, clock: ManualClock, words: str, error: type[Exception], told: str
) -> None:
    stubbed.add_client_error("query", "ValidationException", words, 400)
    with pytest.raises(error, match=told):
        listed(DynamoResultStore(clients.dynamodb, SETTINGS.table, clock=clock), INDEX_BY_FAILED, clock)
