"""One of everything: a stack in memory that has been used, for tests that look at all of the API."""

from flask import Flask

from penstock import Penstock, Reject, Retry, memory
from penstock.flask import mount
from penstock.flask.access import ApiKeys
from penstock.settings import QueueSettings
from tests.flask.conftest import Worker
from tests.flask.people import API, SECRET_KEY, TABLE, bearer

# Method, path and body of one good request for every action.
ACTIONS = [
    ("POST", "/tasks", {"task": "double", "args": [1]}),
    (
        "POST",
        "/tasks/batch",
        {"tasks": [{"task": "double", "args": [1]}, {"task": "hopeless", "kwargs": {"what": "x"}}]},
    ),
    ("POST", "/tasks/dead/retries", None),
    ("POST", "/tasks/dead/edits", {"kwargs": {"what": "honey"}}),
    ("POST", "/tasks/waiting/cancellations", None),
    ("POST", "/tasks/dead/discards", None),
    ("DELETE", "/tasks/given-up", None),
    ("POST", "/queues/images/pauses", None),
    ("DELETE", "/queues/images/pauses", None),
    ("POST", "/queues/default/redrives", {"rate": 5}),
    ("DELETE", "/queues/default/redrives", None),
    ("POST", "/queues/default/purges", {"confirm": "default"}),
    ("POST", "/errors/{fingerprint}/retries", {"dry_run": True}),
    ("POST", "/errors/{fingerprint}/retries", None),
    ("POST", "/errors/{fingerprint}/discards", {"queue": "default"}),
    ("POST", "/operations", {"kind": "discard", "tasks": ["dead"]}),
    ("POST", "/operations/{operation_id}/steps", None),
    ("POST", "/operations/{operation_id}/resumes", None),
    ("DELETE", "/operations/{operation_id}", None),
]


def build(*, read_only: bool = False) -> Flask:
    """A shop whose tasks wait, run out of luck, are dead, cancelled, forgotten and done."""
    tasks = Penstock()

    @tasks.task
    def double(number: int) -> int:
        """Twice the number.

        As fast as it can.
        """
        return 2 * number

    @tasks.task
    def hopeless(what: str, password: str = "hunter2") -> None:
        raise Reject(f"no {what} today")

    @tasks.task(queue="images", sensitive=True)
    def later(*what: str, **how: int) -> None:
        raise Retry("not yet", delay=60)

    @tasks.task
    def internal() -> None: ...

    queues = {name: QueueSettings(name, f"memory://{name}") for name in ("default", "images")}
    queues["orders"] = QueueSettings("orders", "memory://orders.fifo")
    tasks.connect(memory.ports(queues, clock=memory.ManualClock()))
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET_KEY
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks, allow_enqueue=("double", "hopeless", "later"), read_only=read_only)
    return app


def use(app: Flask) -> dict[str, str]:
    """Work with it as its people do; what its paths' parameters may be."""
    tasks: Penstock = app.extensions["penstock"]
    worker = Worker(tasks)
    tasks.registry["double"].using(task_id="done", tags=("blue",)).enqueue(21)
    tasks.registry["hopeless"].using(task_id="dead").enqueue("milk")
    tasks.registry["hopeless"].using(task_id="given-up").enqueue("bread")
    tasks.registry["later"].using(task_id="later").enqueue("a", b=1)
    worker.bury()
    worker.work("images")
    tasks.registry["double"].using(task_id="waiting").enqueue(1)
    row = tasks.ports.results.get("dead")
    assert row is not None
    assert row.error is not None
    ada = app.test_client()
    ada.environ_base.update({f"HTTP_{name.upper()}": value for name, value in bearer("ada").items()})
    begun = ada.post(f"{API}/operations", json={"kind": "retry", "q": "task:hopeless"})
    ada.post(f"{API}/tasks/given-up/discards")
    return {
        "task_id": "dead",
        "queue": "default",
        "fingerprint": row.error.fingerprint,
        "operation_id": begun.json["id"],
    }
