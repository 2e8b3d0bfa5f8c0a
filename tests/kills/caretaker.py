"""The caretaker: wakes the reconciler every few seconds and, once the cause is repaired, redrives the dead letters."""

import time

from penstock import Penstock, dead_letters
from penstock.errors import PenstockError
from tests.kills.user_code import POLLED, here
from tests.kills.worker import QUEUE, Handler, context

_PAUSE_SECONDS = 2.0


def take_care(tasks: Penstock, reconciler: Handler) -> None:
    """For ever. Whatever is lost on the way is tried again next time."""
    while True:
        try:
            reconciler({}, context("reconciler"))
            if here.is_repaired:
                for queue in (QUEUE, POLLED):
                    dead_letters.redrive(tasks, queue)
        except PenstockError as error:
            print(f"caretaker: {error}", flush=True)
        time.sleep(_PAUSE_SECONDS)
