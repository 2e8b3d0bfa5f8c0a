"""The worker of a Flask project that has no Lambda handler yet: the tasks that ``init_app`` gave to its app."""

from penstock.aws import lambda_handler
from penstock.local.flask_app import load, tasks_of

handler = lambda_handler(tasks_of(load()))
