"""What `import penstock` costs over bare Python: CPU, and how many modules. Run: ``python -m benchmarks.import_cost [PAIRS]``.

Each pair starts the two programs one after the other, so that a busy machine slows both; the figure is the median of the
differences. CPU is user plus system time of the child, in milliseconds.
"""

import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEFAULT_PAIRS = 21
# As deployed code runs: compiled once, not at every start.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
PROGRAMS = {
    "penstock": "import penstock",
    "penstock.memory": "import penstock.memory",
    "tasks (the reference app's)": "import tasks",
}


def cpu_milliseconds(statement: str) -> float:
    """User and system time of a fresh interpreter that runs ``statement`` and ends."""
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", statement], ENVIRONMENT)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit(f"`{statement}` failed: see above. Run this from a checkout with `make bench`")
    return (usage.ru_utime + usage.ru_stime) * 1000


def over_bare_python(statement: str, pairs: int) -> list[float]:
    """CPU of ``statement`` less that of bare Python, pair by pair, in milliseconds."""
    cpu_milliseconds(statement)  # writes the .pyc files
    return [cpu_milliseconds(statement) - cpu_milliseconds("pass") for _ in range(pairs)]


def main(pairs: int) -> None:
    """Print one line a program."""
    os.chdir(ROOT)
    print(f"CPU of an import over bare Python {sys.version.split()[0]}, median of {pairs} pairs (lowest and highest):")
    for name, statement in PROGRAMS.items():
        costs = over_bare_python(statement, pairs)
        print(f"  import {name:<28} {statistics.median(costs):6.1f} ms  ({min(costs):.1f} to {max(costs):.1f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PAIRS)
