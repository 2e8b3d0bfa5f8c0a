"""``flask penstock list`` and ``show``."""

import json

from penstock.record import day_bucket
from penstock.times import to_text
from tests.flask.people import API


def test_show_tells_where_a_task_stands(run, tasks, worker):
    tasks.registry["double"].using(task_id="sum-1").enqueue(21)
    worker.work()
    output = run("show", "sum-1").output
    assert all(word in output for word in ("sum-1", "SUCCEEDED", "42"))


def test_show_as_json_is_the_apis_document(run, client, dead):
    assert json.loads(run("show", "import-7", "--json").output) == client.get(f"{API}/tasks/import-7").json


def test_show_names_the_tags_and_the_way_to_the_reason(run, tasks, worker):
    tasks.registry["hopeless"].using(task_id="h-1", tags=("import",)).enqueue("milk")
    worker.work()
    output = run("show", "h-1").output
    assert all(word in output for word in ("import", "flask penstock dlq show h-1"))


def test_list_shows_every_task_newest_first(answer, tasks, clock):
    for number in range(3):
        tasks.registry["double"].using(task_id=f"d-{number}").enqueue(number)
        clock.advance(1)
    assert [line["id"] for line in answer("list")["tasks"]] == ["d-2", "d-1", "d-0"]


def test_list_takes_the_filter_bar_s_text(answer, tasks, die):
    die(1)
    tasks.registry["double"].enqueue(1)
    assert [line["id"] for line in answer("list", "task:hopeless", "status:DEAD")["tasks"]] == ["t-0"]


def test_a_filter_that_cannot_be_read_is_one_line_and_exit_code_2(run):
    result = run("list", "statsu:DEAD")
    assert (result.exit_code, result.stderr) == (2, "Error: statsu: is no filter; did you mean status:?\n")


def test_a_cursor_that_is_none_is_exit_code_2(run):
    result = run("list", "--cursor", "nonsense")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_a_page_says_how_to_go_on(run, tasks):
    for number in range(3):
        tasks.registry["double"].enqueue(number)
    assert "Go on with --cursor" in run("list", "--limit", "2").output


def test_all_reads_every_page(answer, tasks):
    for number in range(130):
        tasks.registry["double"].enqueue(number)
    document = answer("list", "--all")
    assert (len(document["tasks"]), document["cursor"]) == (130, None)


def test_a_list_without_tasks_says_so(run):
    assert run("list").output == "No task matches.\n"


def test_a_name_of_a_megabyte_is_cut(run, tasks):
    put(tasks, "x-1", task="n" * 1_000_000)
    assert len(run("list").output) < 5_000


def test_escape_sequences_of_a_task_do_not_reach_the_terminal(run, tasks):
    put(tasks, "x-1", task="evil\x1b[2J\x9b\u202egnp")
    for words in (("list",), ("show", "x-1"), ("list", "--json"), ("show", "x-1", "--json")):
        assert not set(run(*words).output) & set("\x1b\x9b\u202e\x7f")


def test_no_line_is_wider_than_the_terminal(run, tasks, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    put(tasks, "x-1", task="a_long_name_" * 20)
    assert max(map(len, run("list").output.splitlines())) <= 60


def put(tasks, task_id, *, task):
    """A row as a foreign or newer writer may have left it."""
    now = tasks.ports.clock()
    keys = {"created_bucket": day_bucket(task_id, now), "created_at": to_text(now)}
    tasks.ports.results.put_item(task_id, {"status": "QUEUED", "task": task, "queue": "default", **keys})
