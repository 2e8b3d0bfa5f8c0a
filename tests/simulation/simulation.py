"""The whole of Penstock over simulated AWS: producers, workers, operators and the reconciler as fibers, one call at a time.

Every method is one action of nature or of a person; who calls them (hypothesis, a seed, a script) decides what happens.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from penstock import Penstock, Reject, Retry, Task, batch, current_task
from penstock.dead_letters import discard, edit, retry
from penstock.enqueue import MAX_MESSAGE_BYTES
from penstock.errors import EnqueueUncertain, PartialEnqueueError, PenstockError
from penstock.execution import Invocation
from penstock.local import sqs_event
from penstock.reconcile import reconcile
from penstock.registry import Registry
from penstock.retry import Backoff
from penstock.task import Call
from tests.simulation import checker
from tests.simulation.cloud import LETTERS, MAX_ATTEMPTS, QUEUE, TIME_LIMIT, Cloud
from tests.simulation.faults import Death, Fault, Process
from tests.simulation.fibers import Fiber

BATCH_SIZE = 3
INVOCATION_SECONDS = BATCH_SIZE * TIME_LIMIT + 10
AFTER_A_CRASH_SECONDS = INVOCATION_SECONDS + 5
BALLAST = {False: "", True: "x" * MAX_MESSAGE_BYTES}
# What user code can do in an attempt; the last word of a task's script holds for all later attempts.
WORDS = ("ok", "error", "retry", "reject", "discard", "exit", "progress", "child", "die")

here: ContextVar[tuple["Simulation", Process]] = ContextVar("simulated_process")


class Simulation:
    """``skews``: by how many seconds clocks of processes are wrong, in turn; ``kills``: what is unfinished at the end dies."""

    def __init__(
        self,
        seed: int = 0,
        *,
        fifo: bool = False,
        stale_deletes: bool = False,
        skews: Sequence[float] = (0,),
        kills: bool = True,
    ) -> None:
        self.cloud = Cloud(seed, fifo=fifo, stale_deletes=stale_deletes)
        self.fibers: list[Fiber] = []
        self.accepted: list[str] = []
        self._calls: dict[str, Call] = {}
        self.is_healed = False
        self._fifo, self._skews, self._kills = fifo, skews, kills
        self._number = 0
        self._registry = Registry()
        self.tasks: dict[bool, Task[..., Any]] = {
            record: self._task("recorded" if record else "unrecorded", record) for record in (True, False)
        }
        self.outside = self.process("outside", lambda _at: Fault.NONE)

    def _task(self, name: str, record: bool) -> Task[..., Any]:
        tasks = Penstock()
        tasks.registry = self._registry
        return tasks.task(
            name=name, max_attempts=MAX_ATTEMPTS, time_limit=TIME_LIMIT, record=record, backoff=Backoff(base=5, cap=60)
        )(user_code)

    def process(self, name: str, gate: Callable[[str], Fault], *, skew: float = 0) -> Process:
        """A process over this simulation's cloud."""
        return Process(name, self.cloud, self._registry, gate, skew=skew)

    def start(self, kind: str, body: Callable[[Process], Any]) -> Fiber:
        """A new process that will do ``body``."""
        self._number += 1
        fiber: Fiber

        def run() -> None:
            here.set((self, process))
            try:
                body(process)
            except Death:
                pass
            except EnqueueUncertain as error:
                self.cloud.note("uncertain", task=error.task_id)
            except (PenstockError, KeyError):  # a person reads it and tries again, or not; KeyError: an unknown payload
                pass

        name = f"{kind}-{self._number}"
        process = self.process(name, lambda at: fiber.pause(at), skew=self._skews[self._number % len(self._skews)])
        fiber = Fiber(name, run)
        self.fibers.append(fiber)
        return fiber

    # -- producers

    def enqueue(
        self, script: Sequence[str], *, record: bool = True, own_id: bool = True, delay: int = 0, large: bool = False
    ) -> Fiber:
        """A producer enqueues one task that will do as ``script`` says, an attempt a word.

        ``own_id``: under its own task id. ``large``: with arguments that no message holds.
        """
        self.cloud.note("attempted")
        task_id = f"task-{self._number}" if own_id else None
        held_back = None if self._fifo else delay
        call = (
            self.tasks[record].using(task_id=task_id, group="group", delay=held_back).call(list(script), BALLAST[large])
        )
        if task_id is not None:
            self._calls[task_id] = call
        return self.start("producer", lambda process: self.acknowledged(process.tasks.enqueue_call(call).id))

    def enqueue_many(self, script: Sequence[str], count: int, *, large: bool = False) -> Fiber:
        """A producer enqueues ``count`` tasks in one request; ``large``: the first with arguments that no message holds."""
        task = self.tasks[True].using(group="group")
        calls = [task.call(list(script), BALLAST[large and number == 0]) for number in range(count)]
        for _ in calls:
            self.cloud.note("attempted")

        def body(process: Process) -> None:
            try:
                accepted = process.tasks.enqueue_many(calls)
            except PartialEnqueueError as error:
                accepted = error.sent
            for result in accepted:
                self.acknowledged(result.id)

        return self.start("producer", body)

    def enqueue_again(self, which: int) -> None:
        """A producer that does not trust its luck enqueues the same call with the same task id once more."""
        task_id = self.accepted[which % len(self.accepted)]
        call = self._calls.get(task_id)
        if call is not None:
            self.cloud.note("attempted")
            self.start("producer", lambda process: self.acknowledged(process.tasks.enqueue_call(call).id))

    def acknowledged(self, task_id: str) -> None:
        """A producer knows now that its task is accepted."""
        self.cloud.note("acknowledged", task=task_id)
        self.accepted.append(task_id)

    # -- workers

    def invoke(self, batch_size: int = BATCH_SIZE) -> Fiber | None:
        """The event source mapping receives a batch and invokes a worker; None where nothing is visible."""
        settings = self.cloud.settings.queue(QUEUE)
        size = 1 if settings.fifo else batch_size
        messages = self.cloud.transport.receive(QUEUE, max_messages=size)
        if not messages:
            return None
        arn = f"arn:aws:sqs:eu-central-1:123456789012:{settings.physical_name}"
        event = sqs_event.event(sqs_event.record(message, arn) for message in messages)
        ends = self.cloud.clock() + timedelta(seconds=INVOCATION_SECONDS)

        def body(worker: Process) -> None:
            invocation = Invocation("request", lambda: (ends - self.cloud.clock()).total_seconds())
            failed = set(batch.process(worker.tasks, event, invocation).failed)
            done = [message.receipt_handle for message in messages if message.message_id not in failed]
            if done:
                worker.call("acknowledge", lambda: self.cloud.transport.delete(QUEUE, done))

        return self.start("worker", body)

    def throttle(self) -> None:
        """The mapping receives, but Lambda has no room: a receive is spent."""
        if self.cloud.transport.receive(QUEUE, max_messages=BATCH_SIZE):
            self.cloud.fault("throttled invocation", "aws", "invoke")

    # -- people, and the reconciler

    def operate(self, action: str, task_id: str) -> Fiber:
        """Someone cancels, retries, edits or discards a task."""
        actions: dict[str, Callable[[Process], Any]] = {
            "cancel": lambda process: process.tasks.result(task_id).cancel(),
            "retry": lambda process: retry(process.tasks, task_id),
            "discard": lambda process: discard(process.tasks, task_id),
            "edit": lambda process: self.acknowledged(edit(process.tasks, task_id, {}).id),
        }
        return self.start(action, actions[action])

    def dead(self) -> list[str]:
        """The accepted tasks that are DEAD now."""
        rows = self.cloud.table.scan()
        return [task_id for task_id in self.accepted if rows.get(task_id, {}).get("status") == "DEAD"]

    def reconcile(self) -> Fiber:
        """The reconciler looks at the dead-letter queue."""
        return self.start("reconciler", lambda process: reconcile(process.tasks, QUEUE))

    def redrive(self) -> None:
        """Someone presses the console's button: SQS moves every visible dead letter back."""
        self.cloud.transport.redrive(QUEUE)

    def nature(self, what: str, fired: bool) -> None:
        """Write down what SQS did of itself."""
        if fired:
            self.cloud.fault(what, "aws", "queue")

    # -- time

    def go(self, which: int, calls: int = 1_000, fault: Fault = Fault.NONE) -> None:
        """An unfinished process does some calls; at the last of them ``fault`` fires."""
        if not self.fibers:
            return
        fiber = self.fibers[which % len(self.fibers)]
        for _ in range(calls - 1):
            fiber.resume(Fault.NONE)
        fiber.resume(fault)
        self._forget(fiber)

    def _forget(self, fiber: Fiber) -> None:
        if fiber.is_over:
            self.fibers.remove(fiber)
            if fiber.error is not None:
                raise AssertionError(f"{fiber.name} raised what nobody expects") from fiber.error

    def finish(self, fiber: Fiber | None) -> None:
        """Let a process do all that is left, without a fault."""
        if fiber is not None:
            self.go(self.fibers.index(fiber), calls=10_000)

    def kill(self) -> None:
        """Whatever is unfinished dies where it is."""
        for fiber in list(self.fibers):
            while not fiber.is_over:
                fiber.resume(Fault.DIE_BEFORE)
            self._forget(fiber)

    def heal(self) -> None:
        """No more faults: what is late arrives, user code succeeds, dead letters are redriven until all is at rest."""
        self.is_healed = True
        while self.cloud.late:
            self.cloud.arrive_late(0)
        if self._kills:
            self.kill()
        for fiber in list(self.fibers):
            self.finish(fiber)
        for _ in range(HEALING_ROUNDS):
            while (worker := self.invoke()) is not None:
                self.finish(worker)
            self.finish(self.reconcile())
            self.redrive()
            if not any(self.queues().values()):
                return
            self.cloud.clock.advance(300)

    def queues(self) -> dict[str, list[str]]:
        """What is left in the queues."""
        return {queue: self.cloud.transport.bodies(queue) for queue in (QUEUE, LETTERS)}

    def judge(self) -> checker.Report:
        """The checker's word on this run."""
        return checker.check(
            self.cloud.history,
            self.cloud.table.scan(),
            self.queues(),
            max_attempts=MAX_ATTEMPTS,
            clocks_agree=max(self._skews) - min(self._skews) <= 2,
        )


# A message waits 900 s for its next try at most, and is received five times before SQS buries it.
HEALING_ROUNDS = 60


def user_code(script: list[str], _ballast: str = "") -> dict[str, Any]:
    """The one task: does what the word for its attempt says, and tells the log of effects."""
    simulation, process = here.get()
    task_id, attempt = current_task.id, current_task.attempt
    simulation.cloud.note("started", task=task_id, attempt=attempt, by=process.name)
    process.step("user code starts")
    word = "ok" if simulation.is_healed else script[min(attempt, len(script)) - 1]
    match word:
        case "error":
            raise ValueError("no such picture")
        case "retry":
            raise Retry("the service is away", delay=30)
        case "reject":
            raise Reject("a damaged picture")
        case "discard":
            raise Reject("a truncated picture", discard=True)
        case "exit":
            raise SystemExit(3)
        case "die":
            process.die("user code")
        case "progress":
            current_task.progress(1, 2, "half")
        case "child":
            child = simulation.tasks[True].using(task_id=f"{task_id}.child", group="group").call(["ok"])
            simulation.cloud.note("attempted")
            simulation.acknowledged(process.tasks.enqueue_call(child).id)
    process.step("user code ends")
    simulation.cloud.note("ended", task=task_id, attempt=attempt, by=process.name)
    return {"attempt": attempt}


@contextmanager
def no_alarm(_seconds: float) -> Iterator[None]:
    """In the place of the time limit, which rests on the alarm clock of the main thread: here time is simulated."""
    yield


@contextmanager
def simulated_time() -> Iterator[None]:
    """Runs have no time limit by the real clock while this is open."""
    perform: Any = importlib.import_module("penstock.execution.perform")
    before, perform.time_limit = perform.time_limit, no_alarm
    try:
        yield
    finally:
        perform.time_limit = before
