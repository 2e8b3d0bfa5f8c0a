"""``retry``, ``edit``, ``cancel``, ``discard`` and ``forget``: what is done to chosen tasks."""

from collections.abc import Callable, Sequence

import click

from penstock import dead_letters
from penstock.app import Penstock
from penstock.errors import PenstockError
from penstock.flask import documents
from penstock.flask.cli.base import Misused, Refused, acted, command, json_object, not_without_yes, yes_option
from penstock.flask.cli.output import one_line, print_json, say, show, table
from penstock.flask.documents import Document
from penstock.forget import forget as forget_task
from penstock.operations import MAX_CHOSEN
from penstock.redaction import REDACTED, has_redacted
from penstock.search import read_status

task_ids = click.argument("task_ids", nargs=-1, required=True)


@command("retry")
@task_ids
def retry(tasks: Penstock, as_json: bool, task_ids: Sequence[str]) -> None:
    """Run DEAD tasks again, each with its full attempts, without receiving a dead letter."""

    def again(task_id: str) -> str:
        dead_letters.retry(tasks, task_id)
        return "sent again"

    _each(tasks, "retry", task_ids, again, as_json)


@command("edit")
@click.argument("task_id")
@click.option("--patch", required=True, help='JSON merge patch of {"args": [...], "kwargs": {...}}.')
def edit(tasks: Penstock, as_json: bool, task_id: str, patch: str) -> None:
    """Run the work of the DEAD task TASK_ID with other arguments, as a new task. The old one is discarded.

    --patch '{"kwargs": {"width": 320}}' changes one argument and leaves the others; null takes one away.
    """
    changes = json_object(patch, "--patch")
    if has_redacted(changes):
        raise Misused(f"the patch has {REDACTED} in it, which hides a value and is none: leave that name out")
    acted(tasks, "edit", f"task:{task_id}", names=sorted(map(str, changes)))
    result = dead_letters.edit(tasks, task_id, changes)
    document = documents.status(result) | {"origin": task_id}
    show(document, lambda _: say(f"{task_id} runs edited as {result.id}, and is discarded."), as_json)


@command("cancel")
@task_ids
@yes_option
def cancel(tasks: Penstock, as_json: bool, task_ids: Sequence[str], yes: bool) -> None:
    """Cancel tasks: what waits never starts, what runs is asked to stop."""

    def stop(task_id: str) -> str:
        result = tasks.result(task_id)
        if result.cancel():
            return "CANCELLED"
        if result.status.is_final:
            raise Refused(f"task {task_id} is over: {result.status}")
        return "asked to stop"

    _confirmed(tasks, "cancel", task_ids, stop, yes, as_json)


@command("discard")
@task_ids
@yes_option
def discard(tasks: Penstock, as_json: bool, task_ids: Sequence[str], yes: bool) -> None:
    """Give DEAD tasks up for good: CANCELLED, their dead letters swept."""

    def give_up(task_id: str) -> str:
        if not dead_letters.discard(tasks, task_id):
            raise Refused(f"task {task_id} is {tasks.result(task_id).status}: only a DEAD task can be discarded")
        return "discarded"

    _confirmed(tasks, "discard", task_ids, give_up, yes, as_json)


@command("forget")
@click.argument("task_id")
@yes_option
def forget(tasks: Penstock, as_json: bool, task_id: str, yes: bool) -> None:
    """Delete what is stored of TASK_ID but its outcome: arguments, result, error texts, tracebacks, progress, tags."""

    def delete(task_id: str) -> str:
        gone = forget_task(tasks, task_id)
        return f"forgotten, with {gone.attempts} attempts and {len(gone.payloads)} payloads"

    _confirmed(tasks, "forget", [task_id], delete, yes, as_json)


def _confirmed(
    tasks: Penstock, action: str, task_ids: Sequence[str], do: Callable[[str], str], yes: bool, as_json: bool
) -> None:
    """Do it with ``--yes``, else show which tasks are meant and how they stand."""
    if yes:
        _each(tasks, action, task_ids, do, as_json)
        return
    _check(task_ids)
    now, settings = tasks.ports.clock(), tasks.ports.settings
    rows = {row.task_id: row for row in tasks.ports.results.rows(list(dict.fromkeys(task_ids)))}
    lines = [documents.task(row, read_status(row, settings, now)) for row in rows.values()]
    if unknown := [task_id for task_id in task_ids if task_id not in rows]:
        raise Refused(f"no task {unknown[0]!r:.140} is recorded")
    if not as_json:
        table(("task id", "task", "status"), [(line["id"], line["task"], line["status"]) for line in lines])
    what = f"task {one_line(task_ids[0], 140)}" if len(lines) == 1 else f"these {len(lines)} tasks"
    not_without_yes(f"{action} {what}", {"would": action, "items": lines}, as_json)


def _each(tasks: Penstock, action: str, task_ids: Sequence[str], do: Callable[[str], str], as_json: bool) -> None:
    """Do it to one task after the other, and say how each went; what fails does not keep the others."""
    _check(task_ids)
    answers: list[Document] = []
    for task_id in dict.fromkeys(task_ids):
        acted(tasks, action, f"task:{task_id}")
        try:
            answers.append({"id": task_id, "done": True, "outcome": do(task_id)})
        except PenstockError as error:
            answers.append({"id": task_id, "done": False, "outcome": str(error)})
        except Refused as refused:
            answers.append({"id": task_id, "done": False, "outcome": refused.message})
    failed = [answer for answer in answers if not answer["done"]]
    if as_json:
        print_json(answers)
    else:
        for answer in answers:
            if answer["done"]:
                say(f"{answer['id']}: {answer['outcome']}")
    if len(answers) == 1 and failed:
        raise Refused(failed[0]["outcome"])
    for answer in failed:
        click.echo(f"Error: {one_line(answer['outcome'], 2_000)}", err=True)
    if failed:
        raise Refused(f"{len(failed)} of {len(answers)} could not be done")


def _check(task_ids: Sequence[str]) -> None:
    if len(task_ids) > MAX_CHOSEN:
        raise Misused(f"{len(task_ids)} task ids at once: give {MAX_CHOSEN} at most, or act on a whole error group")
