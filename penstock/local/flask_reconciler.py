"""The reconciler of a Flask project, for the tasks that ``init_app`` gave to its app."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.aws import reconciler_handler
from penstock.flask import in_app_context
from penstock.local.flask_app import load, tasks_of

_app = load()
_tasks = tasks_of(_app)
_tasks.middleware(in_app_context(lambda: _app))  # as lambdas/reconciler.py has it, which `flask penstock init` writes
handler: Callable[[Mapping[str, Any], Any], dict[str, Any]] = reconciler_handler(_tasks)
