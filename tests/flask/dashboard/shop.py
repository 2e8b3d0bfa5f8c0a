"""A shop whose tasks go wrong as tasks do: a day of realistic rows on the in-memory ports. Seeded: the same every time.

``python -m tests.flask.dashboard.shop`` serves it on http://127.0.0.1:5050/penstock/ for a look.
"""

import random
from datetime import UTC, datetime, timedelta

from flask import Flask

from penstock import Penstock, Reject, audit, current_task
from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.flask import mount
from penstock.flask.access import ApiKeys, LocalOnly, SignIn
from penstock.memory import ManualClock
from penstock.queue_list import QueueEntry
from penstock.record import Progress
from penstock.retry import Backoff
from penstock.testing.stack import Stack
from penstock.times import utc_now
from penstock.transitions import Lease, claim, progress
from tests.flask.people import SECRET_KEY, TABLE

QUEUES = (
    QueueEntry("webhooks", time_limit=30),
    QueueEntry("images", time_limit=60, batch_size=1, max_concurrency=20),
    QueueEntry("mail", time_limit=30),
    QueueEntry("billing", time_limit=30, fifo=True, batch_size=1),
)
HOOKS = "https://partner.example/hooks"
SLOT = timedelta(minutes=10)
DAY_SLOTS = 144


class ShopClock:
    """Moved by hand while the day is made, and real afterwards, if it is let go."""

    def __init__(self, start: datetime) -> None:
        self.manual = ManualClock(start)
        self.is_real = False

    def __call__(self) -> datetime:
        return utc_now() if self.is_real else self.manual()


class Shop:
    """``tasks`` with a day of work done. ``stack`` goes on with it, ``clock`` shows the end of that day."""

    def __init__(self, *, seed: int = 7, until: datetime | None = None, slots: int = DAY_SLOTS) -> None:
        self.random = random.Random(seed)
        until = until or datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
        self.clock = ShopClock(until - slots * SLOT - timedelta(minutes=5))
        self.tasks = shop_tasks()
        self.stack = Stack(
            self.tasks, QUEUES, clock=self.clock, advance=self.clock.manual.sleep, seed=seed, time_limits=False
        )
        self.stack.open(self._takes_a_while)
        self.ports = self.stack.ports
        for slot in range(slots):
            self._work(slot, slots)
        self.stack.reconcile()
        self._advance_to(until)
        self._leave_work()
        self._write_audit()

    def _takes_a_while(self, _run, call_next):
        self.clock.manual.advance(self.random.uniform(0.05, 2.4))
        return call_next()

    def _work(self, slot, slots):
        """A slot of the day: its last two hours without the partner's server, its end without a template."""
        start = self.clock()
        for part in range(3):
            self._advance_to(start + part * SLOT / 3)
            self._enqueue(is_down=slot >= slots - 12, has_no_template=slot >= slots - 3)
            self.stack.run()
        self._advance_to(start + SLOT)

    def _advance_to(self, at):
        left = (at - self.clock()).total_seconds()
        if left > 0:
            self.clock.manual.advance(left)

    def _enqueue(self, *, is_down, has_no_template):
        rng = self.random
        for _ in range(5 if is_down else rng.randint(0, 2)):
            order = rng.randint(10_000, 99_999)
            self.enqueue("webhooks.deliver", order, url=HOOKS, is_down=is_down, tags=("partner:acme",))
        for _ in range(rng.randint(0, 1)):
            key, width = f"uploads/{rng.randint(1, 9999)}.jpg", rng.choice((320, 640))
            self.enqueue("images.thumbnail", key=key, width=width, is_broken=rng.random() < 0.08)
        if rng.random() < 0.2:
            language = "nl" if has_no_template else "en"
            self.enqueue("mail.receipt", **self._receipt(), language=language, is_refused=rng.random() < 0.1)
        if rng.random() < 0.05:
            cents = rng.randint(100, 90_000)
            self.enqueue("billing.charge", cents=cents, card_number="4111111111111111", group=f"customer-{cents % 5}")

    def _receipt(self):
        lines = [{"sku": "A-1", "count": self.random.randint(1, 3)}, {"sku": "B-7", "count": 1, "gift": None}]
        order = {"number": self.random.randint(10_000, 99_999), "lines": lines}
        return {"order": order, "to": "ada@example.org", "smtp_password": "hunter2"}

    def enqueue(self, name, *args, tags=(), group=None, run_after=None, **kwargs):
        """Enqueue a task of the shop by its name."""
        return self.tasks.registry[name].using(tags=tags, group=group, run_after=run_after).enqueue(*args, **kwargs)

    def _leave_work(self):
        """What is under way at the end of the day: waiting, scheduled, and running tasks."""
        now = self.clock()
        for number in range(6):
            self.enqueue("images.thumbnail", key=f"uploads/new-{number}.jpg", width=320)
        for number in range(3):
            self.enqueue("mail.receipt", **self._receipt(), run_after=now + timedelta(minutes=9 + number))
        for done in (42, 7):
            self.start_running(Progress(done, 120, "photo 4711.jpg"))
        self.enqueue("webhooks.deliver", 1, url=HOOKS).cancel()

    def start_running(self, at):
        """Receive a message of ``images`` as a worker does, and stay in the middle of its run; its task id."""
        [message] = self.ports.transport.receive("images", max_messages=1)
        envelope, now = Envelope.from_json(message.body), self.clock()
        delivery = Delivery(
            "images", message.message_id, message.receipt_handle, message.body, message.sent_at, message.receive_count
        )
        lease = Lease("worker-1", now + timedelta(minutes=10))
        self.ports.results.apply(envelope.id, claim(envelope, delivery, lease, max_attempts=5, now=now))
        self.ports.results.apply(envelope.id, progress(lease.owner, at))
        return envelope.id

    def _write_audit(self):
        for who, action, subject, details in (
            ("ada", "redrive", "queue:mail", {"rate": 50}),
            ("otto", "retry many", "tasks:status:DEAD error:9f2c11aa02b4c9d1", {}),
            ("ada", "pause", "queue:webhooks", {}),
            ("ada", "resume", "queue:webhooks", {}),
        ):
            audit.write(self.ports, who=who, action=action, subject=subject, details=details)

    def app(self, *sign_in: SignIn, read_only: bool = False) -> Flask:
        """A Flask app with the operations views of this shop."""
        app = Flask("shop")
        app.config["SECRET_KEY"] = SECRET_KEY
        mount(app, sign_in=sign_in or (ApiKeys(TABLE),), tasks=self.tasks, read_only=read_only)
        return app


class PartnerUnavailable(Exception):
    """The partner's server does not answer."""


def shop_tasks() -> Penstock:
    """The shop's tasks. Each fails on request."""
    tasks = Penstock()

    @tasks.task(name="webhooks.deliver", queue="webhooks", max_attempts=3, backoff=Backoff(base=20))
    def deliver(order: int, url: str, is_down: bool = False) -> dict[str, int]:
        if is_down:
            raise PartnerUnavailable(f"POST {url}: 503 Service Unavailable, order {order}")
        return {"status": 200, "order": order}

    @tasks.task(name="images.thumbnail", queue="images", max_attempts=4, backoff=Backoff(base=15))
    def thumbnail(key: str, width: int, is_broken: bool = False) -> str:
        if is_broken:
            raise Reject(f"{key} is no photo: cannot identify image file")
        if random.Random(key).random() < 0.1 and current_task.attempt == 1:
            raise TimeoutError(f"reading {key} took longer than 10 s")
        return f"thumbnails/{width}/{key}"

    @tasks.task(name="mail.receipt", queue="mail", max_attempts=2)
    def receipt(
        order: dict[str, object], to: str, smtp_password: str, language: str = "en", is_refused: bool = False
    ) -> None:
        {"en": "Your receipt", "de": "Ihre Quittung"}[language]
        if is_refused:
            raise Reject(f"550 5.1.1 <{to}>: no such user", discard=order["number"] % 2 == 0)

    @tasks.task(name="billing.charge", queue="billing", max_attempts=2)
    def charge(cents: int, card_number: str) -> None:
        if cents > 80_000:
            raise ValueError(f"charge of {cents} cents is over the limit")

    return tasks


def main() -> None:
    """Serve the shop to whoever sits at this machine."""
    shop = Shop(until=utc_now())
    shop.clock.is_real = True
    shop.app(LocalOnly()).run(port=5050, threaded=True)


if __name__ == "__main__":
    main()
