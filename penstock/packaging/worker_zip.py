"""The workers' zip of a project: made, checked against Lambda's limits, and tried on Lambda's Python.

What is in it: the wheels of lambdas/requirements.txt for Lambda's platform, and the project's own sources that lambdas/ leads
to, each with its compiled form. boto3 is in it too, though Lambda brings one: its version there changes when AWS likes, and
what runs should be what was tested. The dist-info folders stay for their licences and for importlib.metadata. Of Penstock the
local stack stays out, and so does penstock/flask, unless the sources import it.

The same sources and the same pins give the same sha256, from any folder. (Another patch version of Python may compile, and
another zlib compress, a little differently.)
"""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penstock.packaging.archive import Archive, check_platform, check_size, write_zip
from penstock.packaging.bytecode import check_folder, compile_folder, function_environment
from penstock.packaging.failure import PackagingError
from penstock.packaging.install import copy_sources, install
from penstock.packaging.interpreter import Interpreter
from penstock.packaging.sources import LAMBDAS, OURS, Sources, sources_of
from penstock.packaging.target import Target

REQUIREMENTS: Final = tuple(
    Path(LAMBDAS, f"requirements.{ending}") for ending in ("txt", "in")
)  # the lock, if there is one
QUEUES: Final = Path("infra/terraform/queues.auto.tfvars.json")
BUILD: Final = Path("build")
ENTRY: Final = "lambdas.worker"
_LAPTOP_ONLY = ("local", "packaging", "scaffold", "testing")
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Package:
    """A checked zip. ``import_seconds``: its entry point on this machine, None where its code does not run here.

    ``pinned``: every wheel is one that the requirements name by hash. ``not_compiled``: sources that are no Python of Lambda's.
    ``absent``: "module: imports x", of the project's own modules, where x is not in the zip.
    """

    archive: Archive
    arch: str
    python: str
    pinned: bool
    import_seconds: float | None
    not_compiled: tuple[str, ...]
    absent: tuple[str, ...]
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
            "pinned": self.pinned,
            "absent": list(self.absent),
            "import_seconds": self.import_seconds,
            "seconds": round(self.seconds, 1),
        }


def zip_path(root: Path, target: Target) -> Path:
    """Where Terraform looks for it."""
    return root / BUILD / f"worker-{target.arch}.zip"


def build(
    root: Path, target: Target, output: Path, python: Interpreter, *, environ: Mapping[str, str], tried: tuple[str, ...]
) -> Package:
    """Make, check and try the workers' zip of the project at ``root``; PackagingError where it would not work on Lambda.

    ``environ`` is what the project's modules read when they are imported, beside what every function has. Of the packages
    ``tried`` every module is imported, of the others what these import.
    """
    started = time.monotonic()
    sources = sources_of(root)
    _make_build_folder(root / BUILD)
    with tempfile.TemporaryDirectory(prefix="worker-", dir=root / BUILD) as temporary:
        folder = Path(temporary) / "zip"
        pinned = install(_requirements(root), folder, target, python)
        copy_sources(sources.paths, folder, leave_out=_left_out(sources))
        not_compiled = compile_folder(folder, python)
        archive = write_zip(folder, output)
        try:
            check_size(archive)
            check_platform(archive, target)
            # The zip itself is what is tried, not the folder that it was made from.
            unzipped = Path(temporary) / "unzipped"
            shutil.unpack_archive(output, unzipped)
            found = check_folder(
                unzipped,
                target,
                python,
                entries=[ENTRY],
                packages=tried,
                own=sources.names,
                environ={**function_environment(root / QUEUES), **environ},
                not_compiled=not_compiled,
                read=[name for name in sources.names if name != OURS],
            )
        except BaseException:
            output.unlink()  # what cannot work must not lie there as if it could
            raise
    return Package(
        archive,
        target.arch,
        python.version,
        pinned,
        found.get("seconds"),
        tuple(not_compiled),
        tuple(found["absent"]),
        time.monotonic() - started,
    )


def _make_build_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir()
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def _requirements(root: Path) -> Path:
    for path in REQUIREMENTS:
        if (root / path).is_file():
            return root / path
    raise PackagingError(
        f"there is no {root / REQUIREMENTS[0]}, which says what the workers need: `flask penstock init` writes a beginning"
    )


def _left_out(sources: Sources) -> list[str]:
    ours = (*_LAPTOP_ONLY, *(() if sources.with_flask else ("flask",)))
    return [*(f"{OURS}/{part}" for part in ours), *sources.tests]


def words(package: Package) -> Iterator[str]:
    """What was made, with its figures, a line each."""
    archive = package.archive
    yield f"{archive.path}: {archive.size / _MB:.1f} MB, {archive.unzipped / _MB:.1f} MB unzipped, {archive.files} files"
    yield f"  sha256  {archive.sha256}"
    yield f"  largest {', '.join(f'{name} {size / _MB:.1f} MB' for name, size in archive.parts[:4])}"
    if package.import_seconds is None:
        yield "  checked imports not tried: this machine cannot run its code"
    else:
        yield (f"  checked {ENTRY} imported from the zip alone in {package.import_seconds:.2f} s, nothing compiled")
    if not package.pinned:
        yield "  not pinned: the requirements have no hashes, so the next zip may hold other versions"
    for line in package.not_compiled:
        yield f"  not compiled, no Python {package.python}: {line}"
    for line in package.absent:
        yield f"  not in the zip, for what runs at Lambda add it to the requirements: {line}"
    yield f"  made for {package.arch} by Python {package.python} in {package.seconds:.1f} s"
