"""The library for PyPI: ``python -m tools.dist [--output FOLDER] [--json]`` makes its sdist, and its wheel from that sdist.

Both hold what git knows and pyproject.toml names, and nothing else: a build with a file too many or too few is refused. The
same commit gives the same bytes, from any folder and on any day: hatchling and its version are pinned in requirements-dev.txt,
and every time in the archives is that of the last commit (or SOURCE_DATE_EPOCH, where it is set). Another zlib may compress a
little differently.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.packaging.install import pip_environment
from tools.failure import ToolError, exit_code
from tools.project import ROOT

_ALWAYS_IN_AN_SDIST = {"pyproject.toml", ".gitignore", "PKG-INFO"}  # hatchling adds them


def build(output: Path, *, root: Path = ROOT) -> list[Path]:
    """Make sdist and wheel in the folder ``output``, in place of older ones there; ToolError where a file is amiss."""
    environ = pip_environment() | {"SOURCE_DATE_EPOCH": commit_time(root)}
    with tempfile.TemporaryDirectory(prefix="penstock-dist-") as temporary:
        command: list[str | Path] = [sys.executable, "-m", "build", "--no-isolation", "--outdir", temporary, root]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolError(f"the library cannot be built:\n{(done.stdout + done.stderr).strip()}")
        made = sorted(Path(temporary).iterdir())
        for archive in made:
            _check_names(archive, root)
        output.mkdir(parents=True, exist_ok=True)
        for old in output.glob("penstock-*"):
            old.unlink()
        return [Path(shutil.move(archive, output / archive.name)) for archive in made]


def commit_time(root: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Seconds since 1970 of the last commit, or SOURCE_DATE_EPOCH; ToolError where there is neither."""
    return environ.get("SOURCE_DATE_EPOCH") or _git(root, "log", "-1", "--format=%ct").strip()


def names_in(archive: Path) -> set[str]:
    """The files in a wheel, or in an sdist without its leading folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return set(wheel.namelist())
    with tarfile.open(archive) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def expected_names(archive: Path, root: Path) -> set[str]:
    """What should be in it, by pyproject.toml and git; without a wheel's ``*.dist-info``, which follows from the rest."""
    targets = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    if archive.suffix == ".whl":
        return _wheel_names(targets["wheel"], root)
    return _tracked(root, (path.removeprefix("/") for path in targets["sdist"]["include"])) | _ALWAYS_IN_AN_SDIST


def _wheel_names(target: Mapping[str, Any], root: Path) -> set[str]:
    placed = {name: name for name in target["packages"]} | dict(target.get("force-include", {}))
    return {place + name.removeprefix(source) for source, place in placed.items() for name in _tracked(root, [source])}


def _check_names(archive: Path, root: Path) -> None:
    found = {name for name in names_in(archive) if ".dist-info/" not in name}
    expected = expected_names(archive, root)
    if found != expected:
        raise ToolError(
            f"{archive.name} is not what git and pyproject.toml say: "
            f"missing {sorted(expected - found) or 'nothing'}, too many {sorted(found - expected) or 'none'}. "
            "Commit what belongs to the library, and remove or ignore what does not"
        )


def _tracked(root: Path, paths: Iterable[str]) -> set[str]:
    return set(_git(root, "ls-files", "-z", "--", *paths).split("\0")) - {""}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(
            f"git {arguments[0]} failed in {root}: {done.stderr.strip()}. Build from a checkout of the project"
        )
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Build and tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.dist", description="Build the library's sdist and wheel.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where to; dist/ if not given")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON: file name -> sha256")
    options = parser.parse_args(arguments)
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in build(options.output.absolute())}
    for path, digest in digests.items():
        print(f"{path}: {path.stat().st_size / 1024:.0f} kB, {len(names_in(path))} files\n  sha256  {digest}")
    if options.json:
        print(json.dumps({path.name: digest for path, digest in digests.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
