"""One delivery, from the message to its outcome.

``execute`` is a pipeline over one frozen value: resolve -> claim -> load -> perform -> decide -> settle. Each step takes the
execution and gives the next one; the first that has an answer ends it.
"""

from penstock.delivery import Delivery
from penstock.execution.claim import claim
from penstock.execution.perform import decide, load, perform
from penstock.execution.resolve import resolve
from penstock.execution.settle import settle
from penstock.execution.value import Acknowledge, Execution, Invocation, Leave, Worker, come_back_later

__all__ = ["Acknowledge", "Execution", "Invocation", "Leave", "Worker", "come_back_later", "execute"]

STEPS = (resolve, claim, load, perform, decide, settle)


def execute(delivery: Delivery, worker: Worker) -> Execution:
    """Take one delivery to its answer. Raises nothing of what a message, a task or AWS can bring about."""
    execution = Execution(delivery, owner=worker.ports.random.token())
    for step in STEPS:
        execution = step(execution, worker)
        if execution.answer is not None:
            break
    return execution
