"""The files of a project, as text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penstock import __version__
from penstock.scaffold.failure import ScaffoldError
from penstock.scaffold.names import Names

TERRAFORM: Final = "infra/terraform"
QUEUES: Final = f"{TERRAFORM}/queues.auto.tfvars.json"
MODULES: Final = f"{TERRAFORM}/penstock"
_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
# In the wheel the modules are beside this file (pyproject.toml); in a checkout they are where Terraform has them.
_MODULES = (_HERE / "modules", _HERE.parents[1] / TERRAFORM / "modules")
_OF_MODULES = (".tf", ".py")
_ROOT = ("main.tf", "variables.tf", "outputs.tf", "versions.tf")
_PLACE = re.compile(r"@@(\w+)@@")


@dataclass(frozen=True, slots=True)
class File:
    """One file to be: its path from the project's root, with slashes, and its text.

    ``ours``: Penstock's own and not to be edited. ``gone``: an earlier version wrote it, and this one has it no more.
    """

    path: str
    text: str
    ours: bool = False
    gone: bool = False


def files(names: Names, *, queues: str, requirements: str) -> Iterator[File]:
    """All of them; ``queues`` and ``requirements`` are the texts of two that are made elsewhere."""
    filled = _values(names)
    yield File("lambdas/worker.py", _filled("worker.py.txt", filled))
    yield File("lambdas/reconciler.py", _filled("reconciler.py.txt", filled))
    yield File("lambdas/requirements.in", requirements)
    yield File(QUEUES, queues.rstrip() + "\n")
    for name in _ROOT:
        yield File(f"{TERRAFORM}/{name}", _filled(name, filled))
    yield File(f"{TERRAFORM}/.gitignore", _filled("gitignore.txt", filled))
    yield File(f"{MODULES}/README.md", _filled("modules.md", filled), ours=True)
    yield from _modules()


def lines_to_add(names: Names) -> str:
    """What an app without tasks lacks, for a person to read."""
    return _filled("lines.txt", _values(names))


def _values(names: Names) -> dict[str, str]:
    return {
        "APP": names.app,
        "TASKS": names.tasks_name,
        "TASKS_MODULE": names.tasks_module,
        "TASKS_FILE": names.tasks_module.replace(".", "/") + ".py",
        "PROJECT": names.project,
        "VERSION": __version__,
    }


def _modules() -> Iterator[File]:
    folder = next((place for place in _MODULES if place.is_dir()), None)
    if folder is None:
        raise ScaffoldError(
            f"this installation of Penstock lacks its Terraform modules ({_MODULES[0]}): install it again"
        )
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and path.suffix in _OF_MODULES and not any(part.startswith(".") for part in name.parts):
            yield File(f"{MODULES}/{name.as_posix()}", path.read_text(encoding="utf-8"), ours=True)


def _filled(name: str, values: dict[str, str]) -> str:
    text = (_TEMPLATES / name).read_text(encoding="utf-8")
    return _PLACE.sub(lambda place: values[place[1]], text)
