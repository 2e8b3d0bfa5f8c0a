"""What the Dockerfile promises, as it can be read; tests/package runs its very lines."""

import re
from pathlib import Path

import pytest

from penstock.packaging.target import PYTHON
from tests.package.dockerfile import context, stages

ROOT = Path(__file__).parents[2]
STAGES = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
TARGETS = ("web", "worker")
# Parts of the library that are for a laptop.
BESIDE_THE_IMAGE = {"local", "packaging", "scaffold", "testing"}


def test_every_stage_stands_on_one_exact_slim_image_of_lambda_s_python() -> None:
    bases = {stage.base for stage in STAGES.values()}
    assert len(bases) == 1
    assert re.fullmatch(rf"python:{'.'.join(map(str, PYTHON))}\.\d+-slim-\w+(@sha256:[0-9a-f]{{64}})?", bases.pop())


@pytest.mark.parametrize("target", TARGETS)
def test_it_runs_as_a_user_with_a_number_that_is_not_root_s(target: str) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", STAGES[target].last("USER"))


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_run_or_installed_in_what_is_shipped(target: str) -> None:
    assert (STAGES[target].all("RUN"), STAGES[target].all("ADD")) == ([], [])
    assert all(text.startswith("--from=build ") for text in STAGES[target].all("COPY"))


def test_both_targets_are_the_same_files() -> None:
    assert STAGES["web"].all("COPY") == STAGES["worker"].all("COPY")


@pytest.mark.parametrize("target", TARGETS)
def test_signals_reach_the_process_itself(target: str) -> None:
    stage = STAGES[target]
    assert stage.last("STOPSIGNAL") == "SIGTERM"
    assert stage.command("ENTRYPOINT") + stage.command("CMD")  # in exec form: no shell is in between


@pytest.mark.parametrize("target", TARGETS)
def test_it_tells_whether_it_is_well(target: str) -> None:
    assert STAGES[target].command("HEALTHCHECK")


def test_the_worker_s_check_looks_at_the_file_that_the_worker_touches() -> None:
    worker = STAGES["worker"]
    assert worker.command("ENTRYPOINT")[-2:] == ["--alive-file", worker.command("HEALTHCHECK")[-1]]


def test_docker_sees_what_is_shipped_and_nothing_else_of_a_checkout() -> None:
    seen = context(ROOT)
    assert {path.parts[0] for path in seen} == {"penstock", "tasks", "flask_app", "requirements-image.txt"}
    assert {path.parts[1] for path in seen if path.parts[0] == "penstock"} & BESIDE_THE_IMAGE == set()
    assert not [path for path in seen if path.suffix == ".pyc"]
    assert Path("penstock/flask/dashboard/static/dashboard.js") in seen
