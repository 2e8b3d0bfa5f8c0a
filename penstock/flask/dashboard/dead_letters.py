"""Dead letters: which queues have some, why their tasks died, and the way back: chosen ones, one cause, a whole queue."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from msgspec import Struct
from msgspec.structs import replace
from werkzeug.exceptions import BadRequest

from penstock import dead_letters as core
from penstock.app import Penstock
from penstock.errors import PenstockError
from penstock.flask.access import Mounted, Role, acted, requires
from penstock.flask.dashboard import causes, console, windows
from penstock.flask.dashboard.answers import led_to, part, version_of
from penstock.flask.dashboard.listing import page_of
from penstock.ports import QueueDepth, RedriveStatus
from penstock.record import MAX_RETENTION
from penstock.search import Search
from penstock.settings import QueueSettings, dead_letter_queue
from penstock.states import Status
from penstock.times import seconds

ROWS = 50
MAX_CAUSES = 12
MAX_RATE = 500

logger: logging.Logger = logging.getLogger("penstock")


class Letters(Struct, frozen=True):
    """The dead-letter queue of one queue. ``trouble`` says why its numbers are missing."""

    queue: QueueSettings
    console_url: str
    depth: QueueDepth | None = None
    redrive: RedriveStatus | None = None
    oldest_expires_at: datetime | None = None
    trouble: str = ""

    @property
    def number(self) -> int:
        """About how many letters there are."""
        return 0 if self.depth is None else self.depth.visible + self.depth.in_flight

    @property
    def is_moving(self) -> bool:
        """True while SQS moves them back."""
        return self.redrive is not None and self.redrive.is_running


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The page, its live part, and the redrive of a queue."""
    tasks = mount.tasks

    @dashboard.get("/dead-letters")
    @requires(Role.VIEWER)
    def dead_letters() -> str:
        name, window = request.args.get("queue", ""), windows.chosen()
        found = causes.read(tasks, window, now=tasks.ports.clock()).causes
        # The queue of a cause is empty where its task is not registered here: it may be this one.
        died = [cause for cause in found if cause.group.dead and (not name or cause.queue in ("", name))]
        died.sort(key=lambda cause: -cause.group.dead)
        search = Search(queue=name, status=frozenset({Status.DEAD}))
        return render_template(
            "penstock/dead_letters.html",
            **_of_letters(tasks, name),
            window=window,
            windows=windows.WINDOWS,
            causes=died[:MAX_CAUSES],
            more_causes=max(0, len(died) - MAX_CAUSES),
            search=search.to_text(),
            page=page_of(tasks, search, limit=ROWS),
        )

    @dashboard.get("/dead-letters/queues")
    @requires(Role.VIEWER)
    def letters_of_queues() -> ResponseReturnValue:
        return part("penstock/parts/letters.html", **_of_letters(tasks, request.args.get("queue", "")))

    @dashboard.post("/queues/<name>/redrives")
    @requires(Role.OPERATOR)
    def redrive(name: str) -> ResponseReturnValue:
        rate = _rate(request.form.get("rate", ""))
        tasks.ports.settings.queue(name)
        acted("redrive", f"queue:{name}", rate=rate)
        core.redrive(tasks, name, rate=rate)
        return led_to(".dead_letters", queue=name, done="redriven")

    @dashboard.delete("/queues/<name>/redrives")
    @requires(Role.OPERATOR)
    def cancel_redrive(name: str) -> ResponseReturnValue:
        tasks.ports.settings.queue(name)
        acted("stop redrive", f"queue:{name}")
        stopped = core.cancel_redrive(tasks, name)
        return led_to(".dead_letters", queue=name, done="redrive-cancelled" if stopped else "no-redrive")


def letters_of(tasks: Penstock, queues: Sequence[QueueSettings]) -> list[Letters]:
    """How many dead letters each queue has, and whether they are moved back: two requests a queue, one for the ages."""
    ages = _ages(tasks, [dead_letter_queue(queue.name) for queue in queues])
    letters = [_letters(tasks, queue, ages.get(dead_letter_queue(queue.name))) for queue in queues]
    return sorted(letters, key=lambda box: (-box.number, box.queue.name))


def _letters(tasks: Penstock, queue: QueueSettings, age: int | None) -> Letters:
    url = console.dead_letters_url(tasks.ports.settings, queue)
    try:
        depth = tasks.ports.transport.depth(dead_letter_queue(queue.name))
        redrive = core.redrive_status(tasks, queue.name)
    except PenstockError as error:  # one queue that cannot be read must not hide the others
        return Letters(queue, url, trouble=str(error))
    expires_at = tasks.ports.clock() + MAX_RETENTION - seconds(age) if age else None
    return Letters(queue, url, depth, redrive, expires_at)


def _ages(tasks: Penstock, queues: Sequence[str]) -> Mapping[str, int | None]:
    try:
        return tasks.ports.stats.oldest_age(queues) if queues else {}
    except PenstockError as error:  # a detail
        logger.warning("the ages of the dead letters cannot be read: %s", error)
        return {}


def _of_letters(tasks: Penstock, name: str) -> dict[str, Any]:
    queues = tasks.ports.settings.queues
    boxes = letters_of(tasks, [tasks.ports.settings.queue(name)] if name else list(queues.values()))
    seen = version_of([replace(box, oldest_expires_at=None) for box in boxes])  # an age changes with every look
    return {"boxes": boxes, "queue": name, "queue_names": sorted(queues), "seen": seen}


def _rate(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    # The length first: int() refuses thousands of digits with an error of its own.
    if not text.isdecimal() or len(text) > len(str(MAX_RATE)) or not 1 <= int(text) <= MAX_RATE:
        raise BadRequest(
            f"rate={text[:20]!r}: SQS moves 1 to {MAX_RATE} messages a second; leave it empty for its own rate"
        )
    return int(text)
