"""``flask penstock dlq``: the dead letters explained and moved back, from a shell."""

import builtins
import json

import pytest
from msgspec.structs import replace

from penstock import Reject
from penstock.flask.cli.base import who
from penstock.ports import RedriveStatus


class Background:
    """A transport that moves dead letters in the background, as SQS does: ``states`` are what it says of the move, in order."""

    def __init__(self, transport, states):
        self._transport, self._states = transport, states

    def __getattr__(self, name):
        return getattr(self._transport, name)

    def redrive(self, queue, *, rate=None):
        return None

    def redrive_status(self, queue):
        return self._states.pop(0)


def in_background(tasks, states):
    tasks.connect(replace(tasks.ports, transport=Background(tasks.ports.transport, states)))


def test_list_names_every_dead_task_with_its_error(run, dead):
    output = run("dlq", "list").output
    assert all(word in output for word in ("import-7", "hopeless", "Reject"))


def test_list_shows_markup_in_messages_as_it_is(run, dead):
    assert "[bold]" in run("dlq", "list").output


def test_list_of_one_queue_leaves_out_the_others(run, dead):
    assert json.loads(run("dlq", "list", "--queue", "images", "--json").output)["dead_letters"] == []


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
    assert (result.exit_code, "about 1 message back to 'default': add --yes" in result.output) == (1, True)
    assert tasks.ports.transport.depth("default").visible == 0


def test_redrive_with_yes_moves_the_dead_letters_back(run, dead, tasks):
    result = run("dlq", "redrive", "default", "--yes")
    assert (result.exit_code, result.output) == (0, "Moved 1 message back to 'default'.\n")
    assert tasks.ports.transport.depth("default").visible == 1


def test_the_latest_death_is_listed_first(answer, die, clock):
    die(1)
    clock.advance(60)
    die(3)
    assert [death["id"] for death in answer("dlq", "list")["dead_letters"]][-1] == "t-0"


def test_list_ends_at_its_limit_and_goes_on_with_the_cursor(answer, die):
    die(3)
    first = answer("dlq", "list", "--limit", "2")
    rest = answer("dlq", "list", "--cursor", first["cursor"])
    assert {death["id"] for death in first["dead_letters"] + rest["dead_letters"]} == {"t-0", "t-1", "t-2"}


def test_arguments_with_telling_names_are_redacted(run, tasks, worker):
    @tasks.task
    def sign_in(password: str) -> None:
        raise Reject("no")

    sign_in.using(task_id="s-1").enqueue("hunter2")
    worker.work()
    assert "hunter2" not in run("dlq", "show", "s-1").output


def test_redrive_names_its_actor_in_the_audit(run, answer, dead):
    run("dlq", "redrive", "default", "--yes")
    line = answer("audit")["lines"][0]
    assert (line["who"], line["action"], line["subject"]) == (who(), "redrive", "queue:default")


def test_a_rate_that_sqs_does_not_know_is_a_wrong_command_line(run):
    assert run("dlq", "redrive", "default", "--rate", "501").exit_code == 2


def test_watching_a_move_that_sqs_does_in_the_background_ends_with_its_count(answer, tasks, dead):
    in_background(tasks, [RedriveStatus("RUNNING", 0, 1), RedriveStatus("COMPLETED", 1, 1)])
    document = answer("dlq", "redrive", "default", "--watch", "--yes")
    assert (document["moved"], document["state"]) == (1, "COMPLETED")


def test_a_move_that_failed_is_told_with_sqs_s_reason(run, tasks, dead):
    in_background(tasks, [RedriveStatus("FAILED", 0, 1, failure="AccessDenied")])
    result = run("dlq", "redrive", "default", "--watch", "--yes")
    assert (result.exit_code, "AccessDenied" in result.stderr) == (1, True)


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
