"""What a machine may lack: the right Python, Terraform, providers, credentials. Each is said in words."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import aws
from tools.deploy import main as deploy
from tools.failure import ToolError, exit_code
from tools.terraform import Terraform, require_version


def program(folder: Path, name: str, script: str) -> None:
    """An executable of that name, first on a PATH of ``folder``."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("version", ["1.10.5", "0.15.0", "unknown"])
def test_an_old_terraform_is_refused_with_its_version(version: str) -> None:
    with pytest.raises(ToolError, match=rf"Terraform {version} is too old: 1\.11 or newer is needed"):
        require_version(version)


@pytest.mark.parametrize("version", ["1.11.0", "1.14.2", "2.0.0-beta1"])
def test_a_new_terraform_is_taken(version: str) -> None:
    require_version(version)


def test_without_terraform_the_place_to_get_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"no terraform on the PATH: install 1\.11 or newer, https://"):
        Terraform(tmp_path, "dev", {}).require()


def test_without_a_provider_the_way_to_give_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "terraform", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="PENSTOCK_TF_PLUGIN_DIR"):
        Terraform(tmp_path, "dev", {}).init()


def test_a_folder_of_providers_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_TF_PLUGIN_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(ToolError, match=r"PENSTOCK_TF_PLUGIN_DIR='.*nowhere' is no folder"):
        Terraform(tmp_path, "dev", {}).init()


def test_terraform_gets_the_stage_s_variables_and_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "terraform", f'echo "$@ stage=$TF_VAR_stage workspace=$TF_WORKSPACE" > {tmp_path}/said')
    (tmp_path / "dev.tfvars").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TF_WORKSPACE", "prod")

    Terraform(tmp_path, "dev", {"stage": "dev"}).apply()

    said = (tmp_path / "said").read_text()
    assert said == f"-chdir={tmp_path} apply -input=false -auto-approve -var-file=dev.tfvars stage=dev workspace=\n"


def test_a_stage_that_was_never_applied_has_no_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "terraform", "echo '{}'")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="stage 'dev' has no outputs: nothing is applied"):
        Terraform(tmp_path, "dev", {}).outputs()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell without credentials, profile and region."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return monkeypatch


def test_without_credentials_the_ways_to_have_some_are_told(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_REGION", "eu-central-1")
    with pytest.raises(ToolError, match="there are no AWS credentials: set AWS_PROFILE"):
        aws.account(aws.session())


def test_without_a_region_one_is_asked_for(nobody: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match="there is no AWS region: set AWS_REGION"):
        aws.session()


def test_a_profile_that_is_not_there_is_named(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_PROFILE", "work")
    with pytest.raises(ToolError, match=r"The config profile \(work\) could not be found"):
        aws.session()


def test_a_missing_stage_is_the_first_thing_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(deploy, ["up", "--stage", "nowhere"]) == 1
    assert capsys.readouterr().err.startswith(
        "error: there is no stage 'nowhere' in zappa_settings.json; there are: dev"
    )


def test_ctrl_c_waits_for_the_program_that_got_it_too(tmp_path: Path) -> None:
    """As on a terminal: the signal goes to the whole group, and Terraform needs its time to write the state."""
    patient = "trap 'sleep 1; echo written > state; exit 1' INT; echo ready; while :; do sleep 0.05; done"
    ours = (
        "import sys; from tools.processes import run_to_its_end\n"
        f"run_to_its_end(['/bin/sh', '-c', {patient!r}], {{'PATH': '/usr/bin:/bin'}}, cwd={str(tmp_path)!r})"
    )
    command = [sys.executable, "-c", ours]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        _, complaint = process.communicate(timeout=20)

    assert (tmp_path / "state").read_text() == "written\n"
    assert "KeyboardInterrupt" in complaint
