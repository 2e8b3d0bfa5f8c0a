"""What this project is made of: ``python -m tools.sbom [--output FOLDER]`` writes one CycloneDX 1.6 document a lock file.

Each is checked against CycloneDX's schema by cyclonedx-py, lists every package of its lock with its hashes, and is the same
for the same commit. Run by ``make sbom``, from the environment of tools/release-requirements.txt.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.packaging.install import pip_environment
from tools.dist import commit_time
from tools.failure import ToolError, exit_code
from tools.locks import lock_files
from tools.project import BUILD, ROOT

CYCLONEDX = ROOT / ".venv-release" / "bin" / "cyclonedx-py"


def write(lock: Path, output: Path, *, root: Path = ROOT, cyclonedx: Path = CYCLONEDX) -> Path:
    """The document of one lock file (relative to ``root``), in the folder ``output``; ToolError where it cannot be made."""
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{'-'.join(lock.with_suffix('').parts)}.cdx.json"
    command: list[str | Path] = [
        cyclonedx,
        "requirements",
        root / lock,
        "--pyproject",
        root / "pyproject.toml",
        "--of",
        "JSON",
    ]
    command += ["--sv", "1.6", "--output-reproducible", "--validate", "--output-file", path]
    environ = pip_environment() | {"SOURCE_DATE_EPOCH": commit_time(root), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"{lock} cannot be written as CycloneDX: {done.stderr.strip()}")
    if left_out := missing((root / lock).read_text(encoding="utf-8"), json.loads(path.read_text(encoding="utf-8"))):
        path.unlink()
        raise ToolError(f"the CycloneDX document of {lock} leaves out {', '.join(sorted(left_out))}")
    return path


def missing(lock: str, document: Mapping[str, Any]) -> set[str]:
    """The pins of a lock file (its text), such as ``flask==3.1.0``, that a CycloneDX document does not list."""
    pins = set(re.findall(r"^([\w.-]+==[^\s;]+)", lock, re.MULTILINE))
    return pins - {f"{component['name']}=={component['version']}" for component in document.get("components", [])}


def main(arguments: Sequence[str]) -> int:
    """Write them all, and say where."""
    parser = argparse.ArgumentParser(prog="python -m tools.sbom", description="Write the lock files as CycloneDX.")
    parser.add_argument("--output", type=Path, default=BUILD / "sbom", help="where to; build/sbom/ if not given")
    options = parser.parse_args(arguments)
    for lock in lock_files():
        print(f"{lock}: {write(lock, options.output.absolute())}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
