"""Somebody else's app, from `pip install` to a plan: a wheel, a clean environment, no clone, twelve lines."""

import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from penstock.packaging.install import pip_environment
from penstock.packaging.interpreter import Interpreter
from tests.package.gate import cannot_run
from tools.project import ROOT, pinned

APP = Path(__file__).parent / "foreign_app"
LINES = 12
# One queue, as AWS would answer. The plan is made without an account.
PLAN = """
mock_provider "aws" {
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws" } }
  mock_data "aws_region" { defaults = { id = "eu-central-1" } }
}
run "plan" {
  command = plan
  variables { stage = "test" }
  assert {
    condition     = output.table == "guestbook-test-tasks"
    error_message = "the table has the project's and the stage's name"
  }
  assert {
    condition     = output.queues["default"].function_timeout == 610
    error_message = "the queue list is the one that init wrote"
  }
}
"""


@dataclass(frozen=True, slots=True)
class Project:
    """The app in a folder of its own, with the environment of a shell that knows nothing of this repository."""

    folder: Path
    bin: Path
    environ: dict[str, str]

    def run(self, *words: str | Path, expect: int = 0, **variables: str) -> str:
        """What a command says on stdout; its exit code must be ``expect``."""
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**self.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def penstock(self, *words: str, expect: int = 0, **variables: str) -> str:
        return self.run(self.bin / "flask", "--app", "guestbook", "penstock", *words, expect=expect, **variables)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run(build, env=pip_environment(), check=True)
    return folder


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The versions of the lock, without hashes: the wheel, which is new each time, has none there."""
    entries = {name: entry for name, entry in pinned(ROOT / "requirements-dev.txt").items() if "[" not in name}
    lines = [f"{name}=={entry.partition('==')[2].split()[0]}" for name, entry in entries.items()]
    path = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, wheels: Path, constraints: Path) -> Project:
    """The app as its author has it, committed, and the lines for Penstock added."""
    base = tmp_path_factory.mktemp("foreign")
    environment, folder, home = base / "venv", base / "guestbook", base / "home"
    home.mkdir()
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__", "*.patch"))
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    [wheel] = wheels.glob("*.whl")
    pip = [
        environment / "bin" / "pip",
        "install",
        "--quiet",
        "--constraint",
        constraints,
        "-r",
        APP / "requirements.txt",
    ]
    subprocess.run([*pip, f"{wheel}[aws,flask,local,sqlalchemy]"], env=pip_environment(), check=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    made = Project(folder, environment / "bin", {**kept, "HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull})
    made.run("git", "init", "--quiet")
    made.run("git", "add", "--all")
    made.run(
        "git", "-c", "user.name=olga", "-c", "user.email=olga@example.com", "commit", "--quiet", "-m", "A guest book"
    )
    made.run("git", "apply", APP / "penstock.patch")
    return made


@pytest.fixture(scope="module")
def initialised(project: Project) -> Project:
    """After `flask penstock init`."""
    project.penstock("init")
    return project


@pytest.fixture(scope="module")
def packaged(initialised: Project, python: Interpreter, wheels: Path, constraints: Path) -> Project:
    """After `flask penstock package`."""
    # The wheel's own dependencies come from an index, in the versions of the lock.
    where = {"PIP_FIND_LINKS": str(wheels), "PIP_CONSTRAINT": str(constraints), "PYTHON_LAMBDA": str(python.path)}
    initialised.penstock("package", "--env", "DATABASE_URL=sqlite://", **where)
    return initialised


class Site:
    """The running app, as a browser with cookies sees it."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar, urllib.request.ProxyHandler({}))
        if name:
            self.post("/login", name=name)

    def get(self, path: str) -> str:
        with self._browser.open(self._url + path, timeout=20) as answer:
            return answer.read().decode()

    def post(self, path: str, **form: str) -> str:
        with self._browser.open(self._url + path, urllib.parse.urlencode(form).encode(), timeout=20) as answer:
            return answer.read().decode()


@pytest.fixture(scope="module")
def url(initialised: Project) -> Iterator[str]:
    """Where `flask penstock dev` serves the guest book."""
    command = [initialised.bin / "flask", "--app", "guestbook", "penstock", "dev", "--port", "0", "--moto-port", "0"]
    running = subprocess.Popen(
        command, cwd=initialised.folder, env=initialised.environ, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    said = []
    for line in running.stdout:
        said.append(line)
        if found := re.search(r"the web is at (http://\S+?),", line):
            break
    else:
        raise AssertionError("".join(said))
    try:
        yield found[1]
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)


def test_twelve_lines_are_added_to_the_app(project: Project) -> None:
    counted = [line.split()[:2] for line in project.run("git", "diff", "--numstat").splitlines()]
    assert sum(int(added) for added, _ in counted) <= LINES
    assert sum(int(deleted) for _, deleted in counted) == 1  # the call that is now an enqueue


def test_no_clone_of_this_repository_is_on_the_path(project: Project) -> None:
    told = project.run(project.bin / "python", "-c", "import penstock, sys; print(penstock.__file__, sys.path)")
    assert str(ROOT) not in told


def test_init_writes_new_files_only(initialised: Project) -> None:
    new = initialised.run("git", "status", "--porcelain", "--untracked-files=all").splitlines()
    written = {line[3:] for line in new if line.startswith("??")}
    assert written >= {
        "lambdas/worker.py",
        "lambdas/reconciler.py",
        "lambdas/requirements.in",
        "infra/terraform/main.tf",
        "infra/terraform/queues.auto.tfvars.json",
        "infra/terraform/penstock/stack/main.tf",
    }
    assert {line[3:] for line in new} - written == {
        f"guestbook/{name}.py" for name in ("__init__", "accounts", "pages", "words")
    }


def test_init_finds_the_factory_and_the_tasks(initialised: Project) -> None:
    worker = (initialised.folder / "lambdas" / "worker.py").read_text(encoding="utf-8")
    assert "from guestbook.words import tasks\n" in worker
    assert 'tasks.middleware(in_app_context("guestbook:create_app"))' in worker


def test_init_a_second_time_keeps_all(initialised: Project) -> None:
    told = json.loads(initialised.penstock("init", "--json"))
    assert {file["state"] for file in told["files"]} == {"kept"}


def test_a_task_that_the_app_s_own_view_enqueues_writes_to_the_app_s_database(url: str) -> None:
    site = Site(url, "olga")
    entry = json.loads(site.post("/entries", text="what a nice place"))["id"]

    deadline = time.monotonic() + 60
    while (read := json.loads(site.get(f"/entries/{entry}")))["words"] is None and time.monotonic() < deadline:
        time.sleep(0.1)

    assert read == {"text": "what a nice place", "words": 4}


def test_the_dashboard_shows_the_outcome_to_who_signed_in_at_the_app(url: str) -> None:
    site = Site(url, "olga")
    site.post("/entries", text="good bye")

    deadline = time.monotonic() + 60
    while "SUCCEEDED" not in (page := site.get("/penstock/tasks")) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert "count_words" in page
    assert "SUCCEEDED" in page


def test_a_stranger_is_led_to_the_app_s_login(url: str) -> None:
    assert "<form method=post>" in Site(url, "").get("/penstock/tasks")


def test_the_zip_has_the_app_and_what_it_imports_and_not_the_laptop_s_part(packaged: Project) -> None:
    listed = packaged.run(sys.executable, "-m", "zipfile", "-l", "build/worker-x86_64.zip")
    names = {line.split()[0] for line in listed.splitlines()[1:]}
    assert {
        "guestbook/words.py",
        "lambdas/worker.py",
        "flask_sqlalchemy/__init__.py",
        "penstock/flask/__init__.py",
    } <= names
    assert not [name for name in names if name.startswith(("penstock/local/", "penstock/scaffold/", "moto/"))]


@pytest.fixture(scope="module")
def terraform(packaged: Project) -> Project:
    """The root, initialised from providers on disk or from the registry."""
    if shutil.which("terraform") is None:
        cannot_run("terraform is not on the PATH")
    plugins = os.environ.get("PENSTOCK_TF_PLUGIN_DIR", "")
    where = [f"-plugin-dir={plugins}"] if plugins else []
    init = ["terraform", "-chdir=infra/terraform", "init", "-no-color", "-backend=false", "-input=false", *where]
    done = subprocess.run(
        init, cwd=packaged.folder, env=packaged.environ, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        cannot_run(f"terraform init found no AWS provider (PENSTOCK_TF_PLUGIN_DIR names some): {done.stderr[:300]}")
    return packaged


def test_terraform_finds_what_init_wrote_valid_and_well_formatted(terraform: Project) -> None:
    answer = json.loads(terraform.run("terraform", "-chdir=infra/terraform", "validate", "-json"))
    assert answer["diagnostics"] == []
    assert terraform.run("terraform", "-chdir=infra/terraform", "fmt", "-check", "-recursive", "-list=true") == ""


def test_terraform_plans_it(terraform: Project) -> None:
    tests = terraform.folder / "infra" / "terraform" / "tests"
    tests.mkdir()
    (tests / "plan.tftest.hcl").write_text(PLAN, encoding="utf-8")
    assert "1 passed, 0 failed" in terraform.run("terraform", "-chdir=infra/terraform", "test", "-no-color")
