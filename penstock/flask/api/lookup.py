"""What a path names, or 404 in words."""

from typing import Annotated

from msgspec import Meta
from werkzeug.exceptions import NotFound

from penstock.app import Penstock
from penstock.errors import PenstockError
from penstock.ports import Ledger
from penstock.settings import QueueSettings

QueueName = Annotated[str, Meta(description="The name of a queue")]


def queue_of(tasks: Penstock, name: str) -> QueueSettings:
    """The settings of a queue; NotFound names those that there are."""
    queues = tasks.ports.settings.queues
    if name not in queues:
        raise NotFound(f"there is no queue {name!r:.100}; there are {', '.join(sorted(queues)) or 'none'}")
    return queues[name]


def ledger_of(tasks: Penstock) -> Ledger:
    """The ledger; PenstockError where the ports have none."""
    if tasks.ports.ledger is None:
        raise PenstockError("these ports have no ledger, which keeps errors, operations and the audit")
    return tasks.ports.ledger
