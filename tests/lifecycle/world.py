"""A whole stack in one process: in-memory ports, the simulated event source mapping, and a clock moved by hand."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from penstock import Penstock
from penstock.batch import BatchReport, process
from penstock.errors import AccessRefused, Unavailable
from penstock.execution import Invocation
from penstock.local.invocation import Returned
from penstock.local.mapping import EventSourceMapping
from penstock.memory import ManualClock, SeededRandom, ports
from penstock.ports import Applied, Ports, QueueDepth, Refused
from penstock.queue_list import QueueEntry
from penstock.settings import QueueSettings, dead_letter_queue
from penstock.times import Clock
from penstock.transitions import Transition

QUEUES = (
    QueueEntry("default"),
    QueueEntry("images", time_limit=30, batch_size=1),
    QueueEntry("ledger", fifo=True, batch_size=1),
)
MAX_RECEIVE_COUNT = QUEUES[0].max_receive_count
# A run's lease lasts a second longer than its invocation; a message whose run crashed comes back five seconds after it.
INVOCATION_SECONDS = QUEUES[0].function_timeout
AFTER_A_CRASH_SECONDS = INVOCATION_SECONDS + 5


class Worker:
    """The function behind a mapping: ``tasks`` is what is deployed, ``report`` what the last invocation did."""

    def __init__(self, tasks: Penstock, clock: Clock) -> None:
        self.tasks = tasks
        self.report: BatchReport | None = None
        self.event: Mapping[str, Any] = {}
        self._clock = clock

    def invoke(self, event: Mapping[str, Any], timeout: float) -> Returned:
        ends = self._clock() + timedelta(seconds=timeout)
        self.event = event
        report = process(self.tasks, event, Invocation("request-1", lambda: (ends - self._clock()).total_seconds()))
        self.report = report
        return Returned(json.dumps(report.response()))

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.report.events] if self.report else []


@dataclass
class World:
    """``tasks`` are connected to the in-memory ports and deployed; ``deliver`` is one invocation of the worker."""

    clock: ManualClock = field(default_factory=ManualClock)
    tasks: Penstock = field(default_factory=Penstock)
    queues: Iterable[QueueEntry] = QUEUES

    def __post_init__(self) -> None:
        settings = {
            entry.name: QueueSettings(
                entry.name,
                f"memory://{entry.name}" + (".fifo" if entry.fifo else ""),
                time_limit=entry.time_limit,
                max_receive_count=entry.max_receive_count,
            )
            for entry in self.queues
        }
        self.ports: Ports = ports(settings, clock=self.clock, random=SeededRandom(7))
        self.tasks.connect(self.ports)
        self.worker = Worker(self.tasks, self.clock)
        self.mappings = {
            entry.name: EventSourceMapping(
                self.ports.transport,
                self.worker,
                entry,
                self.clock,
                source_arn=f"arn:aws:sqs:eu-central-1:123456789012:{settings[entry.name].physical_name}",
            )
            for entry in self.queues
        }

    def another_process(self, **parts: Any) -> Penstock:
        """A Penstock of its own, without tasks, at the same ports, some of them replaced."""
        other = Penstock()
        other.connect(replace(self.ports, **parts))
        return other

    def deploy(self, tasks: Penstock) -> Penstock:
        """Have ``tasks`` work on the queues from now on."""
        self.tasks = self.worker.tasks = tasks
        return tasks

    def deliver(self, queue: str = "default") -> list[str]:
        """One invocation, if there is something to work on; what it did with each message."""
        self.worker.report = None
        self.mappings[queue].poll()
        return self.worker.outcomes()

    def replay(self, event: Mapping[str, Any]) -> list[str]:
        """Invoke the worker with an event that was delivered before, as SQS may do at any time."""
        self.worker.invoke(event, INVOCATION_SECONDS)
        return self.worker.outcomes()

    def drain(self, queue: str = "default", *, hours: float = 3) -> list[str]:
        """Deliver as time goes by until the queue is empty; everything that was done on the way."""
        done: list[str] = []
        end = self.clock() + timedelta(hours=hours)
        while not self.is_empty(queue):
            assert self.clock() < end, f"the queue is not empty after {hours} h: {done}"
            outcomes = self.deliver(queue)
            done += outcomes
            if not outcomes:
                self.clock.advance(1)
        return done

    def show_again(self, queue: str = "default") -> None:
        """Make what was delivered last visible at once: a delivery that SQS repeats."""
        handles = [record["receiptHandle"] for record in self.worker.event["Records"]]
        self.ports.transport.change_visibility(queue, dict.fromkeys(handles, 0))

    def depth(self, queue: str = "default") -> QueueDepth:
        return self.ports.transport.depth(queue)

    def is_empty(self, queue: str = "default") -> bool:
        return self.depth(queue) == QueueDepth(visible=0, in_flight=0, delayed=0)

    def dead_letters(self, queue: str = "default") -> int:
        return self.depth(dead_letter_queue(queue)).visible


def throttle(world: World, queue: str = "default", times: int | None = None) -> None:
    """So many receives (all that there are, and the one that buries) without an invocation: Lambda had no capacity."""
    receives = MAX_RECEIVE_COUNT + 1 if times is None else times
    for _ in range(receives):
        while world.ports.transport.receive(queue, max_messages=10, visibility_timeout=1):
            pass
        world.clock.advance(1)


def lets_die(world: World, queue: str = "default") -> list[str]:
    """Like ``world.drain``, but an invocation may be killed in the middle: everything that the others did."""
    done: list[str] = []
    while not world.is_empty(queue):
        try:
            outcomes = world.deliver(queue)
        except KeyboardInterrupt:
            continue
        done += outcomes
        if not outcomes:
            world.clock.advance(1)
    return done


class FaultyStore:
    """A table that sometimes does not answer: ``away`` before it writes, ``lost`` after it has written."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.away: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.on_apply: Callable[[Transition], None] = lambda _transition: None

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        self.on_apply(transition)
        if self.away[transition.name]:
            self.away[transition.name] -= 1
            raise Unavailable("the table does not answer")
        answer: Applied | Refused = self._store.apply(task_id, transition)
        if self.lost[transition.name]:
            self.lost[transition.name] -= 1
            raise Unavailable("the reply was lost")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class FaultyTransport:
    """Queues that sometimes do not answer a send: ``away`` before, ``lost`` after they have taken it."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.away = 0
        self.lost = 0
        self.sent: list[dict[str, Any]] = []

    def send(self, message: Any) -> str:
        self.sent.append(json.loads(message.body))
        if self.away:
            self.away -= 1
            raise Unavailable("SQS does not answer")
        message_id: str = self._transport.send(message)
        if self.lost:
            self.lost -= 1
            raise Unavailable("the reply was lost")
        return message_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class FaultyPayloads:
    """A payload store that sometimes does not answer, by the name of the call: ``away`` before it is done, ``lost`` after it.

    ``refused`` are those that it never does; ``seconds`` is what each call takes.
    """

    def __init__(self, payloads: Any, clock: ManualClock) -> None:
        self._payloads = payloads
        self._clock = clock
        self.away: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.seconds = 0.0
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            self.calls.append(name)
            self._clock.advance(self.seconds)
            if name in self.refused:
                raise AccessRefused("S3 says no")
            if self.away[name]:
                self.away[name] -= 1
                raise Unavailable("S3 does not answer")
            answer = getattr(self._payloads, name)(*args)
            if self.lost[name]:
                self.lost[name] -= 1
                raise Unavailable("the reply was lost")
            return answer

        return call


class Counting:
    """A port that writes down every call made through it, and does it."""

    def __init__(self, port: Any, calls: list[str]) -> None:
        self._port = port
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._calls.append(f"{name} {args[1].name}" if name == "apply" else name)
            return method(*args, **kwargs)

        return call
