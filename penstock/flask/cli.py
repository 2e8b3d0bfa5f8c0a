"""``flask penstock``: look at a task, at the dead letters, and move these back.

Every command takes ``--json``. The exit code is 0 where the question was answered, 1 where it could not be.
"""

import functools
import json
from collections.abc import Callable
from typing import Any, ParamSpec

import click
from flask.cli import AppGroup

from penstock import dead_letters
from penstock.app import Penstock
from penstock.errors import PenstockError
from penstock.flask import documents, tables
from penstock.flask.access.commands import keys

P = ParamSpec("P")

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def commands(tasks: Penstock) -> AppGroup:
    """The command group ``penstock``, for the Flask app that has ``tasks``."""
    group = AppGroup("penstock", help="Look at tasks and dead letters.")
    letters = AppGroup("dlq", help="Dead letters: which tasks died, why, and the way back.")
    group.add_command(letters)
    group.add_command(keys())

    @group.command("show")
    @click.argument("task_id")
    @as_json
    @_explaining
    def show(task_id: str, as_json: bool) -> None:
        """Where the task TASK_ID stands."""
        _print(documents.shown_task(tasks.result(task_id)), tables.status, as_json)

    @letters.command("list")
    @click.option("--queue", help="Only this queue's.")
    @as_json
    @_explaining
    def dead(queue: str | None, as_json: bool) -> None:
        """Every DEAD task, the latest death first."""
        deaths = [documents.death(row) for row in dead_letters.dead(tasks, queue)]
        deaths.sort(key=lambda death: death["failed_at"] or "", reverse=True)
        _print(deaths, tables.deaths, as_json)

    @letters.command("show")
    @click.argument("task_id")
    @as_json
    @_explaining
    def explain(task_id: str, as_json: bool) -> None:
        """Why the task TASK_ID died, and what to do next."""
        _print(documents.explanation(dead_letters.explain(tasks, task_id)), tables.explanation, as_json)

    @letters.command("redrive")
    @click.argument("queue")
    @click.option("--yes", is_flag=True, help="Really do it.")
    @as_json
    @_explaining
    def redrive(queue: str, yes: bool, as_json: bool) -> None:
        """Move every dead letter of QUEUE back to it, each with its full attempts again."""
        waiting = dead_letters.waiting(tasks, queue)
        if not yes:
            if as_json:
                click.echo(json.dumps({"queue": queue, "waiting": waiting, "moved": 0}))
            if waiting:
                raise click.ClickException(f"this would move about {waiting} messages back to {queue!r}: add --yes")
            if not as_json:
                click.echo(f"The dead-letter queue of {queue!r} is empty: nothing to redrive.")
            return
        moved = dead_letters.redrive(tasks, queue)
        if as_json:
            click.echo(json.dumps({"queue": queue, "waiting": waiting, "moved": moved}))
        elif moved is None:
            click.echo(f"SQS moves about {waiting} messages back to {queue!r}, in the background.")
        else:
            click.echo(f"Moved {moved} message{'' if moved == 1 else 's'} back to {queue!r}.")

    return group


def _print(document: Any, as_table: Callable[[Any], None], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(document, indent=2, default=str))
    else:
        as_table(document)


def _explaining(command: Callable[P, None]) -> Callable[P, None]:
    """Penstock's errors say what to do: show them as one line, not as a traceback."""

    @functools.wraps(command)
    def explained(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except PenstockError as error:
            raise click.ClickException(str(error)) from error

    return explained
