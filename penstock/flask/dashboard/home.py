"""The first page: what needs somebody, and how the queues do."""

from datetime import timedelta

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from msgspec import Struct

from penstock import operations
from penstock.app import Penstock
from penstock.error_groups import ErrorGroup
from penstock.flask.access import Mounted, Role, requires
from penstock.flask.dashboard import causes, windows
from penstock.flask.dashboard.answers import part, version_of
from penstock.flask.dashboard.dead_letters import Letters, letters_of
from penstock.flask.dashboard.text import counted, plain
from penstock.flask.dashboard.watching import Counts, counts, hours, names_of
from penstock.operations import State

NEW = timedelta(hours=1)
MAX_NEW = 5
RECENT_OPERATIONS = 5


class Need(Struct, frozen=True):
    """Something to look at: ``words`` and the page of it. ``is_calm`` where it goes on by itself."""

    words: str
    url: str
    link: str
    is_calm: bool = False


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The page and its two live parts: counts every few seconds, charts as often as their numbers change."""
    tasks = mount.tasks

    @dashboard.get("/")
    @requires(Role.VIEWER)
    def home() -> str:
        now_in_them, hour = counts(tasks, names_of(tasks)), hours(tasks, names_of(tasks))
        return render_template(
            "penstock/home.html",
            needs=_needs(tasks, now_in_them),
            counts=now_in_them,
            seen=version_of(now_in_them),
            hour=hour,
            seen_hour=version_of(hour.hours),
        )

    @dashboard.get("/counts")
    @requires(Role.VIEWER)
    def counts_of_queues() -> ResponseReturnValue:
        now_in_them = counts(tasks, names_of(tasks))
        return part("penstock/parts/counts.html", version_of(now_in_them), counts=now_in_them)

    @dashboard.get("/hour")
    @requires(Role.VIEWER)
    def hour_of_queues() -> ResponseReturnValue:
        hour = hours(tasks, names_of(tasks))
        return part("penstock/parts/hour.html", version_of(hour.hours), hour=hour)


def _needs(tasks: Penstock, now_in_them: list[Counts]) -> list[Need]:
    settings = tasks.ports.settings
    boxes = letters_of(tasks, list(settings.queues.values()))
    return [
        *_unreadable(boxes, now_in_them),
        *(_dead(box) for box in boxes if box.number),
        *_new_errors(tasks),
        *(_paused(one) for one in now_in_them if one.workers.is_paused),
        *(_redrive(box) for box in boxes if box.is_moving),
        *_operations(tasks),
    ]


def _unreadable(boxes: list[Letters], now_in_them: list[Counts]) -> list[Need]:
    """What is not known may be bad: without this the page would say that nothing needs anybody."""
    letters = [
        Need(
            f"Dead letters of {plain(box.queue.name, 60)} cannot be read: {plain(box.trouble, 200)}",
            url_for(".dead_letters", queue=box.queue.name),
            "Look there",
        )
        for box in boxes
        if box.trouble
    ]
    said = {box.queue.name for box in boxes if box.trouble}
    return letters + [
        Need(
            f"{plain(one.name, 60)} cannot be read: {plain(one.trouble, 200)}",
            url_for(".queue", name=one.name),
            "Open the queue",
        )
        for one in now_in_them
        if one.trouble and one.name not in said
    ]


def _dead(box: Letters) -> Need:
    words = f"{counted(box.number, 'dead letter')} in {plain(box.queue.name, 60)}"
    return Need(words, url_for(".dead_letters", queue=box.queue.name), "See why")


def _new_errors(tasks: Penstock) -> list[Need]:
    now = tasks.ports.clock()
    found = causes.read(tasks, windows.DAY, now=now)
    new = [cause.group for cause in found.causes if cause.group.first_at >= now - NEW]
    needs = [
        Need(_words(group), url_for(".error", fingerprint=group.fingerprint), "Look at it") for group in new[:MAX_NEW]
    ]
    errors = url_for(".errors", window=windows.HOUR.name)
    if len(new) > MAX_NEW:
        words = f"{counted(len(new) - MAX_NEW, 'more new kind')} of errors in the last hour"
        needs.append(Need(words, errors, "See all"))
    if not found.complete:
        words = "A day had more kinds of errors than can be read: there may be new ones that are not named here"
        needs.append(Need(words, errors, "See what can be read"))
    return needs


def _words(group: ErrorGroup) -> str:
    attempts = counted(group.attempts, "failed attempt")
    return f"New in the last hour: {plain(group.type, 60)} in {plain(group.task, 60)}, {attempts}"


def _paused(one: Counts) -> Need:
    waiting = (
        "" if one.depth is None else f": {counted(one.depth.visible, 'message')} wait" + "s" * (one.depth.visible == 1)
    )
    return Need(f"{plain(one.name, 60)} is paused{waiting}", url_for(".queue", name=one.name), "Open the queue")


def _redrive(box: Letters) -> Need:
    moved = 0 if box.redrive is None else box.redrive.moved
    words = f"A redrive of {plain(box.queue.name, 60)} is under way: {counted(moved, 'message')} moved"
    return Need(words, url_for(".dead_letters", queue=box.queue.name), "Watch it", is_calm=True)


def _operations(tasks: Penstock) -> list[Need]:
    return [
        Need(
            f"A {one.kind.value} of many by {plain(one.by, 60)} is not finished: {one.seen:,} of {one.total:,}",
            url_for(".operation", operation_id=one.id),
            "Open it",
            is_calm=True,
        )
        for one in operations.recent(tasks, limit=RECENT_OPERATIONS)
        if one.state is State.RUNNING
    ]
