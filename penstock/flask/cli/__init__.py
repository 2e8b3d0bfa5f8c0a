"""``flask penstock``: what the dashboard shows and does, from a shell.

Every command takes ``--json`` and prints one document then, of the HTTP API's shape. What cannot be taken back says what it
would do, does nothing without ``--yes``, and writes who did it into the audit. Exit codes: 0 the question was answered or the
thing is done, 1 it could not be (a missing ``--yes`` too, so that a script stops there), 2 the command line is wrong.
"""

import click

from penstock.app import Penstock
from penstock.flask.access.commands import keys
from penstock.flask.cli.actions import cancel, discard, edit, forget, retry
from penstock.flask.cli.audit import audit
from penstock.flask.cli.doctor import doctor
from penstock.flask.cli.enqueue import enqueue, wait
from penstock.flask.cli.errors import errors
from penstock.flask.cli.letters import letters
from penstock.flask.cli.operations import operations
from penstock.flask.cli.queues import queues, stats
from penstock.flask.cli.tasks import list_tasks, show
from penstock.flask.cli.worker import worker


def commands(tasks: Penstock) -> click.Group:
    """The command group ``penstock``, for the Flask app that has ``tasks``."""
    group = click.Group("penstock", context_settings={"obj": tasks}, help=_HELP)
    for command in (
        enqueue, wait, list_tasks, show, retry, edit, cancel, discard, forget,
        stats, errors, operations, queues, letters, audit, doctor, keys(), worker,
    ):  # fmt: skip
        group.add_command(command)
    return group


_HELP = """Look at tasks, queues and dead letters, and act on them.

Every command takes --json. Exit codes: 0 answered or done, 1 could not (or --yes is missing), 2 the command line is wrong.
"""
