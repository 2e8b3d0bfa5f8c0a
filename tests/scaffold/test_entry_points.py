"""The entry points that `flask penstock init` writes, imported as Lambda imports them."""

import subprocess
import sys
from pathlib import Path

import pytest

from penstock.packaging.bytecode import function_environment
from penstock.scaffold.names import Names
from penstock.scaffold.render import QUEUES, files

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    "shop/__init__.py": "",
    "shop/tasks.py": "from penstock import Penstock\ntasks = Penstock()\n",
    "shop/web.py": """
from flask import Flask
from penstock.flask import init_app
import shop.monitoring
from shop.tasks import tasks

def create_app():
    print("made")
    app = Flask("shop")
    init_app(app, tasks)
    return app
""",
    "shop/monitoring.py": """
from flask import current_app
from shop.tasks import tasks

@tasks.on_dead
def tell(ended):
    print(f"{current_app.name} hears of {ended.task}")
""",
}
A_DEATH = """
from penstock.hooks import Ended
from penstock.states import Status
from shop.tasks import tasks

tasks.hooks.notify(Ended("1", "greet", "default", Status.DEAD, 1))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose app alone imports the module with the hook, and what init wrote there."""
    names = Names("shop", "shop.web:create_app", "shop.tasks:tasks")
    written = {file.path: file.text for file in files(names, queues='{"queues": {"default": {}}}', requirements="")}
    for path, text in {**SOURCES, **written}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    (tmp_path / "penstock").symlink_to(ROOT / "penstock")  # alone: this repository has a lambdas/ of its own
    return tmp_path


def said(root: Path, program: str) -> list[str]:
    command = [sys.executable, "-B", "-c", program]
    environ = function_environment(root / QUEUES)
    done = subprocess.run(command, cwd=root, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ["worker", "reconciler"])
def test_a_hook_of_a_module_that_only_the_app_imports_is_called_in_a_context_of_the_app(root: Path, name: str) -> None:
    assert said(root, f"import lambdas.{name}\n{A_DEATH}")[-1] == "shop hears of greet"


def test_a_process_that_imports_both_makes_the_app_once(root: Path) -> None:
    assert said(root, "import lambdas.worker, lambdas.reconciler") == ["made"]
