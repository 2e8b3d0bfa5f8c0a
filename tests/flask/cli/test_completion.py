"""What a shell offers after a tab: click's own completion, with the names that the app knows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from flask.cli import FlaskGroup, ScriptInfo

SHOP = """
from flask import Flask
from penstock import Penstock, memory
from penstock.flask import init_app

tasks = Penstock()

@tasks.task
def greet(name: str) -> None: ...

tasks.connect(memory.ports())
app = Flask("shop")
init_app(app, tasks)
"""


@pytest.fixture
def offered(app):
    """What is offered for the last of the words after ``flask penstock``."""
    info = ScriptInfo(create_app=lambda: app)
    complete = ShellComplete(FlaskGroup(), {"obj": info}, "flask", "_FLASK_COMPLETE")

    def ask(*words):
        return [item.value for item in complete.get_completions(["penstock", *words[:-1]], words[-1])]

    return ask


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("enq",), ["enqueue"]),
        (("enqueue", "h"), ["hopeless"]),
        (("queues", "pause", ""), ["default", "images"]),
        (("dlq", "redrive", "im"), ["images"]),
        (("list", "st"), ["status:"]),
        (("list", "status:D"), ["status:DEAD"]),
        (("list", "task:do"), ["task:double"]),
        (("stats", "--window", ""), ["1h", "24h", "7d"]),
    ],
)
def test_names_are_completed(offered, words, names):
    assert offered(*words) == names


def test_an_app_that_is_not_connected_offers_no_queues(offered, tasks):
    tasks._ports = None
    assert offered("queues", "pause", "") == []


def test_bash_gets_them_from_the_program(tmp_path: Path):
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    environ = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[3]}",
        "FLASK_APP": "shop",
        "_FLASK_COMPLETE": "bash_complete",
        "COMP_WORDS": "flask penstock enqueue gr",
        "COMP_CWORD": "3",
    }
    flask = Path(sys.executable).with_name("flask")
    done = subprocess.run([flask], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.stdout == "plain,greet\n", done.stderr
