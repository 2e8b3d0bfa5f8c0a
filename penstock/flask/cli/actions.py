"""``retry``, ``edit``, ``cancel``, ``discard`` and ``forget``: what is done to chosen tasks."""

from collections.abc import Callable, Sequence

import click

from penstock import dead_letters
from penstock.app import Penstock
from penstock.errors import NotDead, PenstockError, TaskNotFound
from penstock.flask import documents
from penstock.flask.cli.base import (
    Decorator,
    Misused,
    Refused,
    acted,
    command,
    json_object,
    not_without_yes,
    yes_option,
)
from penstock.flask.cli.output import one_line, print_json, say, show, table
from penstock.flask.documents import Document
from penstock.forget import forget as forget_task
from penstock.operations import MAX_CHOSEN
from penstock.redaction import REDACTED, has_redacted
from penstock.search import read_status

Answer = tuple[str, Document]  # what was done, in words, and the document of the API's answer to it

task_ids: Decorator = click.argument("task_ids", nargs=-1, required=True)


@command("retry")
@task_ids
def retry(tasks: Penstock, as_json: bool, task_ids: Sequence[str]) -> None:
    """Run DEAD tasks again, with their full attempts.

    From the table: no dead letter is received, and the reconciler sweeps the old ones.
    """

    def again(task_id: str) -> Answer:
        return "sent again", documents.status(dead_letters.retry(tasks, task_id))

    _each(tasks, "retry", task_ids, again, as_json)


@command("edit")
@click.argument("task_id")
@click.option("--patch", required=True, help='JSON merge patch of {"args": [...], "kwargs": {...}}.')
def edit(tasks: Penstock, as_json: bool, task_id: str, patch: str) -> None:
    """Run a DEAD task's work with other arguments.

    It runs as a new task, and TASK_ID is discarded.

    --patch '{"kwargs": {"width": 320}}' changes one argument and leaves the others; null takes one away.
    """
    changes = json_object(patch, "--patch")
    if has_redacted(changes):
        raise Misused(
            f"the patch has {REDACTED} in it, which stands for a value that is not shown: leave that name out"
        )
    acted(tasks, "edit", f"task:{task_id}", members=sorted(map(str, changes)))
    result = dead_letters.edit(tasks, task_id, changes)
    show(documents.status(result), lambda _: say(f"{task_id} runs edited as {result.id}, and is discarded."), as_json)


@command("cancel")
@task_ids
@yes_option
def cancel(tasks: Penstock, as_json: bool, task_ids: Sequence[str], yes: bool) -> None:
    """Cancel tasks; those that run are asked to stop."""

    def stop(task_id: str) -> Answer:
        result = tasks.result(task_id)
        cancelled = result.cancel()
        if not cancelled and result.status.is_final:
            raise Refused(f"task {task_id} is over: {result.status}")
        return "CANCELLED" if cancelled else "asked to stop", {**documents.status(result), "cancelled": cancelled}

    _confirmed(tasks, "cancel", task_ids, stop, yes, as_json)


@command("discard")
@task_ids
@yes_option
def discard(tasks: Penstock, as_json: bool, task_ids: Sequence[str], yes: bool) -> None:
    """Give DEAD tasks up for good.

    They become CANCELLED, and the reconciler sweeps their dead letters.
    """

    def give_up(task_id: str) -> Answer:
        discarded = dead_letters.discard(tasks, task_id)
        result = tasks.result(task_id)
        if not discarded:
            raise NotDead(f"task {task_id} is {result.status}: only a DEAD task can be discarded")
        return "discarded", documents.status(result)

    _confirmed(tasks, "discard", task_ids, give_up, yes, as_json)


@command("forget")
@click.argument("task_id")
@yes_option
def forget(tasks: Penstock, as_json: bool, task_id: str, yes: bool) -> None:
    """Delete what is stored of a task but its outcome.

    Its arguments, result, error texts, tracebacks, progress and tags go.
    """

    def delete(task_id: str) -> Answer:
        gone = forget_task(tasks, task_id)
        attempts, payloads = gone.attempts, len(gone.payloads)
        words = f"forgotten, with {attempts} attempts and {payloads} payloads"
        return words, {"id": task_id, "attempts": attempts, "payloads": payloads}

    _confirmed(tasks, "forget", [task_id], delete, yes, as_json)


def _confirmed(
    tasks: Penstock, action: str, task_ids: Sequence[str], do: Callable[[str], Answer], yes: bool, as_json: bool
) -> None:
    """Do it with ``--yes``, else show which tasks are meant and how they stand."""
    if yes:
        _each(tasks, action, task_ids, do, as_json)
        return
    chosen = _chosen(task_ids)
    now, settings = tasks.ports.clock(), tasks.ports.settings
    rows = tasks.ports.results.rows(chosen)
    if unknown := set(chosen) - {row.task_id for row in rows}:
        raise TaskNotFound(f"no task {min(unknown)!r:.140} is recorded")
    lines = [documents.task(row, read_status(row, settings, now)) for row in rows]
    if not as_json:
        table(("task id", "task", "status"), [(line["id"], line["task"], line["status"]) for line in lines])
    what = f"task {chosen[0]}" if len(lines) == 1 else f"these {len(lines)} tasks"
    not_without_yes(f"{action} {what}", {"tasks": lines}, as_json)


def _each(tasks: Penstock, action: str, task_ids: Sequence[str], do: Callable[[str], Answer], as_json: bool) -> None:
    """Do it to one task after the other, and say how each went; what fails does not keep the others."""
    done: list[Document] = []
    failed: list[Document] = []
    chosen = _chosen(task_ids)
    for task_id in chosen:
        acted(tasks, action, f"task:{task_id}")
        try:
            words, document = do(task_id)
        except PenstockError as error:
            failed.append({"id": task_id, "error": str(error)})
        except Refused as refused:
            failed.append({"id": task_id, "error": refused.message})
        else:
            done.append(document)
            if not as_json:
                say(f"{task_id}: {words}")
    if as_json:
        print_json({"tasks": done, "failed": failed})
    for failure in failed[:-1]:
        click.echo(f"Error: {one_line(failure['error'], 2_000)}", err=True)
    if failed:
        raise Refused(failed[-1]["error"])


def _chosen(task_ids: Sequence[str]) -> list[str]:
    if len(task_ids) > MAX_CHOSEN:
        raise Misused(f"{len(task_ids)} task ids at once: give {MAX_CHOSEN} at most, or act on a whole error group")
    return list(dict.fromkeys(task_ids))
