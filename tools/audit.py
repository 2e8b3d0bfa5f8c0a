"""Known vulnerabilities: ``python -m tools.audit`` asks PyPI about every version that a lock file pins.

pip-audit does the asking. By itself it passes over a package that PyPI said nothing about; here that is a failure, for "not
asked" is not "nothing known". (What another platform or Python alone would install is not asked about.) Exit codes: 0 nothing
is known, 1 something is, 3 the question could not be asked. Run by ``make audit``, from the environment of
tools/release-requirements.txt.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penstock.packaging.install import pip_environment
from tools.failure import ToolError, exit_code
from tools.locks import lock_files
from tools.project import ROOT

PIP_AUDIT = ROOT / ".venv-release" / "bin" / "pip-audit"
FOUND, NOT_ASKED = 1, 3


def ask(lock: Path, *, pip_audit: Path = PIP_AUDIT) -> list[dict[str, Any]]:
    """What pip-audit says of each package in ``lock``; ToolError where it says nothing at all."""
    command: list[str | Path] = [
        pip_audit,
        "--format",
        "json",
        "--progress-spinner",
        "off",
        "--disable-pip",
        "--require-hashes",
    ]
    command += ["--requirement", lock]
    done = subprocess.run(command, cwd=ROOT, env=pip_environment(), capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise ToolError(f"pip-audit could not ask about {lock}: {last}") from None
    return found


def told(lock: Path, packages: Sequence[dict[str, Any]]) -> int:
    """Print what is known of a lock's packages; the exit code that follows."""
    skipped = [package for package in packages if "skip_reason" in package]
    bad = [(package, one) for package in packages for one in package.get("vulns", [])]
    for package, one in bad:
        fixed = ", ".join(one["fix_versions"]) or "no version"
        print(f"{lock}: {package['name']} {package['version']} has {one['id']}; fixed in {fixed}")
    if skipped:
        print(
            f"{lock}: PyPI gave no answer for {len(skipped)} of {len(packages)} packages, the first time because: "
            f"{skipped[0]['skip_reason']}"
        )
    elif not bad:
        print(f"{lock}: {len(packages)} packages, no known vulnerability")
    return FOUND if bad else NOT_ASKED if skipped else 0


def main(arguments: Sequence[str]) -> int:
    """Ask about every lock file."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description="Ask PyPI for known vulnerabilities.")
    parser.parse_args(arguments)
    codes = {told(lock, ask(lock)) for lock in lock_files()}
    if FOUND in codes:
        return FOUND
    if NOT_ASKED in codes:
        print(
            "error: this is no all-clear. Run it where https://pypi.org/pypi/NAME/VERSION/json answers", file=sys.stderr
        )
        return NOT_ASKED
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
