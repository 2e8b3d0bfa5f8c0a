"""This project's workers' zip: ``python -m tools.package [--arch x86_64|arm64] [--output ZIP] [--json]``.

What ``flask penstock package`` makes for any project (penstock/packaging/worker_zip.py), with the environment that the
reference tasks read.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from penstock.packaging import worker_zip
from penstock.packaging.interpreter import Interpreter, find_interpreter
from penstock.packaging.target import TARGETS, Target, target_of
from penstock.packaging.worker_zip import Package, words, zip_path
from tools.failure import exit_code
from tools.project import CHECK_ENVIRONMENT, ROOT


def build(target: Target, output: Path, python: Interpreter, *, root: Path = ROOT) -> Package:
    """Make, check and try the zip of the project at ``root``; PackagingError where it would not work on Lambda."""
    return worker_zip.build(root, target, output, python, environ=CHECK_ENVIRONMENT, tried=("tasks", "lambdas"))


def main(arguments: Sequence[str]) -> int:
    """Build and tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description="Build the workers' zip for Lambda.")
    parser.add_argument("--arch", default="x86_64", help=f"{' or '.join(TARGETS)}; x86_64 if not given")
    parser.add_argument("--output", type=Path, help="where to; build/worker-<arch>.zip if not given")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args(arguments)
    target = target_of(options.arch)
    output = (options.output or zip_path(ROOT, target)).absolute()
    package = build(target, output, find_interpreter())
    print(*words(package), sep="\n")
    if options.json:
        print(json.dumps(package.document()))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
