"""docs/tasks.md runs: its files are one project, its snippets run against it in order, its tests pass under the plugin."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from penstock.envelope import Envelope

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tasks.md"
QUEUES = "infra/terraform/queues.auto.tfvars.json"

# Each snippet in the names of those before it; a worker runs what it enqueued before the next one begins.
RUNNER = """
import shop.monitoring, shop.tasks

def test_the_snippets_run_in_order(task_queue):
    names = {}
    for line, text in SNIPPETS:
        exec(compile("\\n" * line + text, "docs/tasks.md", "exec"), names)
        task_queue.drain()
    assert shop.monitoring.durations

def test_a_death_is_told_to_sentry(task_queue):
    import sentry_sdk
    task_queue.fail_next(shop.tasks.pay, error=LookupError("no account"))
    shop.tasks.pay.enqueue(shop.tasks.Decimal(1))
    task_queue.drain()
    assert [str(told) for told in sentry_sdk.told] == ["no account"]
"""

# The part of sentry_sdk that the page uses.
SENTRY = """
from contextlib import contextmanager

told = []

class Scope:
    def set_tag(self, key, value): pass
    def set_extra(self, key, value): pass

@contextmanager
def new_scope():
    yield Scope()

capture_exception = told.append
def capture_message(text, level): told.append(text)
def flush(timeout): pass
"""


def blocks(language: str) -> list[tuple[int, str]]:
    """Line number and text of each fenced block."""
    text = PAGE.read_text(encoding="utf-8")
    fences = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, fence.start(1)), fence[1]) for fence in fences]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    files: dict[str, str] = {
        "shop/__init__.py": "",
        "sentry_sdk.py": SENTRY,
        "pyproject.toml": blocks("toml")[0][1],
        QUEUES: (ROOT / QUEUES).read_text(),
    }
    snippets: list[tuple[int, str]] = []
    for line, block in blocks("python"):
        named = re.match(r"# (\S+\.py)\n", block)
        if named is None:
            snippets.append((line, block))
        else:
            files[named[1]] = files.get(named[1], "") + block + "\n\n"
    files["tests/test_page.py"] = f"SNIPPETS = {snippets!r}\n{RUNNER}"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root


def run(project: Path, *command: str) -> None:
    environ = {**os.environ, "PYTHONPATH": f"{project}{os.pathsep}{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_s_tests_pass_and_its_snippets_run(project: Path) -> None:
    run(project, "-m", "pytest", "-p", "penstock.testing.plugin", "-p", "no:cacheprovider", "-W", "error", "tests")


def test_the_page_s_debug_script_runs(project: Path) -> None:
    run(project, "debug.py")


def test_the_schedule_s_message_is_an_envelope() -> None:
    [(_, terraform)] = blocks("hcl")
    text = dedent(terraform.partition("<<-JSON\n")[2].partition("JSON\n")[0])
    body = text.replace("<aws.scheduler.scheduled-time>", "2026-11-21T02:00:00Z")
    envelope = Envelope.from_json(body.replace("<aws.scheduler.execution-id>", "d32c5kddcf5bb8c3"))
    assert (envelope.id, envelope.kwargs) == ("nightly-report-2026-11-21T02:00:00Z", {"kind": "sales"})
