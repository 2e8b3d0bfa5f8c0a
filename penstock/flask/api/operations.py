"""Operations: retrying or discarding many dead tasks, in steps that whoever watches asks for."""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from flask import Blueprint, url_for
from msgspec import Meta, Struct

from penstock import operations
from penstock.app import Penstock
from penstock.errors import InvalidSearch
from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role, acted, identity
from penstock.flask.api.keys import claim, derived_id
from penstock.flask.api.listing import Limit
from penstock.flask.api.routes import Accepted, IdempotencyKey, route
from penstock.operations import Kind, Operation, State
from penstock.search import Search

OperationId = Annotated[str, Meta(description="The id of an operation", pattern="^[A-Za-z0-9-]{1,64}$")]


class NewOperation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to do, and to which DEAD tasks: those that a filter finds, or chosen ones."""

    kind: Kind
    q: Annotated[str, Meta(description="A filter, such as: task:thumbnails since:24h")] | None = None
    tasks: Annotated[
        list[str],
        Meta(
            description=f"Up to {operations.MAX_CHOSEN} task ids, instead of a filter",
            extra_json_schema={"maxItems": operations.MAX_CHOSEN},
        ),
    ] = []
    dry_run: Annotated[bool, Meta(description="Only count them")] = False


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """How many."""

    limit: Limit = 20


class Operations(TypedDict):
    """Operations, those that were begun last first."""

    operations: list[shapes.Operation]


class Counted(TypedDict):
    """How many; ``exact`` is false where there are more."""

    count: int
    exact: bool


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Begin, watch, go on, stop."""
    tasks = mount.tasks

    @api.get("/operations")
    @route(Role.VIEWER)
    def list_operations(query: Which) -> Operations:
        """The operations that were begun last."""
        found = operations.recent(tasks, limit=query.limit)
        return {"operations": [documents.operation(operation) for operation in found]}

    @api.post("/operations")
    @route(Role.OPERATOR)
    def begin_operation(body: NewOperation, key: IdempotencyKey | None) -> Counted | Accepted[shapes.Operation]:
        """Begin to retry or discard many DEAD tasks, or with ``dry_run`` count them.

        Only deaths before this moment are touched. It goes on with each POST to its ``steps``, whoever sends it.
        """
        search = None if body.q is None else Search.parse(body.q, now=tasks.ports.clock())
        return begin(
            tasks, body.kind, search=search, chosen=body.tasks, dry_run=body.dry_run, key=key, text=body.q or ""
        )

    @api.get("/operations/<operation_id>")
    @route(Role.VIEWER)
    def show_operation(operation_id: OperationId) -> shapes.Operation:
        """How far an operation is."""
        return documents.operation(operations.get(tasks, operation_id))

    @api.post("/operations/<operation_id>/steps")
    @route(Role.OPERATOR)
    def step_operation(operation_id: OperationId) -> shapes.Operation:
        """Go on with an operation for some seconds. Ask again until its state is no longer RUNNING."""
        found = operations.get(tasks, operation_id)
        if found.state is State.RUNNING:
            resume(tasks, found)
        return documents.operation(operations.step(tasks, operation_id))

    @api.post("/operations/<operation_id>/resumes")
    @route(Role.OPERATOR)
    def resume_operation(operation_id: OperationId) -> shapes.Operation:
        """Let a stopped operation go on where it is. Its next steps are still to be asked for."""
        return documents.operation(resume(tasks, operations.get(tasks, operation_id)))

    @api.delete("/operations/<operation_id>")
    @route(Role.OPERATOR)
    def stop_operation(operation_id: OperationId) -> shapes.Operation:
        """Stop an operation where it is: what it has done stays done."""
        operations.get(tasks, operation_id)
        acted("stop operation", f"operation:{operation_id}")
        return documents.operation(operations.stop(tasks, operation_id))


def resume(tasks: Penstock, operation: Operation) -> Operation:
    """Make who asks the driver of ``operation``, with an audit line where that changes anything."""
    who = identity().name
    if not operation.is_driven_by(who):
        acted("resume operation", f"operation:{operation.id}", begun_by=operation.by)
    return operations.resume(tasks, operation.id, by=who)


def begin(
    tasks: Penstock,
    kind: Kind,
    *,
    search: Search | None,
    chosen: Sequence[str] = (),
    dry_run: bool,
    key: str | None,
    subject: str = "",
    text: str = "",
) -> Counted | Accepted[shapes.Operation]:
    """Begin an operation, or count what it would touch. The same ``key`` finds the operation that it began before."""
    if (search is None) == (not chosen):
        raise InvalidSearch("say which dead tasks: a filter as q, or 1 to 100 task ids as tasks")
    if dry_run:
        number, exact = (len(set(chosen)), True) if search is None else operations.count(tasks, search)
        return {"count": number, "exact": exact}
    operation_id = None
    if key is not None:
        claim(tasks.ports, key, [kind, subject, text, search and search.queue, list(chosen)])
        operation_id = derived_id(key, "operation")
    acted(f"{kind.value} many", subject or f"tasks:{text or ','.join(chosen)}")
    operation = operations.start(
        tasks, kind, by=identity().name, search=search, chosen=chosen, operation_id=operation_id
    )
    return Accepted(documents.operation(operation), url_for(".show_operation", operation_id=operation.id))
