"""A worker of the second queue: `flask penstock worker` in this process, with a shorter lease than it has in production.

Its lease moves while a task runs, so it tells the log of effects which leases it asks the table for, and which it got.
"""

import os
from datetime import datetime
from typing import Any

from flask import Flask
from msgspec.structs import replace

from penstock import Penstock
from penstock.flask import init_app
from penstock.flask.cli.worker import serve
from penstock.ports import Applied, Refused, ResultStore
from penstock.transitions import Transition
from tests.kills.user_code import POLLED, here

LEASE_SECONDS = 6  # the least that the library takes
GRACE_SECONDS = 0.4  # some of the tasks end in it, the others are handed back


class Noting:
    """The table as the worker reaches it: a note before each request for a lease, and one after each that was granted."""

    def __init__(self, results: ResultStore) -> None:
        self._results = results

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        asked = transition.set.get("lease_expires_at")
        if not isinstance(asked, str):
            return self._results.apply(task_id, transition)
        until = datetime.fromisoformat(asked).timestamp()
        self._note("asked", task_id, until)
        answer = self._results.apply(task_id, transition)
        if isinstance(answer, Applied):
            here.lease_until = until
            self._note("granted", task_id, until)
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._results, name)

    @staticmethod
    def _note(kind: str, task_id: str, until: float) -> None:
        if here.effects is not None:
            here.effects.note(kind, task=task_id, pid=os.getpid(), lease_until=until)


def app_of(tasks: Penstock) -> Flask:
    """An app for the tasks, made before the fork."""
    app = Flask("kills")
    init_app(app, tasks)
    return app


def poll(app: Flask, tasks: Penstock) -> None:
    """Until SIGTERM, as the command does it."""
    tasks.connect(replace(tasks.ports, results=Noting(tasks.ports.results)))
    with app.app_context():
        serve(tasks, [POLLED], grace=GRACE_SECONDS, lease_seconds=LEASE_SECONDS)
