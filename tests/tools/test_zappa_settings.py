"""Zappa's settings: of a stage, of Terraform's outputs, and the secrets that are in neither."""

import hashlib
import json
import stat
from pathlib import Path

import pytest

from tools.failure import ToolError
from tools.zappa_settings import (
    SECRET_KEY,
    TOKEN_HASH,
    check_environment,
    from_outputs,
    secrets_for,
    stage_settings,
    write_settings,
)

SETTINGS = {"project_name": "penstock", "memory_size": 512}
MADE = {
    "project_name": "penstock",
    "aws_region": "eu-central-1",
    "s3_bucket": "penstock-dev-deploy-1",
    "role_arn": "arn:aws:iam::1:role/penstock-dev-web",
    "manage_roles": False,
    "aws_environment_variables": {"PENSTOCK_TABLE": "penstock-dev-tasks"},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "zappa_settings.json"
    path.write_text(
        json.dumps({"dev": SETTINGS, "ann": {"extends": "dev", "memory_size": 1024}, "loop": {"extends": "loop"}})
    )
    return path


def test_a_stage_that_extends_another_has_its_settings_and_its_own(file: Path) -> None:
    assert stage_settings("ann", file=file) == {"project_name": "penstock", "memory_size": 1024}


def test_an_unknown_stage_is_refused_with_the_ones_there_are(file: Path) -> None:
    with pytest.raises(ToolError, match=r"there is no stage 'prod' in zappa_settings\.json; there are: dev, ann, loop"):
        stage_settings("prod", file=file)


def test_a_stage_that_extends_itself_is_refused(file: Path) -> None:
    with pytest.raises(ToolError, match="there is no stage 'loop'"):
        stage_settings("loop", file=file)


@pytest.mark.parametrize("stage", ["", "Dev", "my-stage", "1st", "a" * 17, "dev/../x"])
def test_a_name_that_cannot_be_part_of_a_bucket_s_name_is_refused(stage: str, file: Path) -> None:
    with pytest.raises(ToolError, match="is no stage name"):
        stage_settings(stage, file=file)


def test_a_damaged_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "zappa_settings.json").write_text("{")
    with pytest.raises(ToolError, match=r"zappa_settings\.json cannot be read"):
        stage_settings("dev", file=tmp_path / "zappa_settings.json")


def test_what_terraform_made_is_added() -> None:
    assert from_outputs(SETTINGS, {"zappa_settings": MADE, "region": "x"}) == {**SETTINGS, **MADE}


def test_outputs_of_an_older_root_are_refused_with_what_is_missing() -> None:
    made = {name: value for name, value in MADE.items() if name != "role_arn"}
    with pytest.raises(ToolError, match="lacks role_arn: apply this version"):
        from_outputs(SETTINGS, {"zappa_settings": made})


def test_two_names_for_the_project_are_refused() -> None:
    with pytest.raises(ToolError, match="project_name 'penstock' and Terraform has project 'photos'"):
        from_outputs(SETTINGS, {"zappa_settings": MADE | {"project_name": "photos"}})


def test_a_first_deployment_gets_new_secrets_and_tells_the_token() -> None:
    made = secrets_for((), {})
    assert made.new_token is not None
    assert made.environment[TOKEN_HASH] == hashlib.sha256(made.new_token.encode()).hexdigest()
    assert len(made.environment[SECRET_KEY]) == 64


def test_secrets_that_the_function_has_stay_as_they_are() -> None:
    made = secrets_for((TOKEN_HASH, SECRET_KEY), {})
    assert (dict(made.environment), made.new_token) == ({}, None)


def test_a_token_of_the_shell_replaces_the_old_one_and_is_not_shown() -> None:
    token = "a token of twenty characters"
    made = secrets_for((TOKEN_HASH, SECRET_KEY), {"PENSTOCK_WEB_TOKEN": token})
    assert dict(made.environment) == {TOKEN_HASH: hashlib.sha256(token.encode()).hexdigest()}
    assert made.new_token is None


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ToolError, match="PENSTOCK_WEB_TOKEN has 6 characters"):
        secrets_for((), {"PENSTOCK_WEB_TOKEN": "secret"})


def test_an_environment_past_lambdas_limit_is_refused_with_its_largest_part() -> None:
    with pytest.raises(
        ToolError, match="is 4118 bytes and Lambda takes 4096 in all; the largest is PENSTOCK_QUEUES with 4101"
    ):
        check_environment({"PENSTOCK_QUEUES": "q" * 4101, "A": "1"})


def test_settings_are_written_for_this_user_alone(tmp_path: Path) -> None:
    path = write_settings("dev", SETTINGS, tmp_path / "dev")
    assert json.loads(path.read_text()) == {"dev": SETTINGS}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
