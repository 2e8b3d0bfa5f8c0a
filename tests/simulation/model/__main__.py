"""``python -m tests.simulation.model``: what the model explores, and for each mutant the shortest way to its failure."""

import time

from tests.simulation.model.checker import explore
from tests.simulation.model.configurations import CONFIGURATIONS
from tests.simulation.model.mutants import MUTANTS
from tests.simulation.model.protocol import Model
from tests.simulation.model.rules import Rules


def main() -> None:
    """Explore everything once and tell what was found."""
    total, started = 0, time.monotonic()
    for name, faults in CONFIGURATIONS.items():
        explored = explore(Model(faults, Rules()))
        total += explored.states
        print(
            f"{name:<60} {explored.states:>8,} states   {explored.finding or 'no violation, no stuck state'}",
            flush=True,
        )
    print(f"{len(CONFIGURATIONS)} configurations, {total:,} states, {time.monotonic() - started:.0f} s\n")
    for name, mutant in MUTANTS.items():
        explored = explore(Model(CONFIGURATIONS[mutant.configuration], mutant.rules))
        finding = explored.finding
        print(f"Mutant: {name} ({mutant.configuration}; {explored.states:,} states)")
        print("  NOT CAUGHT\n" if finding is None else f"  {finding.what}\n{finding.trace}\n", flush=True)


if __name__ == "__main__":
    main()
