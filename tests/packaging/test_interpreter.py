"""Lambda's Python on this machine: found, or told how to get."""

from pathlib import Path

import pytest

from penstock.packaging.failure import PackagingError
from penstock.packaging.interpreter import find_interpreter


def program(folder: Path, name: str, script: str) -> None:
    """An executable of that name, first on a PATH of ``folder``."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_without_lambdas_python_the_way_to_get_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"no Python 3\.13 on this machine.*`uv python install 3\.13`"):
        find_interpreter({"PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path)})


def test_a_named_python_of_another_version_is_refused_with_its_version(tmp_path: Path) -> None:
    program(tmp_path, "python3.12", "echo 3 12 1 linux x86_64 cpython")
    with pytest.raises(
        PackagingError, match=r"PYTHON_LAMBDA='.*python3\.12' is cpython 3\.12\.1, and Lambda runs python3\.13"
    ):
        find_interpreter({"PYTHON_LAMBDA": str(tmp_path / "python3.12")})


def test_a_named_python_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="does not run, and Lambda runs"):
        find_interpreter({"PYTHON_LAMBDA": str(tmp_path / "nowhere")})


def test_lambdas_python_is_found_where_uv_has_put_it(tmp_path: Path) -> None:
    program(tmp_path, "somewhere", "echo 3 13 7 linux aarch64 cpython")
    program(tmp_path, "uv", f"echo {tmp_path}/somewhere")
    found = find_interpreter({"PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path / "none")})
    assert (found.path, found.version) == (tmp_path / "somewhere", "3.13.7")
    assert (found.runs("aarch64"), found.runs("x86_64")) == (True, False)
