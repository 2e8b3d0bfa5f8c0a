"""``queues`` and ``stats``: how much is in the queues, how they do, what works on them; pausing, resuming, purging."""

import click

from penstock import audit, dead_letters
from penstock import queues as live
from penstock.app import Penstock
from penstock.flask import documents
from penstock.flask.cli.base import Misused, acted, command, not_without_yes, who, yes_option
from penstock.flask.cli.completing import queues as complete_queues
from penstock.flask.cli.output import age, facts, number_of, print_json, say, show, spark, table
from penstock.flask.cli.windows import PERIODS, WINDOWS
from penstock.flask.documents import Document
from penstock.processes import LOOK_SECONDS
from penstock.queues import QueueView, Workers
from penstock.watching import Point

_COLUMNS = 12  # of the small chart of a window

_window_option = click.option(
    "--window", type=click.Choice(list(PERIODS)), default="1h", show_default=True, help="How far back."
)
_queue_argument = click.argument("queue", shell_complete=complete_queues)


@command("stats")
@_window_option
def stats(tasks: Penstock, as_json: bool, window: str) -> None:
    """How the queues do: depth, dead, age, throughput.

    WAITING has what is delayed in it, FAILED what is DEAD. The last column is the course of what ended in the window.
    """
    views = live.overview(tasks, window=WINDOWS[window], period=PERIODS[window])
    show(_document(tasks, views, window), lambda _: _stats(views, window, tasks.ports.stats.source), as_json)


@command("list")
def list_queues(tasks: Penstock, as_json: bool) -> None:
    """Every queue, and what works on it."""
    views = live.overview(tasks)
    show(_document(tasks, views, "1h"), lambda _: _list(views), as_json)


@command("show")
@_queue_argument
@_window_option
def show_queue(tasks: Penstock, as_json: bool, queue: str, window: str) -> None:
    """One queue in full."""
    view = live.one(tasks, queue, window=WINDOWS[window], period=PERIODS[window])
    show(documents.queue(view), lambda _: _facts(view, window), as_json)


@command("pause")
@_queue_argument
def pause(tasks: Penstock, as_json: bool, queue: str) -> None:
    """Let nothing more be taken from QUEUE. What runs ends; what waits goes on counting towards the retention."""
    _check(tasks, queue)
    _switched(tasks, "pause", queue)
    workers = live.pause(tasks, queue)
    words = f"{queue!r} is paused ({_state(workers)}). Go on: flask penstock queues resume {queue}"
    show(documents.workers(workers), lambda _: say(words), as_json)


@command("resume")
@_queue_argument
def resume(tasks: Penstock, as_json: bool, queue: str) -> None:
    """Let QUEUE be worked on again."""
    _check(tasks, queue)
    _switched(tasks, "resume", queue)
    workers = live.resume(tasks, queue)
    words = f"{queue!r} is worked on again ({_state(workers)})."
    show(documents.workers(workers), lambda _: say(words), as_json)


@command("purge")
@_queue_argument
@click.option("--confirm", default="", help="The queue's name, once more.")
@yes_option
def purge(tasks: Penstock, as_json: bool, queue: str, confirm: str, yes: bool) -> None:
    """Discard every dead task of QUEUE and delete its dead letters. What waits in QUEUE itself is not touched."""
    _check(tasks, queue)
    if not yes:
        waiting = dead_letters.waiting(tasks, queue)
        what = f"discard every dead task of {queue!r} and delete about {number_of(waiting, 'message')}"
        not_without_yes(f"{what}, for good", {"queue": queue, "waiting": waiting}, as_json, f"--yes --confirm {queue}")
    if confirm != queue:
        raise Misused(f"a purge must be confirmed with the queue's name: add --confirm {queue}")
    acted(tasks, "purge", f"queue:{queue}")
    discarded = dead_letters.purge(tasks, queue, confirm=confirm)
    if as_json:
        print_json({"queue": queue, "discarded": discarded})
    else:
        say(f"Discarded {number_of(discarded, 'task')} of {queue!r}.")


queues: click.Group = click.Group(
    "queues",
    help="The queues, and pausing, resuming, purging them.",
    commands=[list_queues, show_queue, pause, resume, purge],
)


def _document(tasks: Penstock, views: list[QueueView], window: str) -> Document:
    stats = tasks.ports.stats
    queues = [documents.queue(view) for view in views]
    return {"queues": queues, "source": stats.source, "lag": stats.lag, "period": PERIODS[window]}


def _check(tasks: Penstock, queue: str) -> None:
    """UnknownQueue before anything is written into the audit."""
    tasks.ports.settings.queue(queue)


def _switched(tasks: Penstock, action: str, queue: str) -> None:
    """The audit's line of a pause: while the table does not answer, the log's is enough."""
    audit.write(tasks.ports, who=who(), action=action, subject=f"queue:{queue}", required=False)


def _stats(views: list[QueueView], window: str, source: str) -> None:
    headings = ("queue", "waiting", "in flight", "dead", "oldest", "ok", "failed", "retried", window)
    rows = [
        (
            view.name,
            view.live.depth.visible + view.live.depth.delayed,
            view.live.depth.in_flight,
            _letters(view),
            age(view.oldest_age),
            sum(point.succeeded for point in view.points),
            sum(point.failed + point.dead for point in view.points),
            sum(point.retried for point in view.points),
            _chart(view.points),
        )
        for view in views
    ]
    table(headings, rows, whole=(window,))
    say(f"\nWhat ended in the last {window}: {source}.", dim=True)
    for problem in dict.fromkeys(problem for view in views for problem in view.problems):
        say(f"Not read: {problem}")


def _list(views: list[QueueView]) -> None:
    rows = [
        (view.name, view.live.depth.visible, _letters(view), _work(view.workers), len(live.differences(view)) or "")
        for view in views
    ]
    table(("queue", "waiting", "dead", "worked on by", "not as set up"), rows)
    say("\nIn full: flask penstock queues show QUEUE", dim=True)


def _facts(view: QueueView, window: str) -> None:
    depth, mapping = view.live.depth, view.workers.mapping
    runs = [point.duration_ms for point in view.points if point.duration_ms is not None]
    facts(
        [
            ("queue", f"{view.name} ({view.settings.physical_name}{', FIFO' if view.live.fifo else ''})"),
            (
                "waiting",
                f"{depth.visible}, {depth.delayed} delayed, the oldest for {age(view.oldest_age) or '(unknown)'}",
            ),
            ("in flight", depth.in_flight),
            ("dead letters", _letters(view)),
            (f"ended in {window}", _ended(view.points)),
            ("course", _chart(view.points) or None),
            ("mean run", f"{sum(runs) // len(runs)} ms" if runs else None),
            ("time limit", f"{view.settings.time_limit} s"),
            ("visibility timeout", f"{view.live.visibility_timeout} s"),
            ("retention", age(view.live.retention)),
            ("max_receive_count", view.live.max_receive_count),
            ("dead-letter queue", view.live.dead_letter_queue),
            ("worked on by", _work(view.workers)),
            ("a batch", None if mapping is None else f"{mapping.batch_size}, window {mapping.batch_window} s"),
            ("max concurrency", None if mapping is None else mapping.max_concurrency or "AWS's own"),
        ]
    )
    for difference in live.differences(view):
        say(f"Not as set up: {difference}")
    for problem in view.problems:
        say(f"Not read: {problem}")


def _letters(view: QueueView) -> int:
    return view.letters.depth.visible + view.letters.depth.in_flight


def _work(workers: Workers) -> str:
    if not workers.are_there:
        return "nothing that is known"
    paused = ", paused" if workers.is_paused else ""
    if workers.mapping is None:
        return f"worker processes{paused}"
    return f"{workers.mapping.function}{paused} ({workers.mapping.state})"


def _state(workers: Workers) -> str:
    if workers.mapping is None:
        return f"its worker processes look every {LOOK_SECONDS} s"
    return workers.mapping.state


def _ended(points: list[Point]) -> str:
    names = ("succeeded", "failed", "dead", "retried")
    return ", ".join(f"{sum(getattr(point, name) for point in points)} {name}" for name in names)


def _chart(points: list[Point]) -> str:
    """What ended in the window, in a few columns, oldest first."""
    counts = [0] * _COLUMNS
    for number, point in enumerate(points):
        counts[number * _COLUMNS // len(points)] += point.succeeded + point.failed + point.dead
    return spark(counts) if points else ""
