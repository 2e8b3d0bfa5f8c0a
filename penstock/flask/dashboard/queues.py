"""Queues: as they are against what was set up, pausing and resuming them, purging their dead letters."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from msgspec import Struct

from penstock import dead_letters
from penstock import queues as core
from penstock.flask.access import Mounted, Role, acted, requires
from penstock.flask.dashboard import console
from penstock.flask.dashboard.answers import led_to
from penstock.flask.dashboard.text import lasting
from penstock.flask.dashboard.watching import HOUR, PERIOD_SECONDS, Hour
from penstock.queues import QueueView


class Setting(Struct, frozen=True):
    """One setting of a queue: as it is, and as it was set up (empty: nobody says)."""

    name: str
    live: str
    set_up: str = ""

    @property
    def differs(self) -> bool:
        """True where it is not as it was set up."""
        return bool(self.set_up) and self.live != self.set_up


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The list, the page of a queue, and what can be done with one."""
    tasks = mount.tasks

    @dashboard.get("/queues")
    @requires(Role.VIEWER)
    def queues() -> str:
        views = core.overview(tasks, window=HOUR, period=PERIOD_SECONDS)
        return render_template("penstock/queues.html", queues=[(view, core.differences(view)) for view in views])

    @dashboard.get("/queues/<name>")
    @requires(Role.VIEWER)
    def queue(name: str) -> str:
        view = core.one(tasks, name, window=HOUR, period=PERIOD_SECONDS)
        return render_template(
            "penstock/queue.html",
            view=view,
            hour=Hour(name, view.points, view.oldest_age),
            source=tasks.ports.stats.source,
            differences=core.differences(view),
            settings=_settings(view),
            console_url=console.queue_url(tasks.ports.settings, view.settings.url),
        )

    @dashboard.post("/queues/<name>/pauses")
    @requires(Role.OPERATOR)
    def pause(name: str) -> ResponseReturnValue:
        tasks.ports.settings.queue(name)
        acted("pause", f"queue:{name}", required=False)
        core.pause(tasks, name)
        return led_to(".queue", name=name, done="paused")

    @dashboard.delete("/queues/<name>/pauses")
    @requires(Role.OPERATOR)
    def resume(name: str) -> ResponseReturnValue:
        tasks.ports.settings.queue(name)
        acted("resume", f"queue:{name}", required=False)
        core.resume(tasks, name)
        return led_to(".queue", name=name, done="resumed")

    @dashboard.get("/queues/<name>/purges/new")
    @requires(Role.ADMIN)
    def new_purge(name: str) -> str:
        return render_template("penstock/purge.html", name=name, waiting=dead_letters.waiting(tasks, name))

    @dashboard.post("/queues/<name>/purges")
    @requires(Role.ADMIN)
    def purge(name: str) -> ResponseReturnValue:
        tasks.ports.settings.queue(name)
        acted("purge", f"queue:{name}")
        dead_letters.purge(tasks, name, confirm=request.form.get("confirm", "").strip())
        return led_to(".queue", name=name, done="purged")


def _settings(view: QueueView) -> list[Setting]:
    live, wanted = view.live, view.settings
    return [
        Setting("Visibility timeout", _seconds(live.visibility_timeout), _seconds(wanted.visibility_timeout)),
        Setting("Message retention", _seconds(live.retention), _seconds(wanted.retention)),
        Setting("Receives before SQS buries a message", _text(live.max_receive_count), _text(wanted.max_receive_count)),
        Setting("Dead-letter queue", _text(live.dead_letter_queue)),
        Setting("Retention of dead letters", _seconds(view.letters.retention)),
        Setting("Delay of every message", _seconds(live.delay)),
        Setting("FIFO", "yes" if live.fifo else "no"),
        *_mapping(view),
    ]


def _mapping(view: QueueView) -> list[Setting]:
    mapping = view.workers.mapping
    if mapping is None:
        return []
    return [
        Setting("Lambda function", mapping.function),
        Setting("Batch", f"{mapping.batch_size} at most, after {mapping.batch_window} s at most"),
        Setting(
            "Concurrency",
            "AWS's own limit" if mapping.max_concurrency is None else f"{mapping.max_concurrency} at most",
        ),
        Setting("Reports failed messages", "yes" if mapping.reports_failures else "no"),
    ]


def _seconds(value: int | None) -> str:
    return "" if value is None else lasting(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
