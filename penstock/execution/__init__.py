"""One delivery, from the message to its outcome.

``execute`` is a pipeline over one frozen value: resolve -> check_time -> fetch -> claim -> load -> perform -> decide ->
settle. Each step takes the execution and gives the next one; the first that has an answer ends it.
"""

from penstock.delivery import Delivery
from penstock.execution.claim import claim
from penstock.execution.perform import decide, load, perform
from penstock.execution.resolve import check_time, fetch, resolve
from penstock.execution.settle import settle
from penstock.execution.value import (
    Acknowledge,
    Execution,
    Interrupted,
    Invocation,
    Leave,
    Raised,
    Worker,
    come_back_later,
    insist,
)
from penstock.hooks import Ended
from penstock.record import TaskRow
from penstock.states import Status

__all__ = [
    "Acknowledge", "Execution", "Interrupted", "Invocation", "Leave", "Worker", "come_back_later", "execute", "insist",
]  # fmt: skip

STEPS = (resolve, check_time, fetch, claim, load, perform, decide, settle)


def execute(delivery: Delivery, worker: Worker) -> Execution:
    """Take one delivery to its answer. Raises nothing of what a message, a task or AWS can bring about."""
    execution = Execution(delivery, owner=worker.ports.random.token())
    for step in STEPS:
        execution = step(execution, worker)
        if execution.answer is not None:
            break
    if execution.said in (Status.SUCCEEDED, Status.DEAD) and execution.row is not None:
        worker.hooks.notify(_ended(execution, execution.row))
    return execution


def _ended(x: Execution, row: TaskRow) -> Ended:
    return Ended(
        task_id=row.task_id,
        task=row.task,
        queue=row.queue,
        status=Status(x.said),
        attempt=row.attempts,
        error=row.error if x.said == Status.DEAD else None,
        exception=x.outcome.error if isinstance(x.outcome, Raised) else None,
        tags=row.tags,
    )
