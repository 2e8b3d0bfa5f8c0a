"""What Zappa runs in and what it zips: two folders, both of requirements.txt, both clean.

Zappa zips "the active virtual environment". On any machine but Lambda's twin that would ship the wrong wheels, and with them
Zappa's own command line. So Zappa runs in a real virtual environment (``.venv-web``, this machine's wheels), and is shown as
the active one a folder of the same shape that holds Lambda's wheels and nothing that only the command line needs.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penstock.packaging.install import copy_sources, install, pip_environment
from penstock.packaging.interpreter import Interpreter
from penstock.packaging.target import PYTHON_NAME, Target
from tools.failure import ToolError
from tools.project import BUILD, ROOT, pinned

REQUIREMENTS: Final = ROOT / "requirements.txt"
PACKAGES: Final = ("penstock", "tasks", "flask_app")
# What only Zappa's command line imports, gunicorn, and what these bring: on Lambda nobody calls them. That the rest is enough
# is checked on the finished zip.
COMMAND_LINE_ONLY: Final = frozenset(
    {
        "argcomplete",
        "cfn-flip",
        "colorama",
        "gunicorn",
        "hjson",
        "packaging",
        "pip",
        "placebo",
        "python-slugify",
        "pyyaml",
    }
    | {
        "certifi",
        "charset-normalizer",
        "idna",
        "requests",
        "setuptools",
        "text-unidecode",
        "toml",
        "tqdm",
        "troposphere",
    }
    | {"wheel"}
)


@dataclass(frozen=True, slots=True)
class WebEnvironment:
    """``python`` runs Zappa; ``shown`` is what it takes for the active environment; ``project`` is the folder it zips."""

    python: Path
    shown: Path
    project: Path


def prepare(target: Target, python: Interpreter, folder: Path, *, root: Path = ROOT) -> WebEnvironment:
    """Everything that Zappa needs, below ``folder`` (emptied first) and in .venv-web (kept while requirements.txt stays)."""
    shutil.rmtree(folder, ignore_errors=True)
    shown = folder / f"web-{target.arch}"
    packages = shown / "lib" / PYTHON_NAME / "site-packages"
    packages.mkdir(parents=True)
    shipped = folder / "requirements.txt"
    entries = pinned(root / "requirements.txt")
    shipped.write_text("".join(entry for name, entry in entries.items() if name not in COMMAND_LINE_ONLY), "utf-8")
    install(shipped, packages, target, python)
    project = folder / "project"
    project.mkdir()
    # Zappa runs in there, and calls zappa_zip, which needs penstock/packaging and takes it out of the zip.
    laptop_only = [f"penstock/{part}" for part in ("local", "scaffold", "testing")]
    copy_sources([root / name for name in PACKAGES], project, leave_out=laptop_only)
    return WebEnvironment(zappa_python(python, root=root), shown, project)


def zappa_python(python: Interpreter, *, root: Path = ROOT) -> Path:
    """The interpreter of .venv-web, made or brought up to date if need be."""
    venv, lock = root / ".venv-web", root / "requirements.txt"
    installed = (
        venv / "installed-requirements.txt"
    )  # written last: an interrupted installation is not taken for a finished one
    wanted = f"# Python {python.version}\n{lock.read_text(encoding='utf-8')}"
    inside = venv / "bin" / "python"
    if inside.exists() and installed.is_file() and installed.read_text(encoding="utf-8") == wanted:
        return inside
    print(f"Setting up {venv.name} with Python {python.version} ...", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    _run([python.path, "-m", "venv", venv], f"{python.path} cannot make a virtual environment")
    # Zappa needs one package that has no wheel. Its build tools come from the lock too, by hash.
    tools = venv / "build-tools.txt"
    tools.write_text(
        "".join(entry for name, entry in pinned(lock).items() if name in ("packaging", "pip", "setuptools", "wheel"))
    )
    pip: list[str | Path] = [inside, "-m", "pip", "--quiet", "install", "--require-hashes"]
    for arguments, list_of in (("--no-deps", tools), ("--no-build-isolation", lock)):
        _run([*pip, arguments, "-r", list_of], f"{lock} cannot be installed into {venv}")
    installed.write_text(wanted, encoding="utf-8")
    return inside


def _run(command: list[str | Path], what: str) -> None:
    answer = subprocess.run(command, env=pip_environment(), capture_output=True, text=True, check=False)
    if answer.returncode:
        raise ToolError(f"{what}:\n{(answer.stderr or answer.stdout).strip()[-2000:]}")


def folder_of(stage: str) -> Path:
    """Where the things of a stage lie while they are made: ``build/<stage>``."""
    return BUILD / stage
