"""``operations``: retries and discards of many tasks, which go on where they were interrupted."""

import click

from penstock import operations as bulk
from penstock.app import Penstock
from penstock.errors import PenstockError
from penstock.flask import documents
from penstock.flask.cli.base import Refused, acted, command, who
from penstock.flask.cli.output import Bar, facts, moment, number_of, say, show, table
from penstock.flask.documents import Document
from penstock.operations import Kind, Operation, State

_STEP_SECONDS = 1.0  # between two looks at the progress bar
PAST = {Kind.RETRY: "Retried", Kind.DISCARD: "Discarded"}


@command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=25, show_default=True, help="How many at most.")
def list_operations(tasks: Penstock, as_json: bool, limit: int) -> None:
    """Operations, those that were started last first."""
    found = [documents.operation(operation) for operation in bulk.recent(tasks, limit=limit)]
    show({"operations": found}, _list, as_json)


@command("show")
@click.argument("operation_id")
def show_operation(tasks: Penstock, as_json: bool, operation_id: str) -> None:
    """How far the operation OPERATION_ID is."""
    show(documents.operation(bulk.get(tasks, operation_id)), _facts, as_json)


@command("resume")
@click.argument("operation_id")
def resume(tasks: Penstock, as_json: bool, operation_id: str) -> None:
    """Go on with an operation that was interrupted or stopped, until it is done."""
    operation = bulk.get(tasks, operation_id)
    if not operation.is_driven_by(who()):
        acted(tasks, "resume operation", f"operation:{operation_id}", begun_by=operation.by)
    carry_out(tasks, bulk.resume(tasks, operation_id, by=who()), as_json)


@command("stop")
@click.argument("operation_id")
def stop(tasks: Penstock, as_json: bool, operation_id: str) -> None:
    """End an operation where it is: what it has done stays done."""
    bulk.get(tasks, operation_id)
    acted(tasks, "stop operation", f"operation:{operation_id}")
    show(documents.operation(bulk.stop(tasks, operation_id)), _facts, as_json)


operations: click.Group = click.Group(
    "operations",
    help="Retries and discards of many: watch, resume, stop.",
    commands=[list_operations, show_operation, resume, stop],
)


def carry_out(tasks: Penstock, operation: Operation, as_json: bool) -> None:
    """Take step after step until ``operation`` is over, and say how it went.

    What interrupts it (Ctrl-C, AWS away) leaves it as it was written last, and the command that goes on is said.
    """
    words = f"{operation.kind.value} {operation.id[:8]}"
    try:
        with Bar(shown=not as_json) as bar:
            bar.update(words, operation.seen, operation.total)
            while operation.state is State.RUNNING:
                operation = bulk.step(tasks, operation.id, for_seconds=_STEP_SECONDS)
                bar.update(words, operation.seen, max(operation.total, operation.seen))
    except (KeyboardInterrupt, PenstockError) as error:
        why = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        raise Refused(
            f"{why}: {operation.seen} of {operation.total} tasks are through. "
            f"Go on with `flask penstock operations resume {operation.id}`"
        ) from error
    show(documents.operation(operation), lambda _: _say_how_it_went(operation), as_json)
    if operation.state is State.STOPPED or operation.failed:
        raise Refused(_what_is_left(operation))


def _say_how_it_went(operation: Operation) -> None:
    skipped = f"; {operation.skipped:,} were not DEAD any more" if operation.skipped else ""
    say(f"{PAST[operation.kind]} {number_of(operation.done, 'task')}{skipped}.")


def _what_is_left(operation: Operation) -> str:
    if operation.failed:
        return f"{operation.failed} could not be done; the last: {operation.note}"
    return (
        f"the operation was stopped after {operation.seen} of {operation.total} tasks: "
        f"`flask penstock operations resume {operation.id}` does the rest"
    )


def _list(document: Document) -> None:
    if not document["operations"]:
        say("No operations.")
        return
    rows = [
        (line["id"], line["kind"], line["state"], _count(line), moment(line["started_at"]), line["by"])
        for line in document["operations"]
    ]
    table(
        ("operation id", "kind", "state", "tasks", "started (UTC)", "by"),
        rows,
        whole=("operation id", "state", "started (UTC)"),
        wide=("by",),
    )


def _count(line: Document) -> str:
    rest = "".join(f", {line[name]} {name}" for name in ("skipped", "failed") if line[name])
    return f"{line['done']} of {line['total']}{rest}"


def _facts(document: Document) -> None:
    facts([(name, value) for name, value in document.items() if name != "chosen"])
    if document["state"] != State.DONE:
        say(f"\nGo on: flask penstock operations resume {document['id']}", dim=True)
