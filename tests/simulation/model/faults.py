"""What can go wrong, what people do, and how much of it there is room for."""

from msgspec import Struct


class Faults(Struct, frozen=True):
    """One configuration of the model; by default nothing happens but the task itself."""

    crashes: bool = False  # a worker, the producer or a person's process ends at any moment
    lost_replies: bool = False  # a send or a worker's write is carried out, and its caller does not hear of it
    duplicates: bool = False  # SQS delivers a message while somebody works on it
    zombies: bool = False  # a lease runs out under a run that goes on: a paused process, clocks too far apart
    throttles: bool = False  # SQS buries a message that was not worked on
    slow_reconciler: bool = False  # anything can happen between its peek, its write and its delete
    cancels: bool = False
    redrives: bool = False  # the console's button: SQS moves a letter back
    copies: bool = False  # a redrive that leaves the letter there as well
    by_hand: bool = False  # retries by hand
    by_hand_deletes: bool = False  # retries by hand that delete the letter as well
    rejects: bool = False  # user code gives up: DEAD with attempts left
    discards: bool = False  # user code gives up: FAILED
    heartbeat: bool = False  # RENEW while user code runs
    retries_wait: bool = False  # a retry is not due at once
    fifo: bool = False  # SQS gives a buried message a new SentTimestamp
    sends: int = 1  # physical tries of one enqueue
    messages: int = 2  # how many can exist at a time
    workers: int = 2
    max_attempts: int = 2
