"""What a path names, or 404 in words."""

from typing import Annotated

from msgspec import Meta
from werkzeug.exceptions import NotFound

from penstock.app import Penstock
from penstock.settings import QueueSettings

QueueName = Annotated[str, Meta(description="The name of a queue")]


def queue_of(tasks: Penstock, name: str) -> QueueSettings:
    """The settings of a queue; NotFound names those that there are."""
    queues = tasks.ports.settings.queues
    if name not in queues:
        raise NotFound(f"there is no queue {name!r:.100}; there are {', '.join(sorted(queues)) or 'none'}")
    return queues[name]
