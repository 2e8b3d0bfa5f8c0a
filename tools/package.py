"""The workers' zip: ``python -m tools.package [--arch x86_64|arm64] [--output ZIP] [--json]``.

What is in it: the wheels of lambdas/requirements.txt for Lambda's platform, penstock/ without the local stack, tasks/ and
lambdas/, each source with its compiled form. boto3 is in it too, though Lambda brings one: its version there changes when AWS
likes, and what runs should be what was tested. The dist-info folders stay for their licences and for importlib.metadata.
The app comes along, with penstock/flask, where lambdas/ names its factory: ``in_app_context("package.module:name")``. Then
lambdas/requirements.in must ask for Flask and what else the app imports; the check says what is forgotten.

The same sources and the same pins give the same sha256, from any folder. (Another patch version of Python may compile, and
another zlib compress, a little differently.)
"""

import argparse
import ast
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from tools.archive import Archive, check_platform, check_size, write_zip
from tools.bytecode import check_folder, compile_folder, function_environment
from tools.failure import exit_code
from tools.install import BUILD, ROOT, copy_sources, install
from tools.interpreter import Interpreter, find_interpreter
from tools.target import TARGETS, Target, target_of

REQUIREMENTS = Path("lambdas/requirements.txt")
QUEUES = Path("infra/terraform/queues.auto.tfvars.json")
PACKAGES = ("penstock", "tasks", "lambdas")
ENTRY = "lambdas.worker"
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Package:
    """A checked zip. ``import_seconds``: its entry point on this machine, None where its code does not run here."""

    archive: Archive
    arch: str
    python: str
    import_seconds: float | None
    not_compiled: tuple[str, ...]
    seconds: float

    def document(self) -> dict[str, object]:
        """As JSON; sizes in bytes."""
        return {
            "zip": str(self.archive.path),
            "sha256": self.archive.sha256,
            "bytes": self.archive.size,
            "unzipped_bytes": self.archive.unzipped,
            "files": self.archive.files,
            "arch": self.arch,
            "python": self.python,
            "import_seconds": self.import_seconds,
            "seconds": round(self.seconds, 1),
        }


def build(target: Target, output: Path, python: Interpreter, *, root: Path = ROOT) -> Package:
    """Make, check and try the workers' zip of the project at ``root``; ToolError where it would not work on Lambda."""
    started = time.monotonic()
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="worker-", dir=BUILD) as temporary:
        folder = Path(temporary) / "zip"
        requirements = root / REQUIREMENTS
        install(requirements, folder, target, python)
        packages = (*PACKAGES, *app_packages(root / "lambdas"))
        copy_sources(packages, folder, root=root, leave_out=_left_out(packages))
        not_compiled = compile_folder(folder, python)
        archive = write_zip(folder, output)
        try:
            check_size(archive)
            check_platform(archive, target)
            # The zip itself is what is tried, not the folder that it was made from.
            unzipped = Path(temporary) / "unzipped"
            shutil.unpack_archive(output, unzipped)
            environ = function_environment(root / QUEUES)
            found = check_folder(
                unzipped,
                target,
                python,
                entries=[ENTRY],
                packages=("tasks", "lambdas"),
                own=packages,  # penstock has integrations that need more than a worker has: only what is used is tried
                environ=environ,
                not_compiled=not_compiled,
            )
        except BaseException:
            output.unlink()  # what cannot work must not lie there as if it could
            raise
    return Package(
        archive, target.arch, python.version, found.get("seconds"), tuple(not_compiled), time.monotonic() - started
    )


def app_packages(folder: Path) -> list[str]:
    """The packages of the app factories that the sources in ``folder`` name: ``in_app_context("package.module:name")``."""
    found = set()
    for source in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "in_app_context":
                found |= {str(name.value).partition(".")[0].partition(":")[0] for name in node.args if _is_path(name)}
    return sorted(found - set(PACKAGES))


def _is_path(node: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _left_out(packages: Sequence[str]) -> list[str]:
    laptop_only = ["penstock/local", "penstock/testing"]
    return laptop_only if set(packages) > set(PACKAGES) else [*laptop_only, "penstock/flask"]


def main(arguments: Sequence[str]) -> int:
    """Build and tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description="Build the workers' zip for Lambda.")
    parser.add_argument("--arch", default="x86_64", help=f"{' or '.join(TARGETS)}; x86_64 if not given")
    parser.add_argument("--output", type=Path, help="where to; build/worker-<arch>.zip if not given")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args(arguments)
    target = target_of(options.arch)
    output = (options.output or BUILD / f"worker-{target.arch}.zip").absolute()
    package = build(target, output, find_interpreter())
    show(package)
    if options.json:
        print(json.dumps(package.document()))
    return 0


def show(package: Package) -> None:
    """Print what was made, with its figures."""
    archive = package.archive
    print(
        f"{archive.path}: {archive.size / _MB:.1f} MB, {archive.unzipped / _MB:.1f} MB unzipped, {archive.files} files"
    )
    print(f"  sha256  {archive.sha256}")
    print(f"  largest {', '.join(f'{name} {size / _MB:.1f} MB' for name, size in archive.parts[:4])}")
    tried = "imports not tried: this machine cannot run its code"
    if package.import_seconds is not None:
        tried = f"{ENTRY} imported from the zip alone in {package.import_seconds:.2f} s, nothing compiled"
    print(f"  checked {tried}")
    for line in package.not_compiled:
        print(f"  not compiled, no Python {package.python}: {line}")
    print(f"  made for {package.arch} by Python {package.python} in {package.seconds:.1f} s")


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
