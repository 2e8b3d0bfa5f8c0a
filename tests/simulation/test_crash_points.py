"""A crash at every point: before and after every call of AWS, at the start and at the end of user code; each, and every two.

Each scenario is a fixed story of people and workers. A run of it is repeated once for every point with the process dying
there, and then for every pair of points, the second counted from the first: what dies is never the story, only the process
that was acting. After it the world heals, and the checker judges.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.simulation.faults import Fault
from tests.simulation.seeds import is_proof
from tests.simulation.simulation import Simulation, simulated_time

# All pairs take a minute: `make prove` walks them all, `make test` every STRIDE-th.
STRIDE = 1 if is_proof() else 37


class Story:
    """A simulation whose processes die at the points of ``crashes``: point 2n is before call n, 2n + 1 after it."""

    def __init__(self, *crashes: int) -> None:
        self.simulation = Simulation(1)
        self.crashes = list(crashes)
        self.point = 0
        self.labels: list[str] = []
        self.hit = 0

    def enqueue(self, *script: str, large: bool = False) -> str:
        self.act(lambda: self.simulation.enqueue(script, large=large))
        return "task-0"

    def work(self) -> None:
        """Workers, until nothing is visible."""
        while self.act(self.simulation.invoke):
            pass

    def wait(self, seconds: float) -> None:
        self.simulation.cloud.clock.advance(seconds)

    def bury(self) -> None:
        """SQS moves the message to the dead-letter queue at once, not after some more receives."""
        self.simulation.cloud.transport.bury(0)

    def act(self, start: Callable[[], object]) -> bool:
        """One process from its start to its end, or to its death; False where there was nothing to do."""
        start()
        if not self.simulation.fibers:
            return False
        fiber = self.simulation.fibers[0]
        self.simulation.go(0, 1)
        while not fiber.is_over:
            self.labels += [f"before {fiber.at}", f"after {fiber.at}"]
            self.simulation.go(0, 1, self._fault())
            self.point += 2
        return True

    def _fault(self) -> Fault:
        if not self.crashes or not self.point <= self.crashes[0] < self.point + 2:
            return Fault.NONE
        fault = Fault.DIE_AFTER if self.crashes[0] % 2 else Fault.DIE_BEFORE
        self.hit += 1
        del self.crashes[0]
        self.point = -2  # the next one is counted from here
        return fault

    def judge(self) -> None:
        self.simulation.heal()
        report = self.simulation.judge()
        assert not report.violations, "\n".join(report.violations)


def success(story: Story) -> None:
    story.enqueue("progress")
    story.work()


def success_with_a_child(story: Story) -> None:
    story.enqueue("child")
    story.work()


def retry(story: Story) -> None:
    story.enqueue("error", "ok")
    story.work()
    story.wait(120)
    story.work()


def discard(story: Story) -> None:
    story.enqueue("discard")
    story.work()


def death_and_redrive(story: Story) -> None:
    story.enqueue("reject", "ok")
    story.work()
    story.simulation.redrive()
    story.work()


def crashes_to_death(story: Story) -> None:
    story.enqueue("die", "die")
    for _ in range(3):
        story.work()
        story.wait(200)


def retry_by_hand(story: Story) -> None:
    task = story.enqueue("reject", "ok")
    story.act(story.simulation.invoke)
    story.bury()
    story.act(lambda: story.simulation.operate("retry", task))
    story.work()
    story.act(story.simulation.reconcile)


def edit_and_sweep(story: Story) -> None:
    task = story.enqueue("reject", "ok")
    story.act(story.simulation.invoke)
    story.bury()
    story.act(lambda: story.simulation.operate("edit", task))
    story.work()
    story.act(story.simulation.reconcile)


def burial_and_reconcile(story: Story) -> None:
    story.enqueue("ok")
    story.bury()
    story.act(story.simulation.reconcile)
    story.simulation.redrive()
    story.work()


def cancel(story: Story) -> None:
    task = story.enqueue("ok")
    story.act(lambda: story.simulation.operate("cancel", task))
    story.work()


def retry_of_large_arguments(story: Story) -> None:
    story.enqueue("error", "ok", large=True)
    story.work()
    story.wait(120)
    story.work()


def edit_of_large_arguments(story: Story) -> None:
    task = story.enqueue("reject", "ok", large=True)
    story.act(story.simulation.invoke)
    story.bury()
    story.act(lambda: story.simulation.operate("edit", task))
    story.work()
    story.act(story.simulation.reconcile)


SCENARIOS = (
    success,
    success_with_a_child,
    retry,
    discard,
    crashes_to_death,
    death_and_redrive,
    retry_by_hand,
    edit_and_sweep,
    burial_and_reconcile,
    cancel,
    retry_of_large_arguments,
    edit_of_large_arguments,
)


@pytest.fixture(autouse=True)
def _simulated_time() -> Iterator[None]:
    with simulated_time():
        yield


def played(scenario: Callable[[Story], None], *crashes: int) -> Story:
    """The story with these crashes, judged."""
    story = Story(*crashes)
    try:
        scenario(story)
        story.judge()
    except AssertionError as error:
        raise AssertionError(f"{scenario.__name__} with crashes at {crashes}: {story.labels}\n{error}") from error
    return story


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_at_any_point_loses_and_overwrites_nothing(scenario: Callable[[Story], None]) -> None:
    points = len(played(scenario).labels)
    assert points > 8
    assert [played(scenario, point).hit for point in range(points)] == [1] * points


@pytest.mark.timeout(240)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_two_crashes_at_any_points_lose_and_overwrite_nothing(scenario: Callable[[Story], None]) -> None:
    played_pairs = 0
    for first in range(len(played(scenario).labels)):
        for second in range(first % STRIDE, points_after(scenario, first), STRIDE):
            assert played(scenario, first, second).hit == 2
            played_pairs += 1
    assert played_pairs > 0


def points_after(scenario: Callable[[Story], None], first: int) -> int:
    """How many points there are after a crash at ``first``."""
    return played(scenario, first).point


def test_the_stories_pass_every_call_that_the_protocol_makes() -> None:
    passed = {label for scenario in SCENARIOS for label in played(scenario).labels}
    assert passed >= {f"{side} {call}" for side in ("before", "after") for call in CALLS}


CALLS = (
    "send",
    "get",
    "change_visibility",
    "acknowledge",
    "receive",
    "delete",
    "add_attempt",
    "payload put",
    "payload get",
    "user code starts",
    "user code ends",
    *(
        f"apply {transition}"
        for transition in (
            "queued",
            "claim",
            "redrive",
            "retry",
            "succeed",
            "retrying",
            "dead",
            "crashed",
            "failed",
            "buried",
            "cancel",
            "progress",
            "retry_sent",
        )
    ),
)
