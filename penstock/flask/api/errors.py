"""Errors, grouped by their kind: how often each came, its tasks, and both ways out for all of them."""

from typing import Annotated, TypedDict

from flask import Blueprint
from msgspec import Meta, Struct
from werkzeug.exceptions import NotFound

from penstock import error_groups, operations
from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role
from penstock.flask.api.listing import Page, found
from penstock.flask.api.operations import Counted, begin
from penstock.flask.api.routes import Accepted, IdempotencyKey, route
from penstock.flask.api.windows import WINDOWS, Window
from penstock.flask.shapes import Fingerprint
from penstock.operations import Kind
from penstock.search import Search, read_status

_NEWEST = 10
_COUNTED = 1_000  # of a group, on its page: four requests at most


class OfGroup(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which of a group's DEAD tasks."""

    queue: Annotated[str, Meta(description="Only those of this queue")] = ""
    dry_run: Annotated[bool, Meta(description="Only count them")] = False


class ErrorGroups(TypedDict):
    """Error groups, the most frequent first; ``complete`` is false where a day had more than can be read."""

    errors: list[shapes.ErrorGroup]
    complete: bool


class ShownError(TypedDict):
    """One error group; null where it did not come in the window. ``tasks`` are the newest that are DEAD or FAILED with it."""

    error: shapes.ErrorGroup | None
    failures: Counted
    tasks: list[shapes.Task]


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Reading and repairing by group."""
    tasks = mount.tasks

    @api.get("/errors")
    @route(Role.VIEWER)
    def list_errors(query: Window) -> ErrorGroups:
        """The errors of a window of time, grouped, the most frequent first."""
        groups = read(query)
        return {"errors": [documents.error_group(group) for group in groups.groups], "complete": groups.complete}

    @api.get("/errors/<fingerprint>")
    @route(Role.VIEWER)
    def show_error(fingerprint: Fingerprint, query: Window) -> ShownError:
        """One error group, about how many tasks are DEAD or FAILED with it now, and the newest of them."""
        now = tasks.ports.clock()
        group = next((group for group in read(query).groups if group.fingerprint == fingerprint), None)
        rows = found(tasks, Search(error=fingerprint), Page(limit=_NEWEST)).rows
        if group is None and not rows:
            raise NotFound(f"no error {fingerprint} in the last {query.window}, and no task that failed with it")
        counted = error_groups.count_failures(tasks.ports, fingerprint, highest=_COUNTED)
        return {
            "error": None if group is None else documents.error_group(group),
            "failures": {"count": counted.number, "exact": counted.exact},
            "tasks": [documents.task(row, read_status(row, tasks.ports.settings, now)) for row in rows],
        }

    @api.post("/errors/<fingerprint>/retries")
    @route(Role.OPERATOR)
    def retry_error(
        fingerprint: Fingerprint, body: OfGroup, key: IdempotencyKey | None
    ) -> Counted | Accepted[shapes.Operation]:
        """Retry all DEAD tasks of an error group: begins an operation, or with ``dry_run`` counts them."""
        search = operations.of_group(fingerprint, body.queue)
        return begin(tasks, Kind.RETRY, search=search, dry_run=body.dry_run, key=key, subject=f"error:{fingerprint}")

    @api.post("/errors/<fingerprint>/discards")
    @route(Role.OPERATOR)
    def discard_error(
        fingerprint: Fingerprint, body: OfGroup, key: IdempotencyKey | None
    ) -> Counted | Accepted[shapes.Operation]:
        """Discard all DEAD tasks of an error group: begins an operation, or with ``dry_run`` counts them."""
        search = operations.of_group(fingerprint, body.queue)
        return begin(tasks, Kind.DISCARD, search=search, dry_run=body.dry_run, key=key, subject=f"error:{fingerprint}")

    def read(query: Window) -> error_groups.Groups:
        return error_groups.read(tasks.ports.ledger, WINDOWS[query.window], now=tasks.ports.clock())
