"""By which import paths, ``module:name``, a module finds a project's Flask app and its Penstock object."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from flask import Flask
from flask.cli import ScriptInfo, prepare_import

from penstock.app import Penstock

# As flask.cli looks for them, where FLASK_APP names none.
_FILES = ("wsgi.py", "app.py")
_APPS = ("app", "application")
_FACTORIES = ("create_app", "make_app")
_CALL = re.compile(r"(\w+)(\(\))?")


def app_path(info: ScriptInfo, app: Flask) -> str:
    """The path of the app that ``info`` has loaded, or of its factory; "" for a factory that takes arguments, and the like."""
    path, _, name = (info.app_import_path or "").partition(":")
    module = _module(path)
    if module is None:
        return ""
    if name:
        named = _CALL.fullmatch(name.strip())
        names = [named[1]] if named else []
    else:
        apps = [name for name, value in vars(module).items() if value is app]
        names = [*(name for name in _APPS if name in apps), *apps, *_FACTORIES]
    return next((f"{module.__name__}:{name}" for name in names if hasattr(module, name)), "")


def _module(path: str) -> ModuleType | None:
    for candidate in [path] if path else [file for file in _FILES if Path(file).is_file()]:
        module = sys.modules.get(prepare_import(candidate))
        if module is not None:
            return module
    return None


def penstock_path(tasks: Penstock, root: Path) -> str:
    """The path of ``tasks`` in a module below ``root``, best one that defines tasks; "" where there is none."""
    found = sorted(_places(tasks, root))
    defining = {task.function.__module__ for task in tasks.registry.values()}
    chosen = [place for place in found if place.partition(":")[0] in defining] or found
    return chosen[0] if chosen else ""


def _places(tasks: Penstock, root: Path) -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != "__main__" and isinstance(file, str) and Path(file).resolve().is_relative_to(root.resolve()):
            yield from (f"{name}:{attribute}" for attribute, value in vars(module).items() if value is tasks)
