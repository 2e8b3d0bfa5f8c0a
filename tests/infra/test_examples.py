"""The roots in infra/terraform/examples: valid, well formatted, and planned without an account."""

import json
import shutil

import pytest

from tests.infra.terraform import ROOT, Terraform

MOCKS = 'mock_provider "aws" {\n  source = "../../tests/mocks"\n}\n\n'
RUN = 'run "%s" {\n  command = plan\n\n  variables {\n    %s\n  }\n}\n'
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/main.tf"))


@pytest.fixture(scope="module")
def folder(terraform, tmp_path_factory):
    """The examples beside the modules, with a zip where they look for one."""
    project = tmp_path_factory.mktemp("examples")
    (project / "build").mkdir()
    for arch in ("x86_64", "arm64"):
        (project / "build" / f"worker-{arch}.zip").touch()
    copied = project / "infra" / "terraform"
    shutil.copytree(terraform.folder, copied, symlinks=True, dirs_exist_ok=True)
    return copied


@pytest.fixture(scope="module")
def initialised(folder):
    """Example -> Terraform there; each initialised when it is asked for, from the providers of the root."""
    made = {}

    def initialise(name):
        if name not in made:
            example = Terraform(folder / "examples" / name)
            providers = folder / ".terraform" / "providers"
            done = example.run("init", "-no-color", "-backend=false", "-input=false", f"-plugin-dir={providers}")
            assert done.returncode == 0, done.stderr
            made[name] = example
        return made[name]

    return initialise


def test_there_are_three():
    assert EXAMPLES == ["complete", "minimal", "two-environments"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_valid_without_a_warning(initialised, name):
    assert json.loads(initialised(name).run("validate", "-json").stdout)["diagnostics"] == []


@pytest.mark.parametrize("name", ["minimal", "complete"])
def test_it_can_be_planned(initialised, name):
    assert planned(initialised(name), {"plan": ""}) == {"plan": "pass"}


def test_both_environments_can_be_planned(initialised):
    runs = {stage: f'stage = "{stage}"' for stage in ("dev", "prod")}
    assert planned(initialised("two-environments"), runs) == {"dev": "pass", "prod": "pass"}


def planned(example, runs):
    """Run -> its outcome, with the variables of each as text."""
    (example.folder / "tests").mkdir(exist_ok=True)
    text = MOCKS + "\n".join(RUN % (name, variables) for name, variables in runs.items())
    (example.folder / "tests" / "plan.tftest.hcl").write_text(text, encoding="utf-8")
    messages = example.messages("test", "-json")
    wrong = [message["@message"] for message in messages if message.get("@level") == "error"]
    assert wrong == []
    ended = [message["test_run"] for message in messages if message["type"] == "test_run"]
    return {run["run"]: run["status"] for run in ended if run.get("progress") == "complete"}
