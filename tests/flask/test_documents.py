"""What the documents of a task say, and what they keep to themselves."""

import json

import pytest

from penstock.flask import documents
from penstock.registry import Registry
from tests.flask.people import API


@pytest.fixture
def died(tasks, worker):
    """A task with secrets given by position, DEAD."""

    @tasks.task(max_attempts=1)
    def log_in(user: str, password: str, /, *tokens: str) -> None:
        raise ValueError("refused")

    result = log_in.enqueue("ada", "hunter2", "t-1", "t-2")
    worker.work()
    return result.refresh()


@pytest.fixture
def succeeded(tasks, worker):
    """The result of a task that returned ``value``."""

    def make(value):
        @tasks.task(name=f"give-{len(tasks.registry)}")
        def give():
            return value

        result = give.enqueue()
        worker.work()
        return result.refresh()

    return make


def test_secrets_by_position_are_redacted_by_the_names_of_their_parameters(died, tasks):
    shown = documents.arguments(died.row, tasks.registry)
    assert shown == {"args": ["ada", "‹redacted›", "‹redacted›", "‹redacted›"], "kwargs": {}}


def test_positions_of_a_task_that_is_not_registered_have_no_names(died):
    assert documents.arguments(died.row, Registry())["args"] == ["ada", "hunter2", "t-1", "t-2"]


@pytest.mark.parametrize("path", ["tasks", "dead-letters"])
def test_the_api_redacts_secrets_by_position(died, client, path):
    response = client.get(f"{API}/{path}/{died.id}")
    assert (response.json["arguments"]["args"][0], "hunter2" in response.text) == ("ada", False)


@pytest.mark.parametrize("command", [("show",), ("dlq", "show"), ("wait",)])
def test_the_command_line_redacts_secrets_by_position(died, app, command):
    result = app.test_cli_runner().invoke(args=["penstock", *command, died.id, "--json"])
    assert ("ada" in result.output, "hunter2" in result.output) == (True, False)


def test_secrets_in_a_result_are_redacted_and_the_program_has_them(succeeded):
    result = succeeded({"user": "ada", "keys": [{"api_key": "hunter2"}]})
    assert documents.status(result)["result"] == {"user": "ada", "keys": [{"api_key": "‹redacted›"}]}
    assert result.return_value["keys"] == [{"api_key": "hunter2"}]


def test_a_result_as_deep_as_arguments_may_be_is_shown(succeeded):
    value = json.loads("[" * 100 + "]" * 100)
    assert documents.status(succeeded(value))["result"] == value


@pytest.mark.parametrize("path", ["/penstock/api/v1/tasks/{}", "/penstock/tasks/{}"])
def test_a_result_nested_without_end_is_told_and_not_shown(succeeded, client, path):
    deep = json.loads("[" * 700 + "]" * 700)
    response = client.get(path.format(succeeded(deep).id))
    assert (response.status_code, "nested more than 100 levels deep" in response.text) == (200, True)
