"""The reconciler of a Flask project, for the tasks that ``init_app`` gave to its app."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.aws import reconciler_handler
from penstock.local.flask_app import load, tasks_of

handler: Callable[[Mapping[str, Any], Any], dict[str, Any]] = reconciler_handler(tasks_of(load()))
