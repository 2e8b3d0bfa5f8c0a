"""The worker of a Flask project that has no Lambda handler yet: the tasks that ``init_app`` gave to its app."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.aws import lambda_handler
from penstock.local.flask_app import load, tasks_of

handler: Callable[[Mapping[str, Any], Any], dict[str, Any]] = lambda_handler(tasks_of(load()))
