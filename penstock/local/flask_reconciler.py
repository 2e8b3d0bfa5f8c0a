"""The reconciler of a Flask project, for the tasks that ``init_app`` gave to its app."""

from penstock.aws import reconciler_handler
from penstock.local.flask_app import load, tasks_of

handler = reconciler_handler(tasks_of(load()))
