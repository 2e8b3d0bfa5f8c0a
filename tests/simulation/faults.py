"""What can go wrong at a call of AWS, and one simulated process: the ports as it sees them."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from penstock import Penstock
from penstock.errors import AccessRefused, Unavailable
from penstock.memory import MemoryMappings, MemoryStats
from penstock.ports import OutgoingMessage, Ports
from tests.simulation.cloud import Cloud


class Death(KeyboardInterrupt):
    """SIGKILL: nothing of the process goes on. A KeyboardInterrupt, the one thing that the library lets through user code."""


class Fault(StrEnum):
    """What becomes of one call. AFTER the call is done, but its caller does not learn it; LATE it is done some time later."""

    NONE = "none"
    LOST_REQUEST = "lost request"
    LOST_REPLY = "lost reply"
    LATE = "late request"
    THROTTLED = "throttled"
    REFUSED = "refused"
    PARTIAL = "partial batch"
    DIE_BEFORE = "died before a call"
    DIE_AFTER = "died after a call"


Gate = Callable[[str], Fault]


class Process:
    """One process: its clock is ``skew`` seconds wrong, its calls pass ``gate``, and after its death none gets through."""

    def __init__(self, name: str, cloud: Cloud, registry: Any, gate: Gate, *, skew: float = 0) -> None:
        self.name = name
        self.cloud = cloud
        self.dead = False
        self._gate = gate
        off = timedelta(seconds=skew)
        self.tasks = Penstock()
        self.tasks.registry = registry
        self.ports = Ports(
            settings=cloud.settings,
            transport=Port(self, cloud.transport),
            results=Port(self, cloud.table),
            payloads=Port(self, cloud.payloads, "payload "),
            clock=lambda: cloud.clock() + off,
            random=cloud.random,
            sleep=cloud.clock.sleep,
            ledger=Port(self, cloud.ledger),
            stats=MemoryStats(cloud.settings),
            mappings=MemoryMappings(cloud.settings),
        )
        self.tasks.connect(self.ports)

    def step(self, at: str) -> None:
        """A moment between two calls: the process can stop here, and die."""
        if self.dead:
            raise Death
        fault = self._gate(at)
        if fault in (Fault.DIE_BEFORE, Fault.DIE_AFTER):
            self.die(at)

    def die(self, what: str) -> None:
        """The process is killed in the middle of user code."""
        self.cloud.fault("died in user code", self.name, what)
        self._die()

    def call(self, what: str, do: Callable[[], Any]) -> Any:
        """One call of AWS, with what becomes of it."""
        if self.dead:
            raise Death
        fault = self._gate(what)
        if fault is not Fault.NONE:
            self.cloud.fault(fault, self.name, what)
        match fault:
            case Fault.DIE_BEFORE:
                self._die()
            case Fault.LOST_REQUEST | Fault.PARTIAL:
                raise Unavailable(f"{what}: {fault}")
            case Fault.THROTTLED:
                raise Unavailable(f"{what}: slow down")
            case Fault.REFUSED:
                raise AccessRefused(f"{what}: not authorised")
            case Fault.LATE:
                self.cloud.late.append(lambda: self._do(do))
                raise Unavailable(f"{what}: no answer in time")
        answer = self._do(do)
        if fault is Fault.DIE_AFTER:
            self._die()
        if fault is Fault.LOST_REPLY:
            raise Unavailable(f"{what}: {fault}")
        return answer

    def send_many(self, messages: list[OutgoingMessage]) -> list[Any]:
        """SendMessageBatch, whose entries can fail one by one: taken, not taken, taken and the answer says not."""
        if self.dead:
            raise Death
        fault = self._gate("send_many")
        if fault is not Fault.PARTIAL:
            answered: list[Any] = self._then(fault, "send_many", lambda: self.cloud.transport.send_many(messages))
            return answered
        self.cloud.fault(fault, self.name, "send_many")
        answers: list[Any] = []
        for number, message in enumerate(messages):
            answer: Any = Unavailable("InternalError")
            if number % 3 != 1:
                sent = self._do(partial(self.cloud.transport.send, message))
                answer = sent if number % 3 == 0 else answer
            answers.append(answer)
        return answers

    def _then(self, fault: Fault, what: str, do: Callable[[], Any]) -> Any:
        gate, self._gate = self._gate, lambda _at: fault
        try:
            return self.call(what, do)
        finally:
            self._gate = gate

    def _do(self, do: Callable[[], Any]) -> Any:
        with self.cloud.acting_as(self.name):
            return do()

    def _die(self) -> None:
        self.dead = True
        self.cloud.note("death", by=self.name)
        raise Death


class Port:
    """A port as a process sees it: every call passes the process's gate, its name after ``kind``."""

    def __init__(self, process: Process, port: Any, kind: str = "") -> None:
        self._process = process
        self._port = port
        self._kind = kind

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method, process = getattr(self._port, name), self._process
        if name == "send_many":
            return process.send_many

        def call(*args: Any, **kwargs: Any) -> Any:
            what = f"apply {args[1].name}" if name == "apply" else self._kind + name
            return process.call(what, lambda: method(*args, **kwargs))

        return call
