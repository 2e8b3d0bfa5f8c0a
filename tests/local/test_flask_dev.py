"""``flask penstock dev`` in a Flask project that is not this one, through the ``flask`` program and our entry point."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from penstock.local.survey import Needs
from penstock.local.task_queues import queues_for
from penstock.queue_list import QueueList

ROOT = Path(__file__).resolve().parents[2]
FLASK = Path(sys.executable).with_name("flask")
SHOP = """
from flask import Flask, current_app
from penstock import Penstock
from penstock.flask import mount
from penstock.flask.access import HostLogin

print("the shop says hello")
tasks = Penstock()

@tasks.task(queue="images", time_limit=120)
def greet(name: str) -> str:
    return f"the {current_app.name} greets {name}"

@tasks.task(queue="long", time_limit=3600)
def rebuild(name: str) -> str:
    return f"{name} is rebuilt in {current_app.name}"

def create_app():
    app = Flask("shop")
    app.add_url_rule("/rebuild/<name>", "rebuild", lambda name: rebuild.enqueue(name).id, methods=["POST"])
    mount(app, tasks=tasks, sign_in=HostLogin(lambda: ("me", "admin")))
    app.add_url_rule("/greet/<name>", "enqueue", lambda name: greet.enqueue(name).id, methods=["POST"])
    app.add_url_rule("/status/<task>", "status", lambda task: tasks.result(task).status.value)
    return app
"""
APPS = {
    "shop": SHOP,
    "plain": "from flask import Flask\napp = Flask('plain')\n",
    "broken": "import nothing_of_this_name\n",
    "failing": "{}['size']\n",
    "leaving": "import sys\nsys.exit('no database')\n",
}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some apps, and penstock as an installed distribution would look to Flask."""
    tmp_path = tmp_path_factory.mktemp("project")
    for name, text in APPS.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    installed = tmp_path / "installed" / "penstock-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: penstock\nVersion: 0\n", encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = "\n".join(f"{name} = {path}" for name, path in project["entry-points"]["flask.commands"].items())
    (installed / "entry_points.txt").write_text(f"[flask.commands]\n{commands}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def environ(folder: Path) -> dict[str, str]:
    """The shell's environment, which knows no queues."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PENSTOCK_", "FLASK_"))}
    return {**kept, "PYTHONPATH": f"{folder / 'installed'}{os.pathsep}{ROOT}"}


@pytest.fixture(scope="module")
def run(folder: Path, environ: dict[str, str]) -> Run:
    """Run ``flask <words>`` in the project and wait for its end."""

    def run(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [FLASK, *words],
            cwd=folder,
            env={**environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


class Dev:
    """A running ``flask --app shop penstock dev`` and what it has said until the last of its hints."""

    def __init__(self, folder: Path, environ: dict[str, str], *options: str) -> None:
        command = [FLASK, "--app", "shop", "penstock", "dev", "--port", "0", "--moto-port", "0", *options]
        self.process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.said: list[str] = []
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if "Ctrl-C stops everything" in line:
                return
        self.process.communicate()
        raise AssertionError("\n".join(self.said))

    def line_with(self, text: str) -> str:
        return next(line for line in self.said if text in line)

    @property
    def urls(self) -> tuple[str, str]:
        """Where the web and moto are."""
        web, moto = self.line_with("the web is at").partition("the web is at ")[2].split(", moto at ")
        return web, moto

    def ask(self, path: str, method: str = "GET") -> str:
        request = urllib.request.Request(self.urls[0] + path, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        return self.process.returncode


@pytest.fixture(scope="module")
def dev(folder: Path, environ: dict[str, str]) -> Iterator[Dev]:
    """One for the tests that leave it running."""
    running = Dev(folder, environ)
    yield running
    running.stop()


def status_of(dev: Dev, task: str, *, wanted: str) -> str:
    """The task's status, as soon as it is ``wanted``."""
    deadline = time.monotonic() + 30
    while (status := dev.ask(f"/status/{task}")) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return status


def succeeded(dev: Dev, queue: str) -> int:
    """How many runs the charts of the queue show."""
    shown = json.loads(dev.ask(f"/penstock/api/v1/queues/{queue}"))
    return sum(point["succeeded"] for point in shown["points"])


def test_a_task_that_a_request_enqueues_succeeds_without_a_handler_or_a_list_of_queues(dev: Dev) -> None:
    task = dev.ask("/greet/Ada", method="POST")
    assert status_of(dev, task, wanted="SUCCEEDED") == "SUCCEEDED"


def test_a_task_too_long_for_lambda_runs_in_a_worker_that_polls_its_queue_itself(dev: Dev) -> None:
    task = dev.ask("/rebuild/index", method="POST")
    assert status_of(dev, task, wanted="SUCCEEDED") == "SUCCEEDED"
    assert "queue long: time_limit 3600 s, worker container, max_receive_count 10;" in dev.line_with("queue long")


def test_the_charts_count_a_worker_that_polls_its_queue_itself(dev: Dev) -> None:
    status_of(dev, dev.ask("/rebuild/index", method="POST"), wanted="SUCCEEDED")
    deadline = time.monotonic() + 10  # its metrics are sent once a second
    while not (counted := succeeded(dev, "long")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert counted


def test_it_tells_where_the_dashboard_is_and_which_queues_it_made(dev: Dev) -> None:
    assert dev.line_with("the dashboard").endswith(f"is at {dev.urls[0]}/penstock/")
    assert "queue images: time_limit 120 s, batch_size 7, max_receive_count 10;" in dev.line_with("queue images")


def terminal(dev: Dev, run: Run) -> dict[str, str]:
    """What another terminal gets by the command that the stack names."""
    words = dev.line_with("in another terminal").partition('"$(flask ')[2].partition(')"')[0].split()
    lines = run(*words).stdout.splitlines()
    exported = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    return {name: value.strip("'") for name, value in exported.items()}


def test_another_terminal_becomes_part_of_it_by_the_command_that_it_names(dev: Dev, run: Run) -> None:
    task = dev.ask("/greet/Ada", method="POST")
    done = run("penstock", "show", task, "--json", **terminal(dev, run))
    assert json.loads(done.stdout.partition("hello\n")[2])["id"] == task, done.stderr


def test_the_doctor_finds_nothing_wrong_with_it(dev: Dev, run: Run) -> None:
    status_of(dev, dev.ask("/greet/Ada", method="POST"), wanted="SUCCEEDED")
    done = run("penstock", "doctor", "--json", **terminal(dev, run))
    document = json.loads(done.stdout.partition("hello\n")[2])
    assert (done.returncode, document["findings"], document["well"]) == (0, [], True)
    assert {one["subject"] for one in document["not_checked"]} <= {"versions"}  # of queues that nobody has used


def test_ctrl_c_ends_it_and_leaves_nothing_running(folder: Path, environ: dict[str, str]) -> None:
    dev = Dev(folder, environ)
    started = descendants(dev.process.pid)
    exit_code = dev.stop()
    assert (exit_code, len(started) >= 3, started & running()) == (0, True, set())


def processes() -> list[tuple[int, int]]:
    """Process id and its parent's, of each that is no zombie."""
    lines = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in lines.splitlines()]
    return [(int(pid), int(parent)) for pid, parent, state in rows if not state.startswith("Z")]


def running() -> set[int]:
    return {pid for pid, _ in processes()}


def descendants(pid: int) -> set[int]:
    children = {child for child, parent in processes() if parent == pid}
    return children.union(*(descendants(child) for child in children))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((), "Error: Could not locate a Flask application. Use the 'flask --app' option"),
        (("--app", "nope"), "Error: Could not import 'nope'."),
        (("--app", "broken"), "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        (("--app", "failing"), "Error: the Flask app cannot be loaded: KeyError: 'size' ("),
        (("--app", "leaving"), "while it was loaded (exit code 1): no database"),
        (("--app", "plain"), "Error: the Flask app 'plain' has no tasks: call penstock.flask.init_app(app, tasks)"),
    ],
)
def test_an_app_that_cannot_be_had_is_one_line(run: Run, words: tuple[str, ...], error: str) -> None:
    done = run(*words, "penstock", "dev", "--port", "0", "--moto-port", "0")
    assert error in done.stderr
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "own.json cannot be read"),
        ("{", "own.json is not valid JSON"),
        ('{"queues": {"default": {}}}', "images"),
        ('{"queues": {"images": {}}}', "task greet: time_limit=120 s is over its queue's"),
    ],
)
def test_a_list_of_queues_that_does_not_do_is_one_line(run: Run, folder: Path, text: str | None, error: str) -> None:
    (folder / "own.json").unlink(missing_ok=True)
    if text is not None:
        (folder / "own.json").write_text(text, encoding="utf-8")
    done = run("--app", "shop", "penstock", "dev", "--queues", "own.json", "--port", "0", "--moto-port", "0")
    assert error in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_port_in_use_is_one_line_that_names_the_option(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("--app", "shop", "penstock", "dev", "--port", port, "--moto-port", "0")
    assert f"Error: the web cannot listen on port {port} of 127.0.0.1" in done.stderr
    assert "--port=0 for any free port" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_handler_of_the_project_gets_what_is_enqueued(folder: Path, environ: dict[str, str]) -> None:
    (folder / "worker.py").write_text("def handler(event, context):\n    print('my own handler')\n", encoding="utf-8")
    dev = Dev(folder, environ, "--handler", "worker:handler")
    try:
        dev.ask("/greet/Ada", method="POST")
        assert dev.process.stdout is not None
        assert next(line for line in dev.process.stdout if "my own handler" in line)
    finally:
        dev.stop()


def test_a_handler_that_is_no_path_is_refused(run: Run) -> None:
    done = run("--app", "shop", "penstock", "dev", "--handler", "worker")
    assert done.stderr.startswith("Error: the handler 'worker' is not of the form module:name")


def test_the_environment_of_a_stack_that_does_not_run_is_one_line(run: Run) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    done = run("--app", "shop", "penstock", "dev", "--env", "--moto-port", port)
    assert done.stderr.startswith(f"Error: no local stack of this project answers at http://127.0.0.1:{port}")
    assert (done.returncode, done.stdout) == (1, "")


CONNECTED = {
    "PENSTOCK_QUEUES": json.dumps(
        {
            "images": {"url": "https://example.com/1/images", "time_limit": 120},
            "long": {"url": "https://example.com/1/long", "time_limit": 3600},
        }
    ),
    "PENSTOCK_TABLE": "tasks",
    "AWS_REGION": "eu-central-1",
}


def test_the_help_lists_the_apps_commands_beside_dev(run: Run) -> None:
    done = run("--app", "shop", "penstock", "--help", **CONNECTED)
    assert {"dev", "enqueue", "dlq", "audit"} <= {line.split()[0] for line in done.stdout.splitlines() if line.strip()}


def test_the_help_lists_dev_alone_and_says_why_where_the_app_cannot_be_loaded(run: Run) -> None:
    done = run("--app", "shop", "penstock", "--help")
    assert (done.returncode, "\n  dev " in done.stdout, "\n  enqueue " in done.stdout) == (0, True, False)
    assert "The other commands come from your app:\n  PENSTOCK_QUEUES is not set." in done.stdout


@pytest.mark.parametrize(
    ("app", "error"), [("shop", "PENSTOCK_QUEUES is not set"), ("plain", "the Flask app 'plain' has no tasks")]
)
def test_a_command_of_an_app_that_cannot_be_loaded_is_one_line_that_names_dev(run: Run, app: str, error: str) -> None:
    done = run("--app", app, "penstock", "stats")
    assert done.stderr.startswith(f"Error: {error}")
    assert "`flask penstock dev`" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("line", "offered"),
    [("flask penstock de", "dev"), ("flask penstock enq", "enqueue"), ("flask penstock enqueue gr", "greet")],
)
def test_a_tab_completes_dev_and_what_the_app_knows(run: Run, line: str, offered: str) -> None:
    words = {"_FLASK_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    done = run(FLASK_APP="shop", **words, **CONNECTED)
    assert done.stdout.splitlines()[-1:] == [f"plain,{offered}"], done.stderr


def test_a_tab_is_silent_where_the_app_cannot_be_loaded(run: Run) -> None:
    words = {"_FLASK_COMPLETE": "bash_complete", "COMP_WORDS": "flask penstock enqueue gr", "COMP_CWORD": "3"}
    done = run(FLASK_APP="plain", **words)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_other_flask_commands_load_neither_moto_nor_the_operations_views(environ: dict[str, str], folder: Path) -> None:
    program = "import sys, penstock.local.command; print(*sorted({*sys.modules} & {'moto', 'boto3', 'penstock.flask'}))"
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("\n", "")


def test_a_queue_made_for_tasks_fits_all_of_them() -> None:
    needs = [Needs("a", "slow", 300, 5), Needs("b", "slow", 20, 12)]
    made = QueueList.from_text(queues_for(needs), source="test").queues
    assert [*made] == ["default", "slow"]
    assert (made["slow"].time_limit, made["slow"].batch_size, made["slow"].max_receive_count) == (300, 2, 15)


def test_a_queue_made_for_a_task_of_hours_is_worked_on_in_a_container() -> None:
    made = QueueList.from_text(queues_for([Needs("a", "long", 7200, 5)]), source="test").queues
    assert (made["long"].time_limit, made["long"].has_function) == (7200, False)
