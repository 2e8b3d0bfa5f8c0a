"""Zappa's "zip" callback: what Zappa has zipped becomes a package like the workers', before it is uploaded.

Zappa copies sources without their compiled forms (or with ones whose time stamps no longer match), so each cold start would
compile Flask anew. Here everything is compiled for good, made the same on each build, and tried in isolation. The settings
name it: ``"callbacks": {"zip": "tools.zappa_zip.finish"}``.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from penstock.packaging.archive import check_platform, check_size, write_zip
from penstock.packaging.bytecode import check_folder, compile_folder, function_environment
from penstock.packaging.failure import PackagingError
from penstock.packaging.interpreter import find_interpreter
from penstock.packaging.target import MAX_UNZIPPED_BYTES, target_of
from tools.project import CHECK_ENVIRONMENT, ROOT

QUEUES = ROOT / "infra/terraform/queues.auto.tfvars.json"
# Zappa's notes on the build: a random id, the time, and who built it.
_NOTES = ("package_info.json",)
_MB = 1024 * 1024


class ZappaCLI(Protocol):
    """What is used of Zappa's command line object."""

    zip_path: str
    architecture: str
    app_function: str


def finish(cli: ZappaCLI) -> None:
    """Rewrite ``cli.zip_path`` in place; ends the command with words where the zip would not work."""
    try:
        print(finished(Path(cli.zip_path).absolute(), cli.architecture or "x86_64", cli.app_function))
    except PackagingError as error:
        raise SystemExit(f"error: {error}") from None


def finished(path: Path, arch: str, app_function: str, *, keep: Path | None = None) -> str:
    """Make the zip at ``path`` whole, and say what it is. ``keep`` (PENSTOCK_KEEP_WEB_ZIP) takes a copy."""
    target, python = target_of(arch), find_interpreter()
    with tempfile.TemporaryDirectory(prefix="web-") as temporary:
        folder = Path(temporary) / "zip"
        shutil.unpack_archive(path, folder)
        for note in _NOTES:
            (folder / note).unlink(missing_ok=True)
        shutil.rmtree(folder / "penstock" / "packaging", ignore_errors=True)
        for stale in [*folder.rglob("__pycache__")]:
            shutil.rmtree(stale)
        not_compiled = compile_folder(folder, python)
        archive = write_zip(folder, path)
        check_size(archive, max_zip=MAX_UNZIPPED_BYTES)  # Zappa uploads through S3
        check_platform(archive, target)
        app_module = app_function.rpartition(".")[0]
        # Only the app: Pillow and the like, which the tasks import when they run, are the workers'.
        check_folder(
            folder,
            target,
            python,
            entries=["handler", app_module],
            packages=[app_module.partition(".")[0]],
            own=["penstock", "tasks"],
            environ=function_environment(QUEUES) | CHECK_ENVIRONMENT,
            not_compiled=not_compiled,
        )
    kept = keep or (Path(os.environ["PENSTOCK_KEEP_WEB_ZIP"]) if os.environ.get("PENSTOCK_KEEP_WEB_ZIP") else None)
    if kept:
        shutil.copyfile(path, kept)
    return f"Web zip: {archive.size / _MB:.1f} MB, {archive.unzipped / _MB:.1f} MB unzipped, sha256 {archive.sha256}"
