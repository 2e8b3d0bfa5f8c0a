"""``flask penstock``: the dead letters explained and moved back, from a shell."""

import builtins
import json

import pytest

from tests.flask.people import API


@pytest.fixture
def run(app):
    """Run ``flask penstock <words>``."""
    return lambda *words: app.test_cli_runner().invoke(args=["penstock", *words])


@pytest.fixture
def dead(tasks, worker):
    """A task that died, its message in the dead-letter queue."""
    result = tasks.registry["hopeless"].using(task_id="import-7").enqueue("milk")
    worker.bury()
    return result


def test_show_tells_where_a_task_stands(run, tasks, worker):
    tasks.registry["double"].using(task_id="sum-1").enqueue(21)
    worker.work()
    output = run("show", "sum-1").output
    assert all(word in output for word in ("sum-1", "SUCCEEDED", "42"))


def test_show_as_json_is_the_apis_document(run, client, dead):
    assert json.loads(run("show", "import-7", "--json").output) == client.get(f"{API}/tasks/import-7").json


def test_list_names_every_dead_task_with_its_error(run, dead):
    output = run("dlq", "list").output
    assert all(word in output for word in ("import-7", "hopeless", "Reject"))


def test_list_shows_markup_in_messages_as_it_is(run, dead):
    assert "[bold]" in run("dlq", "list").output


def test_list_of_one_queue_leaves_out_the_others(run, dead):
    assert json.loads(run("dlq", "list", "--queue", "images", "--json").output) == []


def test_list_says_when_there_is_nothing(run):
    assert run("dlq", "list").output == "No dead letters.\n"


def test_list_of_an_unknown_queue_is_an_error_with_the_known_ones(run):
    result = run("dlq", "list", "--queue", "nowhere")
    assert (result.exit_code, "known queues: default, images" in result.output) == (1, True)


def test_dlq_show_explains_the_death_and_the_way_back(run, dead):
    output = run("dlq", "show", "import-7").output
    assert "no milk [bold]today[/bold]" in output
    assert '{"args": [], "kwargs": {"what": "milk"}}' in output
    assert "Traceback" in output
    assert "flask penstock dlq redrive default --yes" in " ".join(output.split())


def test_dlq_show_as_json_has_error_arguments_and_attempts(run, dead):
    document = json.loads(run("dlq", "show", "import-7", "--json").output)
    assert document["error"] == {"type": "Reject", "message": "no milk [bold]today[/bold]"}
    assert document["arguments"] == {"args": [], "kwargs": {"what": "milk"}}
    assert [attempt["number"] for attempt in document["errors"]] == [1]


def test_dlq_show_says_where_arguments_are_that_were_too_large_for_the_message(run, tasks, worker):
    tasks.registry["hopeless"].using(task_id="import-8").enqueue("x" * 1_048_576)
    worker.bury()
    arguments = json.loads(run("dlq", "show", "import-8", "--json").output)["arguments"]
    assert (arguments["in_s3"].startswith("arguments/import-8/"), arguments["bytes"]) == (
        True,
        1_048_576 + len(json.dumps({"args": [], "kwargs": {"what": ""}}, separators=(",", ":"))),
    )


@pytest.mark.parametrize("command", [("show",), ("dlq", "show")])
def test_an_unknown_task_id_is_an_error_without_a_traceback(run, command):
    result = run(*command, "nowhere")
    assert (result.exit_code, "no task 'nowhere' is recorded" in result.output, "Traceback" in result.output) == (
        1,
        True,
        False,
    )


def test_redrive_without_yes_says_what_it_would_do_and_does_nothing(run, dead, tasks):
    result = run("dlq", "redrive", "default")
    assert (result.exit_code, "about 1 messages back to 'default': add --yes" in result.output) == (1, True)
    assert tasks.ports.transport.depth("default").visible == 0


def test_redrive_with_yes_moves_the_dead_letters_back(run, dead, tasks):
    result = run("dlq", "redrive", "default", "--yes")
    assert (result.exit_code, result.output) == (0, "Moved 1 message back to 'default'.\n")
    assert tasks.ports.transport.depth("default").visible == 1


def test_redrive_as_json_says_how_many_were_moved(run, dead):
    assert json.loads(run("dlq", "redrive", "default", "--yes", "--json").output) == {
        "queue": "default",
        "waiting": 1,
        "moved": 1,
    }


def test_an_empty_dead_letter_queue_is_no_error(run):
    result = run("dlq", "redrive", "default")
    assert (result.exit_code, "is empty" in result.output) == (0, True)


def test_without_rich_tables_name_the_extra_and_json_still_works(run, dead, monkeypatch):
    original = builtins.__import__

    def without_rich(name, *args, **kwargs):
        if name.partition(".")[0] == "rich":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_rich)
    assert "pip install 'penstock[cli]'" in run("dlq", "list").output
    assert run("dlq", "list", "--json").exit_code == 0
