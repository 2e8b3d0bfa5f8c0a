"""The simulation in the hands of hypothesis: it chooses what happens, and shortens what it found."""

from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.simulation.checker import Report
from tests.simulation.cloud import LETTERS, QUEUE
from tests.simulation.faults import Fault
from tests.simulation.simulation import AFTER_A_CRASH_SECONDS, WORDS, Simulation, simulated_time

STEPS = 50
MAX_TASKS = 3  # few tasks, so that what happens happens to the same one
CALM, WITHIN_TOLERANCE, WRONG = (0.0,), (0.0, 1.0, -1.0), (0.0, 90.0, -90.0, 45.0)

which = st.integers(0, 7)
scripts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)
calls = st.sampled_from((1, 2, 3, 5, 1_000))
# Half of the calls that are chosen go well.
faults = st.one_of(st.just(Fault.NONE), st.sampled_from([fault for fault in Fault if fault is not Fault.NONE]))
larges = st.sampled_from((False, False, True))
seconds = st.sampled_from((0.001, 1, 3, 31, 61, 101, 200, 900))


class Machine(RuleBasedStateMachine):
    """One rule for each thing that can happen."""

    total: Report

    @initialize(
        number=st.integers(0, 2**32),
        fifo=st.sampled_from((False, False, False, True)),
        stale_deletes=st.booleans(),
        skews=st.sampled_from((CALM, CALM, WITHIN_TOLERANCE, WRONG)),
        kills=st.booleans(),
        script=scripts,
        record=st.booleans(),
        large=larges,
    )
    def begin(self, number: int, script: list[str], record: bool, large: bool, **world: Any) -> None:
        self.simulation = Simulation(number, **world)
        self.simulation.finish(self.simulation.enqueue(script, record=record, large=large))

    @precondition(lambda self: len(self.simulation.accepted) < MAX_TASKS)
    @rule(
        script=scripts,
        record=st.booleans(),
        own_id=st.booleans(),
        delay=st.sampled_from((0, 40)),
        large=larges,
        calls=calls,
        fault=faults,
    )
    def enqueue(self, script: list[str], calls: int, fault: Fault, **options: Any) -> None:
        fiber = self.simulation.enqueue(script, **options)
        self.simulation.go(self.simulation.fibers.index(fiber), calls, fault)

    @precondition(lambda self: len(self.simulation.accepted) < MAX_TASKS)
    @rule(large=larges, calls=calls, fault=faults)
    def enqueue_many(self, large: bool, calls: int, fault: Fault) -> None:
        fiber = self.simulation.enqueue_many(["error", "ok"], 3, large=large)
        self.simulation.go(self.simulation.fibers.index(fiber), calls, fault)

    @precondition(lambda self: self.simulation.accepted)
    @rule(task=which, script=st.just(["ok"]))
    def enqueue_again(self, task: int, script: list[str]) -> None:
        self.simulation.enqueue_again(task)

    @precondition(lambda self: self.simulation.cloud.transport.has_visible(QUEUE))
    @rule(batch_size=st.integers(1, 3))
    def invoke_well(self, batch_size: int) -> None:
        self.simulation.finish(self.simulation.invoke(batch_size))

    @precondition(lambda self: self.simulation.cloud.transport.has_visible(QUEUE))
    @rule(batch_size=st.integers(1, 3), calls=calls, fault=faults)
    def invoke(self, batch_size: int, calls: int, fault: Fault) -> None:
        fiber = self.simulation.invoke(batch_size)
        if fiber is not None:
            self.simulation.go(self.simulation.fibers.index(fiber), calls, fault)

    @precondition(lambda self: self.simulation.cloud.transport.has_visible(QUEUE))
    @rule(calls=st.integers(1, 8))
    def stall(self, calls: int) -> None:
        """A worker stands still until its lease and the visibility of its messages are over; it can go on later."""
        fiber = self.simulation.invoke()
        if fiber is not None:
            self.simulation.go(self.simulation.fibers.index(fiber), calls)
        self.simulation.cloud.clock.advance(AFTER_A_CRASH_SECONDS)

    @precondition(lambda self: self.simulation.fibers)
    @rule(which=which, calls=calls, fault=faults)
    def go(self, which: int, calls: int, fault: Fault) -> None:
        self.simulation.go(which, calls, fault)

    @precondition(lambda self: self.simulation.fibers)
    @rule(which=which, calls=st.sampled_from((1, 2, 3, 1_000)))
    def go_well(self, which: int, calls: int) -> None:
        self.simulation.go(which, calls)

    @rule(seconds=seconds)
    def time_passes(self, seconds: float) -> None:
        self.simulation.cloud.clock.advance(seconds)

    @precondition(lambda self: self.simulation.cloud.transport.bodies(QUEUE))
    @rule(which=which)
    def deliver_again(self, which: int) -> None:
        self.simulation.nature("delivered again", self.simulation.cloud.transport.show_again(QUEUE, which))

    @precondition(lambda self: self.simulation.cloud.transport.gone)
    @rule(queue=st.sampled_from((QUEUE, QUEUE, LETTERS)), which=which)
    def bring_back(self, queue: str, which: int) -> None:
        self.simulation.nature("came back", self.simulation.cloud.transport.bring_back(queue, which))

    @precondition(lambda self: self.simulation.cloud.transport.bodies(QUEUE))
    @rule(which=which)
    def bury(self, which: int) -> None:
        self.simulation.nature("buried", self.simulation.cloud.transport.bury(which))

    @precondition(lambda self: self.simulation.cloud.late)
    @rule(which=which)
    def arrive_late(self, which: int) -> None:
        self.simulation.cloud.arrive_late(which)

    @precondition(lambda self: self.simulation.cloud.transport.has_visible(QUEUE))
    @rule()
    def throttle(self) -> None:
        self.simulation.throttle()

    @precondition(lambda self: self.simulation.cloud.transport.has_visible(LETTERS))
    @rule()
    def redrive(self) -> None:
        self.simulation.redrive()

    @precondition(lambda self: self.simulation.cloud.transport.has_visible(LETTERS))
    @rule(calls=calls, fault=faults)
    def reconcile(self, calls: int, fault: Fault) -> None:
        fiber = self.simulation.reconcile()
        self.simulation.go(self.simulation.fibers.index(fiber), calls, fault)

    @precondition(lambda self: self.simulation.accepted)
    @rule(
        action=st.sampled_from(("cancel", "retry", "retry", "discard", "edit")), task=which, calls=calls, fault=faults
    )
    def operate(self, action: str, task: int, calls: int, fault: Fault) -> None:
        accepted = self.simulation.accepted
        fiber = self.simulation.operate(action, accepted[task % len(accepted)])
        self.simulation.go(self.simulation.fibers.index(fiber), calls, fault)

    def teardown(self) -> None:
        if not hasattr(self, "simulation"):
            return
        try:
            self.simulation.heal()
            report = self.simulation.judge()
        finally:
            self.simulation.kill()
        self.total.add(report)
        assert not report.violations, "\n".join(report.violations)


def explore(number: int, examples: int, *, shrink: bool = True) -> Report:
    """``examples`` runs of STEPS steps, all from the seed ``number``; AssertionError with the steps to the first violation."""
    machine: Any = seed(number)(type("Run", (Machine,), {"total": Report()}))
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    how = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        derandomize=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    with simulated_time():
        run_state_machine_as_test(machine, settings=how)
    report: Report = machine.total
    return report
