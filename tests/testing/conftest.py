"""A small project, and its sandbox."""

from collections.abc import Iterator

import pytest

from penstock import Backoff, Penstock
from penstock.queue_list import QueueEntry
from penstock.testing import Sandbox, sandbox

QUEUES = (QueueEntry("default"), QueueEntry("ledger", fifo=True, batch_size=1))


class Shop:
    """Tasks, and what they did."""

    def __init__(self) -> None:
        self.tasks = tasks = Penstock()
        self.done: list[object] = []

        @tasks.task(backoff=Backoff(base=10, cap=10))
        def greet(name: str, greeting: str = "hello") -> str:
            self.done.append(name)
            return f"{greeting} {name}"

        @tasks.task
        def greet_all(names: list[str]) -> None:
            for name in names:
                greet.enqueue(name)

        @tasks.task(queue="ledger")
        def book(number: int) -> None:
            self.done.append(number)

        @tasks.task
        def for_ever() -> None:
            for_ever.using(delay=60).enqueue()

        self.greet, self.greet_all, self.book, self.for_ever = greet, greet_all, book, for_ever


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def task_queue(shop: Shop) -> Iterator[Sandbox]:
    with sandbox(shop.tasks, QUEUES) as box:
        yield box
