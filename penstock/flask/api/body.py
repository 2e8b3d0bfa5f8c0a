"""The JSON body of a request, read strictly: no member twice, no number that JSON has not, nothing that nobody asked for."""

from collections.abc import Sequence

import msgspec
from flask import request
from msgspec import Struct
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from penstock.envelope import JSON, read_json

JSON_TYPE = "application/json"


def read_body(kind: type[Struct] | None, media: Sequence[str]) -> Struct | None:
    """The body as ``kind``; where it may be left out, nothing is an empty object. BadRequest says what does not fit."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    content = request.get_data(cache=False)
    if content and request.mimetype not in media:
        raise UnsupportedMediaType(f"the body is {request.mimetype or 'of no type'!r:.80}: send {' or '.join(media)}")
    body = _parsed(content) if content else _nothing(kind)
    try:
        return msgspec.convert(body, kind or _Nothing)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the body does not fit: {error}. {_takes(kind)}") from None
    except UnicodeError:
        raise BadRequest(f"the body has text that is no Unicode. {_takes(kind)}") from None


class _Nothing(Struct, forbid_unknown_fields=True):
    """The body of an action that needs no words."""


def needs_body(kind: type[Struct]) -> bool:
    """True where a body of ``kind`` cannot be left out."""
    return any(field.required for field in msgspec.structs.fields(kind))


def _nothing(kind: type[Struct] | None) -> JSON:
    if kind is not None and needs_body(kind):
        raise BadRequest(f"the body is missing. {_takes(kind)}")
    return {}


def _takes(kind: type[Struct] | None) -> str:
    if kind is None:
        return "This takes no members"
    fields = [f"{field.name}{'' if field.required else '?'}" for field in msgspec.structs.fields(kind)]
    return f"It is an object of {', '.join(fields)}"


def _parsed(content: bytes) -> JSON:
    try:
        return read_json(content)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
