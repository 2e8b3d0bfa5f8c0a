"""The question for known vulnerabilities: asked and answered, or a failure that says so."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.audit import FOUND, NOT_ASKED, ask, told
from tools.failure import ToolError

LOCK = Path("requirements.txt")
SAFE = {"name": "flask", "version": "3.1.0", "vulns": []}
BAD = {"name": "jinja2", "version": "3.1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["3.1.6"]}]}
SKIPPED = {"name": "boto3", "skip_reason": "not found on PyPI: boto3 (1.43.0)"}


def program(folder: Path, script: str) -> Path:
    """Stands for pip-audit, which needs the network."""
    path = folder / "pip-audit"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_what_pip_audit_prints_is_read_also_where_it_fails(tmp_path: Path) -> None:
    printed = json.dumps({"dependencies": [SAFE, BAD], "fixes": []})
    assert ask(LOCK, pip_audit=program(tmp_path, f"echo '{printed}'; exit 1")) == [SAFE, BAD]


@pytest.mark.parametrize("script", ["echo no route to host >&2; exit 1", "echo no route to host >&2; echo '[}'"])
def test_where_it_prints_nothing_its_last_words_are_told(tmp_path: Path, script: str) -> None:
    with pytest.raises(ToolError, match=r"could not ask about requirements.txt: no route to host"):
        ask(LOCK, pip_audit=program(tmp_path, script))


@pytest.mark.parametrize(
    ("packages", "code"),
    [([], 0), ([SAFE], 0), ([SAFE, BAD], FOUND), ([SAFE, SKIPPED], NOT_ASKED), ([BAD, SKIPPED], FOUND)],
)
def test_a_package_that_nothing_was_said_about_is_no_all_clear(packages: list[dict[str, Any]], code: int) -> None:
    assert told(LOCK, packages) == code


def test_a_vulnerability_is_told_with_the_version_that_has_it_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    told(LOCK, [BAD])
    assert capsys.readouterr().out == "requirements.txt: jinja2 3.1.0 has PYSEC-2026-1; fixed in 3.1.6\n"


def test_how_many_were_not_answered_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told(LOCK, [SAFE, SKIPPED])
    assert "PyPI gave no answer for 1 of 2 packages" in capsys.readouterr().out
