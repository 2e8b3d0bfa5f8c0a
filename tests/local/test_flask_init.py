"""``flask penstock init`` in projects of many kinds."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.cli import ScriptInfo

from penstock.local import flask_dev
from penstock.local.deploying import init, package

ROOT = Path(__file__).resolve().parents[2]
TASKS = """
from penstock import Penstock
tasks = Penstock()

@tasks.task(queue="images", time_limit=120)
def shrink(name: str) -> str:
    return name
"""
APP = """
from flask import Flask
from penstock.flask import init_app
from shop.tasks import tasks

def create_app():
    app = Flask("shop")
    init_app(app, tasks)
    return app
"""
PLAIN = "from flask import Flask\n\ndef create_app():\n    return Flask('shop')\n"
Init = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app in a package, with a factory and tasks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    write(tmp_path, {"shop/__init__.py": APP, "shop/tasks.py": TASKS})
    return tmp_path


def write(root: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


@pytest.fixture
def run(root: Path) -> Init:
    """Run ``flask --app APP penstock init ...`` there."""

    def run(*words: str, app: str | None = "shop") -> Result:
        return CliRunner().invoke(init, words, obj=ScriptInfo(app))

    return run


def states(result: Result) -> dict[str, str]:
    return {file["path"]: file["state"] for file in json.loads(result.output)["files"]}


def test_everything_is_written_and_the_next_commands_are_told(run: Init, root: Path) -> None:
    told = run()
    assert told.exit_code == 0, told.output
    assert "written    lambdas/worker.py\n" in told.output
    assert "  flask --app shop:create_app penstock package\n" in told.output
    assert "terraform -chdir=infra/terraform apply -var stage=dev" in told.output
    assert (root / "infra/terraform/penstock/stack/main.tf").is_file()


def test_the_list_of_queues_is_what_the_tasks_need(run: Init, root: Path) -> None:
    run()
    queues = json.loads((root / "infra/terraform/queues.auto.tfvars.json").read_text())["queues"]
    assert queues["images"] == {"time_limit": 120, "batch_size": 7, "max_receive_count": 10}


@pytest.mark.parametrize("app", ["shop", "shop:create_app", "shop:create_app()"])
def test_the_factory_is_named_however_flask_was_told(run: Init, root: Path, app: str) -> None:
    run(app=app)
    assert 'in_app_context("shop:create_app")' in (root / "lambdas/worker.py").read_text()


def test_an_app_in_a_module_is_found_without_being_named(run: Init, root: Path) -> None:
    write(root, {"app.py": "from shop import create_app\nserver = create_app()\n"})
    assert json.loads(run("--json", app=None).output)["app"] == "app:server"


def test_the_tasks_are_found_where_they_are_defined_not_where_they_are_imported(run: Init, root: Path) -> None:
    write(root, {"shop/admin.py": "from shop.tasks import tasks\n", "shop/__init__.py": "import shop.admin\n" + APP})
    assert json.loads(run("--json").output)["tasks"] == "shop.tasks:tasks"


def test_a_dry_run_writes_nothing(run: Init, root: Path) -> None:
    told = run("--dry-run")
    assert "would be written  lambdas/worker.py" in told.output
    assert not (root / "lambdas").exists()


def test_what_is_there_and_different_is_left_and_named_and_ends_with_1(run: Init, root: Path) -> None:
    write(root, {"lambdas/worker.py": "mine\n"})
    told = run()
    assert told.exit_code == 1
    assert "different  lambdas/worker.py\n" in told.output
    assert "To see how: flask --app shop:create_app penstock init --diff" in told.output
    assert (root / "lambdas/worker.py").read_text() == "mine\n"


def test_a_difference_is_shown_and_nothing_is_written(run: Init, root: Path) -> None:
    write(root, {"lambdas/worker.py": "mine\n"})
    told = run("--diff")
    assert "-mine\n" in told.output
    assert "+handler = lambda_handler(tasks)\n" in told.output
    assert not (root / "infra").exists()


def test_the_json_says_what_became_of_each_file(run: Init, root: Path) -> None:
    assert set(states(run("--json")).values()) == {"written"}
    assert set(states(run("--json")).values()) == {"kept"}


def test_before_there_are_tasks_the_lines_to_add_are_told(run: Init, root: Path) -> None:
    write(root, {"shop/__init__.py": PLAIN})
    (root / "shop/tasks.py").unlink()
    told = run()
    assert told.exit_code == 0
    assert "mount(app, tasks=tasks, sign_in=LocalOnly())" in told.output
    assert "from shop.tasks import tasks\n" in (root / "lambdas/worker.py").read_text()


def test_an_app_that_cannot_be_loaded_is_named_by_hand_and_the_guess_is_told(run: Init, root: Path) -> None:
    write(root, {"shop/__init__.py": "import nothing_of_this_name\n"})
    told = run("--tasks", "shop.tasks:tasks", app="shop:create_app")
    assert told.exit_code == 0
    assert "No module named 'nothing_of_this_name'" in told.output
    assert 'in_app_context("shop:create_app")' in (root / "lambdas/worker.py").read_text()


def test_without_a_name_for_the_app_nothing_is_written(run: Init, root: Path) -> None:
    told = run(app=None)
    assert told.exit_code == 1
    assert "`flask --app shop:create_app penstock init`. Nothing was written" in told.output
    assert not (root / "lambdas").exists()


def test_a_factory_that_takes_arguments_is_asked_for(run: Init, root: Path) -> None:
    write(root, {"shop/__init__.py": APP.replace("create_app()", "create_app(mode)")})
    told = run(app="shop:create_app('dev')")
    assert told.exit_code == 1
    assert "takes arguments" in told.output


def test_the_app_is_looked_at_without_this_shell_s_account(
    run: Init, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    write(root, {"shop/__init__.py": APP + "\nimport os\nassert 'AWS_PROFILE' not in os.environ\n"})
    assert json.loads(run("--json").output)["app_error"] is None


def test_packaging_without_a_worker_says_how_to_get_one(root: Path) -> None:
    told = CliRunner().invoke(package, [])
    assert told.exit_code == 1
    assert "`flask penstock init` writes it" in told.output


@pytest.mark.parametrize(
    ("words", "said"), [(["--env", "DEBUG"], "'DEBUG' has no '='"), (["--arch", "mips"], "'mips' is no processor")]
)
def test_packaging_refuses_what_makes_no_sense(root: Path, words: list[str], said: str) -> None:
    told = CliRunner().invoke(package, words)
    assert (told.exit_code != 0, said in told.output) == (True, True)


def test_a_file_in_the_way_is_named(run: Init, root: Path) -> None:
    write(root, {"infra": ""})
    told = run()
    assert told.exit_code == 1
    assert f"{os.sep}infra is a file where a folder is needed" in told.output


def test_the_local_stack_runs_the_entry_points_that_are_there(run: Init, root: Path) -> None:
    before, _ = flask_dev.Asked(root).handlers, run()
    assert before == ("penstock.local.flask_worker:handler", "penstock.local.flask_reconciler:handler")
    assert flask_dev.Asked(root).handlers == ("lambdas.worker:handler", "lambdas.reconciler:handler")
    assert flask_dev.Asked(root, handler="shop:handler").handlers[0] == "shop:handler"


def test_modules_of_an_earlier_version_are_named_and_replaced_when_asked(run: Init, root: Path) -> None:
    run()
    module, record = (root / "infra/terraform/penstock" / name for name in ("queue/main.tf", "written.json"))
    now = module.read_text()
    written = json.loads(record.read_text())
    module.write_text("# an earlier version's\n")
    written["sha256"]["infra/terraform/penstock/queue/main.tf"] = sha256(module.read_bytes()).hexdigest()
    record.write_text(json.dumps(written))

    told = run()
    assert (told.exit_code, "To replace it: flask --app shop:create_app penstock init --upgrade" in told.output) == (
        1,
        True,
    )
    assert run("--upgrade").exit_code == 0
    assert module.read_text() == now
