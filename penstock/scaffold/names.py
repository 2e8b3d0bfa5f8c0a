"""What the files of a project call things."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penstock.scaffold.failure import ScaffoldError

MAX_PROJECT_LENGTH: Final = 20  # as modules/stack/variables.tf: bucket names are made of it
_PROJECT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Names:
    """``project`` is what names at AWS begin with; ``app`` (or its factory) and ``tasks`` are import paths, ``module:name``."""

    project: str
    app: str
    tasks: str

    @property
    def tasks_module(self) -> str:
        """The module of the Penstock object."""
        return self.tasks.partition(":")[0]

    @property
    def tasks_name(self) -> str:
        """Its name there."""
        return self.tasks.partition(":")[2]


def project_name(folder: Path) -> str:
    """A name for what stands at AWS, from the folder's."""
    words = re.findall(r"[a-z0-9]+", folder.name.lower())
    name = "-".join(words).lstrip("0123456789-")[:MAX_PROJECT_LENGTH].rstrip("-")
    return name or "penstock"


def checked_project(name: str) -> str:
    """``name``; ScaffoldError where Terraform would refuse it."""
    if not _PROJECT.fullmatch(name) or len(name) > MAX_PROJECT_LENGTH:
        raise ScaffoldError(
            f"--project is {name!r}: up to {MAX_PROJECT_LENGTH} lower-case letters, digits and single hyphens, a letter first"
        )
    return name


def checked_path(path: str, what: str) -> str:
    """``path``; ScaffoldError unless it has the form module:name."""
    if not _PATH.fullmatch(path):
        raise ScaffoldError(f"{what} is {path!r}: write module:name, such as shop.tasks:tasks")
    return path


def path_of_app(flask_app: str) -> str:
    """FLASK_APP's value as an import path, without looking; "" where it names no app or factory by module:name."""
    path = flask_app.strip().removesuffix("()")
    return path if _PATH.fullmatch(path) else ""


def usual_tasks(app: str, root: Path) -> str:
    """Where the tasks of an app will be, if it has none: in a module ``tasks`` of its package, or beside its module."""
    package = app.partition(":")[0].partition(".")[0]
    is_package = any((base / package).is_dir() for base in (root, root / "src"))
    return f"{package}.tasks:tasks" if package and is_package else "tasks:tasks"
