"""The worker of a Flask project that has no Lambda handler yet: the tasks that ``init_app`` gave to its app, in its context."""

from penstock.aws import lambda_handler
from penstock.flask import in_app_context
from penstock.local.flask_app import load, tasks_of

_app = load()
_tasks = tasks_of(_app)
_tasks.middleware(in_app_context(lambda: _app))  # as lambdas/worker.py has it, which `flask penstock init` writes
handler = lambda_handler(_tasks)
