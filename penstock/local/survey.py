"""A look at a project's Flask app before its stack starts: ``python -m penstock.local.survey [--unconnected]``.

In a process of its own: the app must see the stack's environment, and the command that asks must not change by loading it.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from flask.cli import ScriptInfo

from penstock.errors import ConfigurationError, PenstockError
from penstock.flask.access import MOUNT
from penstock.flask.extension import unconnected
from penstock.local.flask_app import explained, tasks_of
from penstock.local.import_paths import app_path, penstock_path

_UNCONNECTED = "--unconnected"


class Needs(msgspec.Struct, frozen=True):
    """What one task asks of its queue; ``time_limit`` is seconds."""

    task: str
    queue: str
    time_limit: int
    max_attempts: int


class Survey(msgspec.Struct, frozen=True):
    """What was found: the tasks, the dashboard's prefix where it is mounted; or the ``error`` that stood in the way.

    ``app`` and ``penstock`` are where a module finds the app or its factory, and the Penstock object, as ``module:name``; ""
    where that cannot be told.
    """

    tasks: tuple[Needs, ...] = ()
    dashboard: str = ""
    app: str = ""
    penstock: str = ""
    error: str = ""


def survey(root: Path, environ: Mapping[str, str], *, connected: bool) -> Survey:
    """Load the app that ``environ`` names, from ``root``; ConfigurationError says in one line why it cannot be had.

    Not ``connected``, ``init_app`` asks for no queues. No request is made to AWS either way.
    """
    found = look(root, environ, connected=connected)
    if found.error:
        raise ConfigurationError(found.error)
    return found


def look(root: Path, environ: Mapping[str, str], *, connected: bool) -> Survey:
    """As ``survey``, but with the error among what was found, beside what could be told all the same."""
    command = [sys.executable, "-m", "penstock.local.survey", *(() if connected else (_UNCONNECTED,))]
    done = subprocess.run(command, cwd=root, env=dict(environ), capture_output=True, text=True, check=False)
    try:
        found = msgspec.json.decode(_last_line(done.stdout), type=Survey)
    except msgspec.DecodeError:  # sys.exit() in the app, or worse
        last = _last_line(done.stderr)
        return Survey(
            error=f"the Flask app ended the process while it was loaded (exit code {done.returncode}): {last}"
        )
    return found


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print what was found as one JSON document, on the last line of stdout."""
    parser = argparse.ArgumentParser(prog="python -m penstock.local.survey", description=__doc__)
    parser.add_argument(_UNCONNECTED, action="store_true", help="there are no queues yet: do not connect to them")
    options = parser.parse_args(arguments)
    try:
        with unconnected() if options.unconnected else contextlib.nullcontext():
            found = _look(ScriptInfo(environ.get("FLASK_APP")))
    except PenstockError as error:
        found = Survey(error=str(error))
    print("\n" + msgspec.json.encode(found).decode())  # on a line of its own, whatever the app has printed
    return 0


def _look(info: ScriptInfo) -> Survey:
    app = explained(info)
    path = app_path(info, app)
    try:
        tasks = tasks_of(app)
    except PenstockError as error:
        return Survey(app=path, error=str(error))
    mounted = app.extensions.get(MOUNT)
    return Survey(
        tuple(
            Needs(task.name, task.queue, task.options.time_limit, task.options.retry.max_attempts)
            for task in tasks.registry.values()
        ),
        dashboard="" if mounted is None else mounted.prefix,
        app=path,
        penstock=penstock_path(tasks, Path.cwd()),
    )


def _last_line(text: str) -> str:
    lines: Iterable[str] = text.strip().splitlines()
    return next(iter(reversed([*lines])), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
