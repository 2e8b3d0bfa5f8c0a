"""What the model remembers, as values: the row, the messages, and how far everybody is."""

from collections.abc import Callable
from typing import NamedTuple

# What a remembered lease_owner is by now. An envelope that answers no death has NO_TOKEN.
NO_TOKEN, CURRENT, STALE = 0, 1, 2

# Where a message comes from.
ENQUEUED, REDRIVEN, BY_HAND, BY_HAND_REDRIVEN = "enqueued", "redriven", "by hand", "by hand, redriven"

IDLE, RUN, ACKNOWLEDGE = "idle", "run", "acknowledge"


class Row(NamedTuple):
    """The item ``task``. ``owned``: it has a lease_owner, which is what CURRENT refers to."""

    status: str
    owned: bool
    lease: str | None  # "alive" | "expired"
    send: int | None
    message: int | None
    sent: int | None
    left: int | None
    retry: str | None  # "later" | "due"
    cancel: bool


class Message(NamedTuple):
    """One message, or one delivery of it: ``sent`` orders all SentTimestamps, ``after`` is a token as it stands now."""

    sent: int
    id: int
    send: int
    after: int
    origin: str


class Worker(NamedTuple):
    """One delivery in work: ``phase`` is the call that comes next, ``owns`` whether the row has this worker's token,
    ``seen`` whether it still has the owner whose crash this worker saw, ``alive`` whether its own lease is."""

    phase: str
    message: Message | None = None
    owns: bool = False
    seen: bool = False
    alive: bool = False
    left: int = 0


class Script(NamedTuple):
    """Someone who goes through a list of calls: the producer, or a person who retries by hand.

    ``at`` is the next call, ``token`` the lease_owner read, ``letter`` the dead letter received; ``answered`` tells
    whether a run was granted, or the task settled, since the row was read.
    """

    at: int
    tries: int = 0
    token: int = NO_TOKEN
    letter: Message | None = None
    answered: bool = False


class Reconciler(NamedTuple):
    """``phase`` is the call that comes next for the letter it peeked at, however long ago."""

    phase: str = IDLE
    letter: Message | None = None


class History(NamedTuple):
    """What no process knows, kept to judge by: the messages (by ``sent``) that were given a full budget, whether an
    enqueued one was, the starts of user code since the last full budget, whether SQS ever took a message, and whether
    someone was promised a retry by hand that has not begun."""

    granted: tuple[int, ...] = ()
    first_granted: bool = False
    starts: int = 0
    taken: bool = False
    promised: bool = False


class State(NamedTuple):
    """Everything, at one moment."""

    row: Row | None
    queue: tuple[Message, ...]
    dead_letters: tuple[Message, ...]
    workers: tuple[Worker, ...]
    producer: Script
    canceller: str
    operator: Script
    reconciler: Reconciler
    history: History

    def messages(self) -> list[Message]:
        """Every message that exists, or that somebody remembers."""
        held = [worker.message for worker in self.workers]
        remembered = [m for m in (*held, self.operator.letter, self.reconciler.letter) if m is not None]
        return [*self.queue, *self.dead_letters, *remembered]

    def fresh(self) -> int:
        """A SentTimestamp (or message id) later than all others."""
        known = [m.sent for m in self.messages()]
        return 1 + max(known if self.row is None or self.row.sent is None else [*known, self.row.sent], default=-1)

    def fresh_send(self) -> int:
        """A send_id that nobody has used."""
        known = [m.send for m in self.messages()]
        return 1 + max(known if self.row is None or self.row.send is None else [*known, self.row.send], default=-1)

    def mapped(self, change: Callable[[Message], Message]) -> "State":
        """With every message, also the remembered ones, changed by ``change``."""

        def at(message: Message | None) -> Message | None:
            return None if message is None else change(message)

        return self._replace(
            queue=tuple(map(change, self.queue)),
            dead_letters=tuple(map(change, self.dead_letters)),
            workers=tuple(worker._replace(message=at(worker.message)) for worker in self.workers),
            operator=self.operator._replace(letter=at(self.operator.letter)),
            reconciler=self.reconciler._replace(letter=at(self.reconciler.letter)),
        )
