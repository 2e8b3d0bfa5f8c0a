"""Enqueueing: the tasks that ``mount(..., allow_enqueue=...)`` names, and no others."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, TypedDict

from flask import Blueprint, url_for
from msgspec import Meta, Struct
from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from penstock.enqueue import MAX_DELAY_SECONDS, MAX_TAGS
from penstock.envelope import GROUP, ID
from penstock.errors import TaskIdConflict
from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role, acted
from penstock.flask.api.keys import claim, derived_id, other_body
from penstock.flask.api.routes import Accepted, IdempotencyKey, route
from penstock.record import TaskRow
from penstock.task import Call
from penstock.times import seconds, to_milliseconds

MAX_CALLS = 100


class Enqueue(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A call of a task, for its queue. The arguments are checked against the task's signature."""

    task: Annotated[str, Meta(description="A task name; the registry lists them")]
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    delay: Annotated[
        int | None, Meta(description="Seconds", extra_json_schema={"minimum": 0, "maximum": MAX_DELAY_SECONDS})
    ] = None
    run_after: Annotated[datetime, Meta(tz=True, description="Instead of a delay, with its offset from UTC")] | None = (
        None
    )
    task_id: Annotated[
        str | None,
        Meta(
            description="An id of yours: a known one is not enqueued twice",
            extra_json_schema={"pattern": f"^{ID.pattern}$"},
        ),
    ] = None
    group: Annotated[
        str | None, Meta(description="SQS's message group", extra_json_schema={"pattern": f"^{GROUP.pattern}$"})
    ] = None
    tags: Annotated[
        list[str], Meta(description="Words to find the task by", extra_json_schema={"maxItems": MAX_TAGS})
    ] = []


class Batch(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Calls to enqueue together."""

    tasks: Annotated[list[Enqueue], Meta(min_length=1, max_length=MAX_CALLS)]


class EnqueuedTask(shapes.TaskStatus):
    """Where the task stands; ``created`` is false where its id was known, and nothing was enqueued."""

    created: bool


class EnqueuedTasks(TypedDict):
    """The tasks of a batch, in its order."""

    tasks: list[EnqueuedTask]


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Putting tasks on their queues."""
    tasks, allow = mount.tasks, mount.allow_enqueue

    @api.post("/tasks")
    @route(Role.OPERATOR)
    def enqueue_task(body: Enqueue, key: IdempotencyKey | None) -> Accepted[EnqueuedTask]:
        """Enqueue a task."""
        task_id = _task_id(body, key, "task") or tasks.new_id()
        call = the_call(body, task_id)
        acted("enqueue", f"task:{task_id}", task=body.task)
        try:
            result = tasks.enqueue_call(call)
        except TaskIdConflict:
            if key is None:
                raise
            raise other_body(key) from None
        if key is not None and not result.created and not _same_options(result.row, body):
            raise other_body(key)
        document: EnqueuedTask = {**documents.status(result), "created": result.created}
        return Accepted(document, url_for(".show_task", task_id=result.id))

    @api.post("/tasks/batch")
    @route(Role.OPERATOR)
    def enqueue_batch(body: Batch, key: IdempotencyKey | None) -> Accepted[EnqueuedTasks]:
        """Enqueue up to 100 tasks, ten a request to SQS.

        Where a call cannot be enqueued at all, nothing is sent. Where SQS confirms only some, the answer is 503, and its members
        ``sent`` and ``failed`` say which: send the failed ones again, with the task ids that stand there or the same key.
        """
        calls = [the_call(one, _task_id(one, key, str(number))) for number, one in enumerate(body.tasks)]
        if key is not None:
            claim(tasks.ports, key, body)
        acted("enqueue", "tasks", number=len(calls), tasks=dict(Counter(one.task for one in body.tasks)))
        results = tasks.enqueue_many(calls)
        enqueued: list[EnqueuedTask] = [{**documents.status(r), "created": r.created} for r in results]
        return Accepted({"tasks": enqueued}, url_for(".list_tasks"))

    def the_call(body: Enqueue, task_id: str | None) -> Call:
        if body.task not in allow:
            known = body.task in tasks.registry
            may = f"these may: {', '.join(sorted(allow)) or 'none'}"
            if known:
                raise Forbidden(f"the task {body.task!r:.100} may not be enqueued here; {may}")
            raise NotFound(f"no task {body.task!r:.100}; {may}")
        task = tasks.registry[body.task]
        args, kwargs = task.codec.decode_arguments(body.args, body.kwargs)
        options = task.using(
            delay=body.delay, run_after=body.run_after, task_id=task_id, group=body.group, tags=tuple(body.tags)
        )
        return options.call(*args, **kwargs)


def _task_id(body: Enqueue, key: str | None, part: str) -> str | None:
    if key is None:
        return body.task_id
    if body.task_id is not None:
        raise BadRequest("a task_id and an Idempotency-Key both name the task: send one of them")
    return derived_id(key, part)


def _same_options(row: TaskRow, body: Enqueue) -> bool:
    """True where a known row was enqueued with these tags and for this time: its arguments were compared before."""
    run_after = None if body.run_after is None else to_milliseconds(body.run_after)
    if body.delay:
        run_after = row.created_at + seconds(body.delay)
    return row.tags == tuple(body.tags) and (
        row.run_after == run_after or (run_after or row.created_at) <= row.created_at
    )
