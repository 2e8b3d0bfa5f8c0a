"""From enqueue to result: a task that does nothing, on the idle local stack. Run: ``python -m benchmarks.latency [ROUNDS]``.

Starts a stack of its own on free ports. Each round waits until the stack is idle again, enqueues, and polls for the result as any
caller would; the figure is the median of wall times, in milliseconds.
"""

import os
import statistics
import sys
import time
from pathlib import Path

from benchmarks.noop import nothing, tasks
from penstock import aws
from penstock.local.project import Project
from penstock.local.stack import Stack

PROJECT = Project(
    root=Path(__file__).parents[1],
    app="benchmarks.noop:web",
    handler="benchmarks.noop:handler",
    prefix="penstock-bench",
)
DEFAULT_ROUNDS = 30
WARM_UP_ROUNDS = 3
IDLE_SECONDS = 0.3
TIMEOUT_SECONDS = 30


def milliseconds() -> tuple[float, float]:
    """Of one round: until enqueue returned, and until the result was there."""
    time.sleep(IDLE_SECONDS)
    start = time.perf_counter()
    result = nothing.enqueue()
    enqueued = time.perf_counter()
    _ = result.wait(timeout=TIMEOUT_SECONDS).return_value  # raises if the task failed
    return (enqueued - start) * 1000, (time.perf_counter() - start) * 1000


def main(rounds: int) -> None:
    """Print the medians."""
    log: list[str] = []
    with Stack(PROJECT, os.environ, lambda who, line: log.append(f"{who}: {line}"), web_port=0, moto_port=0) as stack:
        os.environ.clear()
        os.environ.update(stack.environment)  # boto3 takes the endpoint and the keys from here
        aws.connect(tasks)
        for _ in range(WARM_UP_ROUNDS):
            milliseconds()
        times = [milliseconds() for _ in range(rounds)]
    print(f"A no-op on the idle local stack, median of {rounds} (lowest and highest):")
    for name, values in zip(("enqueue", "enqueue to result"), zip(*times, strict=True), strict=True):
        print(f"  {name:<18} {statistics.median(values):6.1f} ms  ({min(values):.1f} to {max(values):.1f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS)
