"""Penstock: the task queue for Flask that needs no servers.

Flask enqueues to Amazon SQS, AWS Lambda runs the tasks, DynamoDB keeps the outcome.
"""

from penstock.app import Penstock
from penstock.current import current_task
from penstock.errors import PenstockError, Reject, Retry
from penstock.result import TaskResult
from penstock.retry import Backoff
from penstock.states import Status
from penstock.task import Task

__all__ = ["Backoff", "Penstock", "PenstockError", "Reject", "Retry", "Status", "Task", "TaskResult", "current_task"]
__version__ = "0.1.0"
