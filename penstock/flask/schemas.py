"""What a task takes and returns, as JSON schemas: from its signature and annotations, as msgspec reads them."""

import inspect
from typing import Any, get_type_hints

import msgspec

from penstock.envelope import JSON
from penstock.registry import AnyTask

Schema = dict[str, JSON]


def description(task: AnyTask) -> str:
    """The first paragraph of the function's docstring."""
    return (inspect.getdoc(task.function) or "").partition("\n\n")[0]


def arguments(task: AnyTask) -> Schema:
    """An object with a member for each parameter, as the API takes them as ``kwargs``.

    A parameter that JSON cannot be told apart for, or that has no annotation, takes anything. ``*args`` is an array of that
    name with ``x-positional``: such values go into ``args``.
    """
    hints = _hints(task)
    properties: dict[str, Schema] = {}
    required: list[str] = []
    others: JSON = False
    for parameter in inspect.signature(task.function).parameters.values():
        schema = _schema(hints.get(parameter.name, Any))
        if parameter.kind is parameter.VAR_KEYWORD:
            others = schema
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            schema = {"type": "array", "items": schema, "x-positional": True}
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            schema = {**schema, "x-positional": True}
        if parameter.default is not parameter.empty:
            schema = {**schema, **_default(parameter.default)}
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            required.append(parameter.name)
        properties[parameter.name] = schema
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": others}


def result(task: AnyTask) -> Schema:
    """What it returns; anything where it does not say."""
    return _schema(_hints(task).get("return", Any))


def _hints(task: AnyTask) -> dict[str, Any]:
    try:
        return get_type_hints(task.function, include_extras=True)
    except NameError:  # the codec says so where the task is enqueued
        return {}


def _schema(annotation: Any) -> Schema:
    try:
        return msgspec.json.schema(annotation)
    except (TypeError, RuntimeError):
        return {}


def _default(value: Any) -> Schema:
    try:
        return {"default": msgspec.to_builtins(value, str_keys=True)}
    except (TypeError, ValueError):
        return {}
