"""What was enqueued, to assert on: calls compared as the function sees them, messages that show what was there instead."""

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from penstock import arguments
from penstock.envelope import JSON, Envelope
from penstock.errors import ArgumentsLost
from penstock.ports import OutgoingMessage, PayloadStore
from penstock.registry import AnyTask

_SHOWN = 20
_SHOWN_CHARACTERS = 300


class Enqueued(Struct, frozen=True):
    """One accepted call: its task's name, its arguments as JSON, and its options; ``delay`` is seconds."""

    id: str
    task: str
    queue: str
    args: list[JSON]
    kwargs: dict[str, JSON]
    delay: int = 0
    group: str | None = None
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        options = {"delay": self.delay, "group": self.group, "tags": self.tags}
        using = ", ".join(f"{name}={value!r}" for name, value in options.items() if value)
        call = _call(self.task, self.args, self.kwargs)
        return f"{call}{f'  using({using})' if using else ''}  on {self.queue}"


def enqueued(sent: Sequence[OutgoingMessage], payloads: PayloadStore | None) -> list[Enqueued]:
    """The calls behind messages, oldest first; a repeated send is the same call. ``payloads`` has large arguments."""
    calls: dict[str, Enqueued] = {}
    for message in sent:
        envelope = Envelope.from_json(message.body)
        calls.setdefault(
            envelope.id,
            Enqueued(
                envelope.id,
                envelope.task,
                message.queue,
                *_arguments(envelope, payloads),
                message.delay,
                envelope.group,
                envelope.tags,
            ),
        )
    return list(calls.values())


def _arguments(envelope: Envelope, payloads: PayloadStore | None) -> arguments.Arguments:
    try:
        return arguments.of(envelope, payloads)
    except ArgumentsLost:  # a test that has deleted them, or forgotten the task, can still ask for the other calls
        return [], {}


def matching(
    calls: Sequence[Enqueued], task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> list[Enqueued]:
    """The calls of ``task`` with these arguments, however they were spelt; all of its calls where none are given.

    InvalidArguments where the arguments do not fit the function: no such call could have been enqueued.
    """
    of_the_task = [call for call in calls if call.task == task.name]
    if not args and not kwargs:
        return of_the_task
    wanted = _bound(task, *task.codec.encode_arguments(tuple(args), kwargs))
    return [call for call in of_the_task if _bound(task, call.args, call.kwargs) == wanted]


def missing(calls: Sequence[Enqueued], task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """The message of an assertion that found no such call."""
    return f"not enqueued: {_wanted(task, args, kwargs)}\n{_shown(calls, task)}"


def unwanted(found: Sequence[Enqueued], task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """The message of an assertion that found such calls."""
    return f"enqueued, but should not be: {_wanted(task, args, kwargs)}\n{_shown(found, task)}"


def _wanted(task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    if not args and not kwargs:
        return f"{task.name}, with any arguments"
    return _call(task.name, *task.codec.encode_arguments(tuple(args), kwargs))


def _shown(calls: Sequence[Enqueued], task: AnyTask) -> str:
    if not calls:
        return "nothing was enqueued"
    near_first = sorted(calls, key=lambda call: call.task != task.name)  # stable: else in the order of enqueueing
    lines = [f"  {call}" for call in near_first[:_SHOWN]]
    more = [f"  and {len(calls) - _SHOWN} more"] if len(calls) > _SHOWN else []
    return "\n".join(["enqueued:", *lines, *more])


def _call(name: str, args: Sequence[JSON], kwargs: Mapping[str, JSON]) -> str:
    parts = [json.dumps(value) for value in args]
    parts += [f"{key}={json.dumps(value)}" for key, value in kwargs.items()]
    text = ", ".join(parts)
    return f"{name}({text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + '…'})"


def _bound(task: AnyTask, args: Sequence[JSON], kwargs: Mapping[str, JSON]) -> dict[str, Any]:
    bound = inspect.signature(task.function).bind(*args, **kwargs)
    bound.apply_defaults()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in bound.arguments.items()}
