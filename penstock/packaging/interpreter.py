"""The Python of Lambda's version on this machine: it compiles what ships, and tries it out."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from penstock.packaging.failure import PackagingError
from penstock.packaging.target import PYTHON, PYTHON_NAME

_VERSION = ".".join(map(str, PYTHON))
_ASK = "import platform, sys; print(*sys.version_info[:3], sys.platform, platform.machine(), sys.implementation.name)"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter of Lambda's minor version. ``version`` is the whole one, such as ``3.13.5``."""

    path: Path
    version: str
    platform: str
    machine: str

    def runs(self, machine: str) -> bool:
        """Whether extension modules for Linux on ``machine`` load here."""
        return self.platform == "linux" and self.machine == machine


def find_interpreter(environ: Mapping[str, str] = os.environ) -> Interpreter:
    """PYTHON_LAMBDA, or the python3.13 of the PATH, of pyenv or of uv; PackagingError says how to get one."""
    named = environ.get("PYTHON_LAMBDA", "")
    if named:
        return _named(named)
    for candidate in _candidates(environ):
        found = _examine(candidate)
        if isinstance(found, Interpreter):
            return found
    raise PackagingError(
        f"there is no Python {_VERSION} on this machine, and Lambda runs {PYTHON_NAME}: the packages are compiled and tried "
        f"with it. Get one with `uv python install {_VERSION}` (https://docs.astral.sh/uv/), pyenv or your system's packages; "
        f"if it is in an unusual place, name it: PYTHON_LAMBDA=/path/to/{PYTHON_NAME}"
    )


def _named(name: str) -> Interpreter:
    found = _examine(Path(shutil.which(name) or name))
    if isinstance(found, Interpreter):
        return found
    raise PackagingError(
        f"PYTHON_LAMBDA={name!r} {found}, and Lambda runs {PYTHON_NAME}: name a CPython {_VERSION}, or leave the variable "
        "away to have one looked for"
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    if on_path := shutil.which(PYTHON_NAME, path=environ.get("PATH")):
        yield Path(on_path)
    pyenv = Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from sorted(pyenv.glob(f"{_VERSION}.*/bin/{PYTHON_NAME}"), reverse=True)
    if uv := shutil.which("uv", path=environ.get("PATH")):
        answer = subprocess.run([uv, "python", "find", _VERSION], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.strip():
            yield Path(answer.stdout.strip())


def _examine(path: Path) -> Interpreter | str:
    """The interpreter, or what is wrong with it."""
    try:
        answer = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, text=True, check=True, timeout=30)
        *version, platform, machine, implementation = answer.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return "does not run"
    if tuple(map(int, version[:2])) != PYTHON or implementation != "cpython":
        return f"is {implementation} {'.'.join(version)}"
    return Interpreter(path, ".".join(version), platform, machine)
