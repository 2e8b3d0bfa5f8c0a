"""What a mount knows, for the requests that it serves."""

from dataclasses import dataclass

from flask import current_app

from penstock.app import Penstock
from penstock.flask.access.sign_in import Access

MOUNT = "penstock_mount"


@dataclass(frozen=True, slots=True)
class Mounted:
    """The operations views of one app: where they are, who may enter, whose tasks they show.

    ``allow_enqueue`` are the names of the tasks that may be enqueued over HTTP.
    """

    prefix: str
    access: Access
    read_only: bool
    tasks: Penstock
    allow_enqueue: frozenset[str] = frozenset()


def mounted() -> Mounted:
    """The mount of the current app."""
    mount = current_app.extensions[MOUNT]
    assert isinstance(mount, Mounted)  # noqa: S101 - for the type checker: only mount() writes it
    return mount
