"""How large a run is, and from which seed: the smoke of ``make test``, or the proof of ``make prove`` and ``make soak``."""

import os

SEED = int(os.environ.get("PENSTOCK_SEED", "20260301"))


def is_proof() -> bool:
    """True in ``make prove``: the sizes that CI runs before a change goes in."""
    return os.environ.get("PENSTOCK_PROVE", "") not in ("", "0")
