"""``errors``: failures by kind, and the retry or discard of all that died of one."""

from datetime import datetime

import click
from flask.cli import with_appcontext

from penstock import error_groups
from penstock import operations as bulk
from penstock.app import Penstock
from penstock.error_groups import ErrorGroup
from penstock.flask import documents
from penstock.flask.cli.base import Misused, Refused, acted, command, explaining, not_without_yes, who, yes_option
from penstock.flask.cli.completing import queues
from penstock.flask.cli.operations import carry_out
from penstock.flask.cli.output import facts, moment, number_of, say, show, spark, table
from penstock.flask.cli.tasks import lines_of, search_for
from penstock.flask.cli.windows import WINDOWS
from penstock.flask.documents import Document
from penstock.operations import Kind
from penstock.search import FINGERPRINT
from penstock.times import to_text

_BARS = 12  # columns of the small chart of a window
_EXAMPLES = 10

_queue_option = click.option("--queue", default="", shell_complete=queues, help="Only this queue's.")


@click.group("errors", invoke_without_command=True)
@click.option("--window", type=click.Choice(list(WINDOWS)), default="24h", show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@with_appcontext
@explaining
def errors(context: click.Context, window: str, as_json: bool) -> None:
    """Failures by kind, the most frequent first.

    A kind is a task, a class, a message without its numbers, and the place that raised.
    """
    if context.invoked_subcommand is not None:
        return
    tasks = context.find_object(Penstock)
    assert tasks is not None  # noqa: S101 - for the type checker: the group penstock has set it
    found = error_groups.read(tasks.ports.ledger, WINDOWS[window], now=tasks.ports.clock())
    document: Document = {
        "errors": [documents.error_group(group) for group in found.groups],
        "complete": found.complete,
    }
    show(document, lambda _: _groups(found.groups, window, found.complete, tasks), as_json)


def _fingerprint(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not FINGERPRINT.fullmatch(value):
        raise Misused(f"{value!r:.80} is no fingerprint: it has 16 hexadecimal digits, see `flask penstock errors`")
    return value


_fingerprint_argument = click.argument("fingerprint", callback=_fingerprint)


@command("show")
@_fingerprint_argument
def show_group(tasks: Penstock, as_json: bool, fingerprint: str) -> None:
    """One kind of error: how often it came in the last 7 days, and the tasks that are dead of it."""
    found = error_groups.read(tasks.ports.ledger, WINDOWS["7d"], now=tasks.ports.clock())
    group = next((group for group in found.groups if group.fingerprint == fingerprint), None)
    dead = search_for(tasks, bulk.of_group(fingerprint), limit=_EXAMPLES, cursor=None, everything=False)
    if group is None and not dead.rows:
        raise Refused(f"no error {fingerprint} has come in the last 7 days, and no task is dead of it")
    now = error_groups.count_failures(tasks.ports, fingerprint)
    document: Document = {
        "error": None if group is None else documents.error_group(group),
        "failures": {"count": now.number, "exact": now.exact},
        "tasks": lines_of(tasks, dead),
    }
    show(document, _group, as_json)


def _act(tasks: Penstock, kind: Kind, fingerprint: str, queue: str, yes: bool, as_json: bool) -> None:
    if queue:
        tasks.ports.settings.queue(queue)
    search = bulk.of_group(fingerprint, queue)
    if not yes:
        number, exact = bulk.count(tasks, search)
        document: Document = {"count": number, "exact": exact}
        if number == 0:
            show(document, lambda _: say(f"No task is DEAD of {fingerprint}: nothing to {kind.value}."), as_json)
            return
        more = "" if exact else "more than "
        not_without_yes(f"{kind.value} {more}{number_of(number, 'task')}", document, as_json)
    acted(tasks, f"{kind.value} many", f"error:{fingerprint}", **({"queue": queue} if queue else {}))
    operation = bulk.start(tasks, kind, by=who(), search=search)
    if not as_json:
        say(f"Operation {operation.id}: {kind.value} of {number_of(operation.total, 'task')}.", dim=True)
    carry_out(tasks, operation, as_json)


@command("retry")
@_fingerprint_argument
@_queue_option
@yes_option
def retry_group(tasks: Penstock, as_json: bool, fingerprint: str, queue: str, yes: bool) -> None:
    """Run every task again that is DEAD of this error. Without --yes: how many these are."""
    _act(tasks, Kind.RETRY, fingerprint, queue, yes, as_json)


@command("discard")
@_fingerprint_argument
@_queue_option
@yes_option
def discard_group(tasks: Penstock, as_json: bool, fingerprint: str, queue: str, yes: bool) -> None:
    """Give up every task that is DEAD of this error. Without --yes: how many these are."""
    _act(tasks, Kind.DISCARD, fingerprint, queue, yes, as_json)


for _command in (show_group, retry_group, discard_group):
    errors.add_command(_command)


def _groups(groups: list[ErrorGroup], window: str, complete: bool, tasks: Penstock) -> None:
    if not groups:
        say(f"No failures in the last {window}.")
        return
    now = tasks.ports.clock()
    rows = [
        (
            group.fingerprint,
            group.attempts,
            group.dead,
            _chart(group, now - WINDOWS[window], now),
            moment(to_text(group.last_at)),
            group.task,
            f"{group.type}: {group.message}",
        )
        for group in groups
    ]
    table(
        ("fingerprint", "failed", "dead", window, "last (UTC)", "task", "error"),
        rows,
        whole=("fingerprint", window),
        wide=("last (UTC)",),
    )
    if not complete:
        say("There are more kinds than can be read: these are the most frequent of those that were.", dim=True)
    say("\nWhy: flask penstock errors show FINGERPRINT", dim=True)


def _group(document: Document) -> None:
    if group := document["error"]:
        error = f"{group['type']}: {group['message']}"
        rows = [
            ("fingerprint", group["fingerprint"]),
            ("task", group["task"]),
            ("error", error),
            ("raised in", group["frame"]),
        ]
        rows += [("failed attempts", group["attempts"]), ("first_at", group["first_at"]), ("last_at", group["last_at"])]
        facts(rows)
    failures = document["failures"]
    more = "" if failures["exact"] else "More than "
    say(f"\n{more}{number_of(failures['count'], 'task')} DEAD or FAILED with it now.")
    if lines := document["tasks"]:
        dead = [(line["id"], line["queue"], moment(line["failed_at"]), _message(line)) for line in lines]
        table(("dead task", "queue", "died (UTC)", "error"), dead, whole=("dead task", "died (UTC)"), wide=("queue",))
        fingerprint = lines[0]["error"]["fingerprint"]
        say(f"\nAll of them: flask penstock errors retry {fingerprint} (or discard)", dim=True)


def _message(line: Document) -> str:
    return "" if line["error"] is None else line["error"]["message"]


def _chart(group: ErrorGroup, since: datetime, until: datetime) -> str:
    """The failures of a window in a few columns, oldest first."""
    counts = [0] * _BARS
    for at, count in group.slots.items():
        place = int((at - since) / (until - since) * _BARS)
        counts[min(max(place, 0), _BARS - 1)] += count
    return spark(counts)
