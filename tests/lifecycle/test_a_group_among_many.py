"""One error group of 2,000 among 100,000 dead tasks: exactly those are retried, through a restart half way."""

import json
from typing import Any

import pytest

from penstock import Penstock
from penstock.memory import ManualClock, MemoryTransport, SeededRandom
from penstock.memory import ports as memory_ports
from penstock.operations import Kind, State, count, get, of_group, start, step
from penstock.ports import OutgoingMessage, Ports
from penstock.record import day_bucket, failure_key
from penstock.search import Search, find
from penstock.states import Status
from penstock.times import seconds, to_text
from tests.unit.values import envelope

DEAD, OF_THE_GROUP = 100_000, 2_000
FINGERPRINT = "feedfeedfeedfeed"


class Sent(MemoryTransport):
    """Writes down whose messages were sent."""

    ids: list[str]

    def send(self, message: OutgoingMessage) -> str:
        self.ids.append(json.loads(message.body)["id"])
        return super().send(message)


@pytest.fixture(scope="module")
def many() -> tuple[Ports, list[str]]:
    """In-memory ports with that many dead tasks, over three days; the ids of the group."""
    clock = ManualClock()
    ports = memory_ports(("default",), clock=clock, random=SeededRandom(1))
    results: Any = ports.results
    group = []
    for number in range(DEAD):
        task_id, at = f"t-{number}", clock() - seconds(number * 2.5)
        ours = number % (DEAD // OF_THE_GROUP) == 0
        fingerprint = FINGERPRINT if ours else f"{number % 997:016x}"
        if ours:
            group.append(task_id)
        results.put_item(
            task_id,
            {
                "status": "DEAD",
                "task": "resize",
                "queue": "default",
                "lease_owner": f"death-{number}",
                "created_at": to_text(at),
                "created_bucket": day_bucket(task_id, at),
                "failed_at": to_text(at),
                "failed_bucket": day_bucket(task_id, at),
                "failure_key": failure_key(task_id, fingerprint),
                "error": {"type": "OSError", "message": "no", "fingerprint": fingerprint, "reason": ""},
                **({"envelope": envelope(id=task_id, created_at=at).to_json()} if ours else {}),
            },
        )
    return ports, group


def process(ports: Ports) -> Penstock:
    """A web process that starts."""
    tasks = Penstock()

    @tasks.task
    def resize(picture: str, width: int) -> None: ...

    tasks.connect(ports)
    return tasks


def test_exactly_the_tasks_of_the_group_are_sent_each_once(many: tuple[Ports, list[str]]) -> None:
    ports, group = many
    transport = Sent(ports.settings, clock=ports.clock, random=ports.random)
    transport.ids = []
    ports = Ports(**{**{name: getattr(ports, name) for name in ports.__struct_fields__}, "transport": transport})
    search = of_group(FINGERPRINT)
    assert count(process(ports), search) == (OF_THE_GROUP, True)
    operation = start(process(ports), Kind.RETRY, by="ann", search=search)
    while operation.state is State.RUNNING:
        operation = step(process(ports), operation.id, for_seconds=0)  # each step in a process that knows nothing
    assert sorted(transport.ids) == sorted(group)
    assert get(process(ports), operation.id).done == OF_THE_GROUP


@pytest.mark.parametrize("text", ["", "status:DEAD", f"error:{FINGERPRINT}", "status:DEAD tag:nobody"])
def test_a_page_reads_a_bounded_number_of_rows(many: tuple[Ports, list[str]], text: str) -> None:
    ports, _ = many
    reads: list[int] = []

    class Counting:
        def entries(self, *args: Any, **kwargs: Any) -> Any:
            page = ports.results.entries(*args, **kwargs)
            reads.append(len(page))
            return page

        def rows(self, ids: Any) -> Any:
            return ports.results.rows(ids)

    now = ports.clock()
    store: Any = Counting()
    found = find(store, ports.settings, Search.parse(text, now=now), limit=50, now=now)
    assert {row.status for row in found.rows} <= {Status.DEAD}
    assert len(reads) <= 32
    assert sum(reads) <= 3_200
