"""A worker's sign of life, and the check that looks at its age."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from penstock.alive import MAX_AGE_SECONDS, SignOfLife, main, what_is_wrong
from penstock.errors import ConfigurationError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alive"


def test_a_fresh_sign_is_well(path: Path) -> None:
    SignOfLife(path).show()
    assert what_is_wrong(path, max_age=1, now=path.stat().st_mtime + 1) == ""


def test_an_old_sign_is_told_with_its_age(path: Path) -> None:
    SignOfLife(path).show()
    said = what_is_wrong(path, max_age=120, now=path.stat().st_mtime + 300)
    assert said == "the worker's last sign of life is 300 s old, more than 120 s: it is stuck"


def test_each_sign_makes_it_young_again(path: Path) -> None:
    sign = SignOfLife(path)
    os.utime(path, (0, 0))
    sign.show()
    assert what_is_wrong(path, max_age=60, now=time.time()) == ""


def test_no_sign_is_told_with_the_option_that_makes_one(path: Path) -> None:
    said = what_is_wrong(path, max_age=120, now=0)
    assert (
        said
        == f"there is no sign of life at {path}: No such file or directory. Start the worker with --alive-file {path}"
    )


def test_a_file_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"cannot be written: No such file or directory\. Name one in a folder"
    ):
        SignOfLife(tmp_path / "nowhere" / "alive")


def test_a_disk_that_fails_later_is_told_once_and_ends_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.joinpath("folder").mkdir()
    sign = SignOfLife(path.parent / "folder" / "alive")
    (path.parent / "folder" / "alive").unlink()
    path.parent.joinpath("folder").rmdir()
    with caplog.at_level(logging.WARNING, "penstock"):
        sign.show()
        sign.show()
    assert len(caplog.messages) == 1
    assert "is not touched any more: No such file or directory" in caplog.messages[0]


def test_the_check_ends_with_0_where_the_worker_is_well(path: Path) -> None:
    SignOfLife(path)
    assert main([str(path)]) == 0


def test_the_check_ends_with_1_and_says_why_where_it_is_not(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SignOfLife(path)
    os.utime(path, (time.time() - MAX_AGE_SECONDS - 5,) * 2)
    assert (main([str(path)]), "it is stuck" in capsys.readouterr().err) == (1, True)


def test_the_check_is_a_command_of_its_own(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "penstock.alive", path, "--max-age", "60"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.startswith("there is no sign of life")) == (1, True)
