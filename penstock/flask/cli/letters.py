"""``dlq``: dead letters, why they died, and the way back."""

import json
from dataclasses import dataclass

import click

from penstock import dead_letters
from penstock.app import Penstock
from penstock.flask import documents
from penstock.flask.cli.actions import discard
from penstock.flask.cli.base import Refused, acted, command, not_without_yes, yes_option
from penstock.flask.cli.completing import queues
from penstock.flask.cli.output import Bar, facts, heading, moment, number_of, print_json, say, show, table, visible
from penstock.flask.cli.tasks import all_option, cursor_option, limit_option, more, place_of, search_for
from penstock.flask.documents import Document
from penstock.ports import RedriveStatus
from penstock.search import Search
from penstock.states import Status

_POLL_SECONDS = 2.0
MAX_RATE = 500  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html


@command("list")
@click.option("--queue", default="", shell_complete=queues, help="Only this queue's.")
@limit_option
@cursor_option
@all_option
def dead(tasks: Penstock, as_json: bool, queue: str, limit: int, cursor: str | None, everything: bool) -> None:
    """The DEAD tasks, the latest death first. Reads the table, never the dead-letter queues."""
    if queue:
        tasks.ports.settings.queue(queue)
    search = Search(queue=queue, status=frozenset({Status.DEAD}))
    found = search_for(tasks, search, limit=limit, cursor=cursor, everything=everything)
    deaths = [documents.death(row) for row in found.rows]
    show({"dead_letters": deaths, **place_of(found)}, _deaths, as_json)


@command("show")
@click.argument("task_id")
def explain(tasks: Penstock, as_json: bool, task_id: str) -> None:
    """Why the task TASK_ID died, and what to do next."""
    explained = dead_letters.explain(tasks, task_id)
    document = documents.explanation(explained, tasks.registry)
    show(document, _explanation, as_json)


@command("redrive")
@click.argument("queue", shell_complete=queues)
@click.option("--rate", type=click.IntRange(1, MAX_RATE), help="Messages a second; SQS's own pace without it.")
@click.option("--watch", is_flag=True, help="Wait until SQS has moved them.")
@yes_option
def redrive(tasks: Penstock, as_json: bool, queue: str, rate: int | None, watch: bool, yes: bool) -> None:
    """Move every dead letter of QUEUE back to it, each with its full attempts again."""
    waiting = dead_letters.waiting(tasks, queue)
    if not yes:
        document: Document = {"queue": queue, "waiting": waiting, "moved": 0}
        if waiting:
            not_without_yes(f"move about {number_of(waiting, 'message')} back to {queue!r}", document, as_json)
        words = f"The dead-letter queue of {queue!r} is empty: nothing to redrive."
        show(document, lambda _: say(words), as_json)
        return
    acted(tasks, "redrive", f"queue:{queue}", waiting=waiting, rate=rate)
    moved = dead_letters.redrive(tasks, queue, rate=rate)
    status = _watch(tasks, queue, waiting, as_json) if watch and moved is None else None
    _say_moved(Redrive(queue, waiting, moved, status), as_json)


letters: click.Group = click.Group(
    "dlq",
    help="Dead letters: why tasks died, and the way back.",
    commands=[dead, explain, redrive, discard],
)


@dataclass(frozen=True, slots=True)
class Redrive:
    """What a redrive came to: ``moved`` is None where SQS moves in the background, ``status`` is there if it was watched."""

    queue: str
    waiting: int
    moved: int | None
    status: RedriveStatus | None


def _watch(tasks: Penstock, queue: str, waiting: int, as_json: bool) -> RedriveStatus | None:
    """Look at SQS's move until it has ended. Ctrl-C ends the looking only."""
    status = None
    try:
        with Bar(shown=not as_json) as bar:
            while (status := dead_letters.redrive_status(tasks, queue)) is not None and status.is_running:
                bar.update(f"redrive of {queue} {status.state}", status.moved, status.to_move or waiting)
                tasks.ports.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        raise Refused("not watched any longer; SQS goes on moving") from None
    return status


def _say_moved(redrive: Redrive, as_json: bool) -> None:
    queue, status = redrive.queue, redrive.status
    moved = redrive.moved if status is None else status.moved
    if as_json:
        state = {} if status is None else {"state": status.state}
        print_json({"queue": queue, "waiting": redrive.waiting, "moved": moved, **state})
    elif moved is None:
        say(f"SQS moves about {number_of(redrive.waiting, 'message')} back to {queue!r}, in the background.")
    else:
        say(f"Moved {number_of(moved, 'message')} back to {queue!r}.")
    if status is not None and status.state != "COMPLETED":
        raise Refused(f"SQS's move of {queue!r} is {status.state}: {status.failure or 'look at it in the AWS console'}")


def _deaths(document: Document) -> None:
    if document["dead_letters"]:
        rows = [
            (death["id"], death["task"], death["queue"], moment(death["failed_at"]), _error(death))
            for death in document["dead_letters"]
        ]
        table(
            ("task id", "task", "queue", "died (UTC)", "error"), rows, whole=("task id", "died (UTC)"), wide=("queue",)
        )
    elif document["cursor"] is None:
        say("No dead letters.")
    more(document)
    if document["dead_letters"]:
        say("\nWhy: flask penstock dlq show TASK_ID", dim=True)


def _explanation(document: Document) -> None:
    arguments = document["arguments"]
    rows: list[tuple[str, object]] = [(name, document[name]) for name in ("id", "task", "queue", "status", "attempts")]
    rows.append(("error", _error(document) or None))
    rows.append(("why no retry", document["reason"] or None))
    rows.append(("arguments", json.dumps(arguments, ensure_ascii=False) if arguments else None))
    facts(rows)
    for attempt in document["errors"]:
        heading(
            f"Attempt {attempt['number']}, {attempt['started_at']}, {attempt['duration_ms']} ms → {attempt['outcome']}"
        )
        click.echo(visible(attempt["traceback"].rstrip()))
    say(f"\nNext: {document['advice']}")


def _error(document: Document) -> str:
    error = document["error"]
    return "" if error is None else f"{error['type']}: {error['message']}"
