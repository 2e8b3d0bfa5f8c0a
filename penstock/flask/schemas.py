"""What a task takes and returns, as JSON schemas: from its signature and annotations, as msgspec reads them."""

import inspect
from typing import Any, get_type_hints

import msgspec

from penstock.envelope import JSON
from penstock.redaction import redact
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
    parameters = list(inspect.signature(task.function).parameters.values())
    hints = _hints(task)
    schemas, definitions = _schemas([hints.get(parameter.name, Any) for parameter in parameters])
    properties: dict[str, Schema] = {}
    required: list[str] = []
    others: JSON = False
    for parameter, schema in zip(parameters, schemas, strict=True):
        if parameter.kind is parameter.VAR_KEYWORD:
            others = schema
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            schema = {"type": "array", "items": schema, "x-positional": True}
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            schema = {**schema, "x-positional": True}
        if parameter.default is not parameter.empty:
            schema = {**schema, **_default(parameter)}
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            required.append(parameter.name)
        properties[parameter.name] = schema
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": others,
        **definitions,
    }


def result(task: AnyTask) -> Schema:
    """What it returns; anything where it does not say."""
    [schema], definitions = _schemas([_hints(task).get("return", Any)])
    return {**schema, **definitions}


def _hints(task: AnyTask) -> dict[str, Any]:
    try:
        return get_type_hints(task.function, include_extras=True)
    except NameError:  # the codec says so where the task is enqueued
        return {}


def _schemas(annotations: list[Any]) -> tuple[list[Schema], Schema]:
    """A schema each, and the definitions that they refer to."""
    readable = [annotation if _is_readable(annotation) else Any for annotation in annotations]
    schemas, definitions = msgspec.json.schema_components(readable, ref_template="#/$defs/{name}")
    return list(schemas), {"$defs": definitions} if definitions else {}


def _is_readable(annotation: Any) -> bool:
    try:
        msgspec.json.schema(annotation)
    except (TypeError, RuntimeError):
        return False
    return True


def _default(parameter: inspect.Parameter) -> Schema:
    """Not that of a secret: whoever may look here may not know it."""
    try:
        default = {parameter.name: msgspec.to_builtins(parameter.default, str_keys=True)}
    except (TypeError, ValueError):
        return {}
    return {"default": default[parameter.name]} if redact(default) == default else {}
