"""``enqueue`` and ``wait``: put a task on its queue, and see it end."""

from collections.abc import Sequence

import click

from penstock.app import Penstock
from penstock.enqueue import MAX_DELAY_SECONDS
from penstock.errors import WaitTimeout
from penstock.flask import documents
from penstock.flask.cli.base import Refused, acted, command, json_object, json_value
from penstock.flask.cli.completing import task_names
from penstock.flask.cli.output import Bar, say, show
from penstock.flask.cli.tasks import task_facts
from penstock.result import TaskResult
from penstock.states import Status
from penstock.times import seconds

_FIRST_POLL_SECONDS = 0.1
_LONGEST_POLL_SECONDS = 1.0


@command("enqueue")
@click.argument("task", shell_complete=task_names)
@click.argument("args", nargs=-1)
@click.option("--kwargs", default="{}", help="Arguments by name, as a JSON object.")
@click.option("--delay", type=int, help=f"Not before so many seconds from now, {MAX_DELAY_SECONDS} at most.")
@click.option("--task-id", help="An id of your own: a known one is not enqueued twice.")
@click.option("--group", help="SQS's message group: needed on FIFO queues.")
@click.option("--tag", "tags", multiple=True, help="A word to find the task by; may be given several times.")
def enqueue(
    tasks: Penstock,
    as_json: bool,
    task: str,
    args: Sequence[str],
    kwargs: str,
    delay: int | None,
    task_id: str | None,
    group: str | None,
    tags: tuple[str, ...],
) -> None:
    """Put a call of TASK on its queue. ARGS are JSON values: enqueue greet '"Ada"' 3, and -- before negative numbers.

    The queue is the task's own: its function says which. The arguments are checked against the function first.
    """
    found = tasks.registry[task]
    values = [json_value(text, "the argument") for text in args]
    positional, named = found.codec.decode_arguments(values, json_object(kwargs, "--kwargs"))
    the_id = task_id or tasks.new_id()
    call = found.using(delay=delay, task_id=the_id, group=group, tags=tags).call(*positional, **named)
    acted(tasks, "enqueue", f"task:{the_id}", task=task)
    result = tasks.enqueue_call(call)
    show({**documents.status(result), "created": result.created}, lambda _: _say_enqueued(result), as_json)


@command("wait")
@click.argument("task_id")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds.")
def wait(tasks: Penstock, as_json: bool, task_id: str, timeout: float) -> None:
    """Wait until the task TASK_ID has ended. Exit code 0 where it SUCCEEDED, 1 where it did not, or not in time."""
    with Bar(shown=not as_json) as bar:
        result = _wait(tasks, task_id, timeout, bar)
    show(documents.shown_task(result, tasks.registry), task_facts, as_json)
    if result.status is not Status.SUCCEEDED:
        raise Refused(f"task {task_id} is {result.status}")


def _wait(tasks: Penstock, task_id: str, timeout: float, bar: Bar) -> TaskResult[object]:
    ports = tasks.ports
    deadline = ports.clock() + seconds(timeout)
    pause = _FIRST_POLL_SECONDS
    result = tasks.result(task_id)
    while not result.status.is_final:
        left = (deadline - ports.clock()).total_seconds()
        if left <= 0:
            raise WaitTimeout(
                f"task {task_id} is {result.status} after {timeout:g} s: it goes on; wait longer with --timeout"
            )
        progress = result.progress
        words = f"{result.task} {result.status} {progress.note if progress else ''}"
        bar.update(words.strip(), progress.done if progress else 0, progress.total if progress else None)
        ports.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)
        result.refresh()
    return result


def _say_enqueued(result: TaskResult[object]) -> None:
    words = "Enqueued" if result.created else "Known already, not enqueued again:"
    say(f"{words} {result.task} as {result.id} on {result.queue!r}.")
    say(f"Its end: flask penstock wait {result.id}", dim=True)
