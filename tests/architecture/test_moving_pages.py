"""docs/from-celery.md and docs/from-rq.md run: their files are a project, their snippets run in order, their tests pass."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["from-celery.md", "from-rq.md"]
QUEUES = "infra/terraform/queues.auto.tfvars.json"
SETTINGS = f'[tool.pytest.ini_options]\npenstock_tasks = "shop.tasks:tasks"\npenstock_queues = "{QUEUES}"\n'

# Each snippet in the names of those before it; a worker runs what it enqueued before the next one begins.
RUNNER = """
def test_the_snippets_run_in_order(task_queue):
    names = {}
    for line, text in SNIPPETS:
        exec(compile("\\n" * line + text, PAGE, "exec"), names)
        task_queue.drain()
"""


def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[tuple[int, str]]:
    """Line number and text of each block of Penstock's code; the old library's are marked ``py``."""
    text = text_of(page)
    fences = re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, fence.start(1)), fence[1]) for fence in fences]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_s_tests_pass_and_its_snippets_run(page: str, tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "pyproject.toml": SETTINGS, QUEUES: (ROOT / QUEUES).read_text(encoding="utf-8")}
    snippets: list[tuple[int, str]] = []
    for line, block in blocks(page):
        named = re.match(r"# (\S+\.py)\n", block)
        if named is None:
            snippets.append((line, block))
        else:
            files[named[1]] = files.get(named[1], "") + block + "\n\n"
    files["tests/test_page.py"] = f"PAGE = {page!r}\nSNIPPETS = {snippets!r}\n{RUNNER}"
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "penstock.testing.plugin", "-p", "no:cacheprovider"),
            *("-W", "error", "tests"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
