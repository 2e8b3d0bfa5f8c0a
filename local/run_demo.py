"""Runs the demo from the command line: what it prints, and how it exits."""

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from flask_app.config import DEFAULT_UPLOAD_LIMIT_BYTES
from local.browser import HttpError
from local.demo import Demo
from local.files import FileRefused, photos_from
from local.outcome import Document
from local.project import PROJECT
from local.receiver import Receiver
from local.samples import Photo, missing_photo, photos
from local.show import console_for, print_table, show_on
from penstock.errors import PenstockError
from penstock.local.process import StackError
from penstock.local.stack import Stack

OK, NOT_AS_IT_SHOULD_BE, REFUSED = 0, 1, 2
_KEPT_LINES = 60


class Log:
    """What the stack's processes write: kept for the case that something goes wrong, shown at once if ``verbose``."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def __call__(self, name: str, line: str) -> None:
        self._lines.append(f"{name:8}| {line}")
        if self._verbose:
            print(f"{name:8}| {line}", file=sys.stderr, flush=True)

    def show_last(self) -> None:
        """To stderr, if it was not shown already."""
        if not self._verbose:
            print("\nThe last lines of the stack's processes:", *self._lines, sep="\n", file=sys.stderr)


class Samples:
    """The demo's photos, drawn while the stack starts."""

    def __init__(self, files: Sequence[Photo]) -> None:
        self._photos = list(files)
        self._missing: Photo | None = None
        self._thread = threading.Thread(target=self._draw, name="samples", daemon=True)
        self._thread.start()

    def wait(self) -> tuple[list[Photo], Photo]:
        """The photos to upload, and the one that is missing at first."""
        self._thread.join()
        return self._photos, self._missing or missing_photo()

    def _draw(self) -> None:
        self._missing = missing_photo()
        self._photos = self._photos or photos()


def demo(files: Sequence[Path], environ: Mapping[str, str], *, as_json: bool, verbose: bool) -> int:
    """Run it; 0 if everything ended as it should, 1 if not, 2 if a file was refused before anything started."""
    console = console_for(as_json=as_json)
    try:
        own = photos_from(files, max_bytes=DEFAULT_UPLOAD_LIMIT_BYTES)
    except FileRefused as refused:
        return _refuse(str(refused), REFUSED, as_json=as_json)
    log = Log(verbose=verbose)
    started = time.monotonic()
    try:
        document = _run(Samples(own), environ, console, log)
    except (PenstockError, HttpError) as error:
        if not isinstance(error, StackError):  # which shows the lines that matter itself
            log.show_last()
        return _refuse(f"The demo stopped: {error}", NOT_AS_IT_SHOULD_BE, as_json=as_json)
    document["seconds"] = round(time.monotonic() - started, 1)
    if not document["ok"]:
        log.show_last()
    console.print(Text(_verdict(document), "bold green" if document["ok"] else "bold red"))
    if as_json:
        print(json.dumps(document, indent=2))
    return OK if document["ok"] else NOT_AS_IT_SHOULD_BE


def _run(samples: Samples, environ: Mapping[str, str], console: Console, log: Log) -> Document:
    with Receiver() as receiver:
        project = replace(PROJECT, environ={**PROJECT.environ, "WEBHOOK_HOSTS": receiver.host})
        console.print("Starting the local stack: moto, the web, the workers ...")
        with Stack(project, environ, log, web_port=0, moto_port=0) as stack, show_on(console) as show:
            show.say(f"The web is at {stack.web_url}, moto at {stack.endpoint}")
            story = Demo(stack, receiver, show, console.width, tasks=[], commands=[])
            story.run(*samples.wait())
    print_table(console, story.tasks)
    tasks = [watched.to_json() for watched in story.tasks]
    return {
        "ok": all(task["ok"] for task in tasks),
        "seconds": 0.0,
        "tasks": tasks,
        "webhook_arrivals": [asdict(arrival) for arrival in receiver.arrivals],
        "commands": [asdict(command) for command in story.commands],
    }


def _verdict(document: Document) -> str:
    wrong = [f"{task['label']} {problem}" for task in document["tasks"] for problem in task["problems"]]
    if wrong:
        return "NOT as it should be: " + "; ".join(wrong)
    return f"Everything ended as it should, in {document['seconds']:.0f} s."


def _refuse(message: str, exit_code: int, *, as_json: bool) -> int:
    print(message, file=sys.stderr)
    if as_json:
        print(json.dumps({"ok": False, "error": message}, indent=2))
    return exit_code
