"""Queues for a project that has no list of queues yet, from what its tasks ask for."""

import json
from collections.abc import Iterable

from penstock.local.survey import Needs
from penstock.queue_list import CONTAINER, MAX_TIME_LIMIT_OF_FUNCTIONS, QueueEntry
from penstock.settings import RECEIVE_MARGIN

DEFAULT_QUEUE = QueueEntry("default")


def queues_for(tasks: Iterable[Needs]) -> str:
    """A list of queues, JSON: ``default`` and each that a task names, with the defaults, or what its tasks need beyond them."""
    entries = {DEFAULT_QUEUE.name: _settings([])}
    needs = list(tasks)
    for name in sorted({task.queue for task in needs}):
        entries[name] = _settings([task for task in needs if task.queue == name])
    return json.dumps({"queues": entries}, indent=2)


def _settings(tasks: list[Needs]) -> dict[str, int | str]:
    time_limit = max([DEFAULT_QUEUE.time_limit, *(task.time_limit for task in tasks)])
    fits = MAX_TIME_LIMIT_OF_FUNCTIONS // time_limit
    receives = max([DEFAULT_QUEUE.max_receive_count, *(task.max_attempts + RECEIVE_MARGIN for task in tasks)])
    worker: dict[str, int | str] = (
        {"batch_size": min(DEFAULT_QUEUE.batch_size, fits)} if fits else {"worker": CONTAINER}
    )
    return {"time_limit": time_limit, **worker, "max_receive_count": receives}
