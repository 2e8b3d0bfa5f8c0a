"""Redrives: all dead letters of a queue back to it, by SQS itself; and purges, which give them up."""

from typing import Annotated, TypedDict

from flask import Blueprint, url_for
from msgspec import Meta, Struct

from penstock import dead_letters
from penstock.flask.access import Mounted, Role, acted
from penstock.flask.api.lookup import QueueName, queue_of
from penstock.flask.api.routes import Accepted, route

MAX_RATE = 500  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html


class NewRedrive(Struct, frozen=True, forbid_unknown_fields=True):
    """How fast."""

    rate: Annotated[int, Meta(ge=1, le=MAX_RATE, description="Messages a second; null: as fast as SQS can")] | None = (
        None
    )


class Purge(Struct, frozen=True, forbid_unknown_fields=True):
    """The confirmation."""

    confirm: Annotated[str, Meta(description="The name of the queue, again")]


class StartedRedrive(TypedDict):
    """``moved`` is null where SQS moves them in the background."""

    queue: str
    moved: int | None


class Redrive(TypedDict):
    """How far SQS is. ``state`` is SQS's word, null where it knows of no redrive; ``failure`` is why it failed."""

    queue: str
    state: str | None
    moved: int
    to_move: int | None
    failure: str | None


class StoppedRedrive(TypedDict):
    """``stopped`` is false where none was running. What was moved stays moved."""

    queue: str
    stopped: bool


class Purged(TypedDict):
    """How many dead tasks were discarded."""

    queue: str
    discarded: int


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Of one queue."""
    tasks = mount.tasks

    @api.post("/queues/<queue>/redrives")
    @route(Role.OPERATOR)
    def start_redrive(queue: QueueName, body: NewRedrive) -> Accepted[StartedRedrive]:
        """Move every dead letter of a queue back to it, each with all its attempts."""
        name = queue_of(tasks, queue).name
        acted("redrive", f"queue:{name}", rate=body.rate)
        moved = dead_letters.redrive(tasks, name, rate=body.rate)
        return Accepted({"queue": name, "moved": moved}, url_for(".show_redrive", queue=name))

    @api.get("/queues/<queue>/redrives")
    @route(Role.VIEWER)
    def show_redrive(queue: QueueName) -> Redrive:
        """How far the last redrive of a queue is."""
        name = queue_of(tasks, queue).name
        found = dead_letters.redrive_status(tasks, name)
        if found is None:
            return {"queue": name, "state": None, "moved": 0, "to_move": None, "failure": None}
        return {
            "queue": name,
            "state": found.state,
            "moved": found.moved,
            "to_move": found.to_move,
            "failure": found.failure or None,
        }

    @api.delete("/queues/<queue>/redrives")
    @route(Role.OPERATOR)
    def stop_redrive(queue: QueueName) -> StoppedRedrive:
        """Stop the running redrive of a queue."""
        name = queue_of(tasks, queue).name
        acted("stop redrive", f"queue:{name}")
        return {"queue": name, "stopped": dead_letters.cancel_redrive(tasks, name)}

    @api.post("/queues/<queue>/purges")
    @route(Role.ADMIN)
    def purge_queue(queue: QueueName, body: Purge) -> Purged:
        """Discard every dead task of a queue, and delete its dead letters. ``confirm`` must be the queue's name."""
        name = queue_of(tasks, queue).name
        if body.confirm == name:
            acted("purge", f"queue:{name}")
        return {"queue": name, "discarded": dead_letters.purge(tasks, name, confirm=body.confirm)}
