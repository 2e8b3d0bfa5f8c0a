"""How large the kill runs are, how many, and from which seed: CI's size, unless the environment says otherwise."""

import os

from tests.kills.run import Size
from tests.simulation.seeds import SEED

SIZE = Size(
    tasks=int(os.environ.get("PENSTOCK_KILLS_TASKS", Size.tasks)),
    kills=int(os.environ.get("PENSTOCK_KILLS_WANTED", Size.kills)),
)
SEEDS = range(SEED, SEED + int(os.environ.get("PENSTOCK_KILLS_SEEDS", "1")))
