"""Which faults are explored together. Small ones, for all at once would be too many states."""

from tests.simulation.model.faults import Faults

CONFIGURATIONS = {
    "two sends, lost replies": Faults(
        crashes=True, lost_replies=True, throttles=True, redrives=True, rejects=True, discards=True, sends=2
    ),
    "duplicates, zombies, heartbeats": Faults(
        crashes=True,
        lost_replies=True,
        duplicates=True,
        zombies=True,
        throttles=True,
        rejects=True,
        heartbeat=True,
        retries_wait=True,
        sends=2,
    ),
    "three workers": Faults(
        crashes=True, lost_replies=True, duplicates=True, zombies=True, throttles=True, workers=3, max_attempts=3
    ),
    "redrives, duplicates, a slow reconciler": Faults(
        duplicates=True,
        zombies=True,
        throttles=True,
        redrives=True,
        slow_reconciler=True,
        messages=1,
        max_attempts=1,
    ),
    "redrives, lost replies, a slow reconciler": Faults(
        crashes=True, lost_replies=True, throttles=True, redrives=True, slow_reconciler=True, messages=1
    ),
    "redrives of two sends, a slow reconciler": Faults(
        lost_replies=True, throttles=True, redrives=True, slow_reconciler=True, sends=2, max_attempts=1
    ),
    "redrives that leave the letter": Faults(
        crashes=True, throttles=True, redrives=True, copies=True, slow_reconciler=True
    ),
    "redrives on a FIFO queue": Faults(
        crashes=True, lost_replies=True, throttles=True, redrives=True, slow_reconciler=True, fifo=True
    ),
    "retries by hand, redrives": Faults(crashes=True, by_hand=True, throttles=True, redrives=True),
    "retries by hand, lost replies": Faults(crashes=True, lost_replies=True, by_hand=True),
    "retries by hand, duplicates": Faults(crashes=True, duplicates=True, zombies=True, by_hand=True),
    "two retries by hand of two sends": Faults(lost_replies=True, by_hand=True, sends=2, messages=3, max_attempts=1),
    "retries by hand that delete the letter, redrives": Faults(redrives=True, by_hand_deletes=True, max_attempts=1),
    "retries by hand that delete the letter, a slow reconciler": Faults(
        crashes=True, throttles=True, slow_reconciler=True, by_hand_deletes=True
    ),
    "cancels, lost replies, zombies": Faults(
        crashes=True, lost_replies=True, duplicates=True, zombies=True, cancels=True
    ),
    "cancels, redrives, a slow reconciler": Faults(
        crashes=True, throttles=True, redrives=True, slow_reconciler=True, cancels=True
    ),
    "cancels, retries by hand": Faults(redrives=True, by_hand=True, cancels=True),
}
