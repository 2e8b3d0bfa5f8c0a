"""A view of the API, from its annotations: what a request may have and what the answer is are written there, and only there.

::

    @api.get("/queues/<queue>/redrives")
    @route(Role.VIEWER)
    def show_redrive(queue: QueueName) -> Redrive:
        \"\"\"The last redrive of a queue.\"\"\"

A parameter named ``query`` is a Struct of the query's parameters, ``body`` one of the JSON body, ``key`` the header
Idempotency-Key; all others stand in the path. A TypedDict is answered with 200, ``Accepted[...]`` with 202 and a Location. What
does not fit is refused before the view is called. openapi.py reads the same ``Route``.
"""

import functools
import inspect
import json
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from flask import Response, request
from msgspec import Meta, Struct
from werkzeug.exceptions import BadRequest, NotFound

from penstock.flask.access import Role, requires
from penstock.flask.api.body import JSON_TYPE, read_body
from penstock.text import sha256

T = TypeVar("T")
View = Callable[..., Any]

IdempotencyKey = Annotated[
    str,
    Meta(
        description="The same key and the same body get the same answer, and nothing is done twice; another body gets 422",
        pattern="^[!-~]{1,200}$",
    ),
]
_ROUTE = "_penstock_route"
_HEADER = "Idempotency-Key"


class Accepted(NamedTuple, Generic[T]):
    """202: ``document`` says what was begun, ``location`` is the path that shows how far it is."""

    document: T
    location: str


class Route(Struct, frozen=True):
    """What one view takes and answers. ``answers`` are the types of the documents by their status."""

    name: str
    summary: str
    description: str
    module: str
    role: Role
    path: Mapping[str, Any]
    query: type[Struct] | None
    body: type[Struct] | None
    media: tuple[str, ...]
    takes_key: bool
    answers: Mapping[int, Any]

    def arguments(self, path: Mapping[str, str]) -> dict[str, Any]:
        """The view's arguments, from the current request; BadRequest or NotFound names what does not fit."""
        arguments: dict[str, Any] = dict(path)
        for name, value in path.items():
            if not _fits(value, self.path[name]):
                raise NotFound(f"{value!r:.140} cannot be there: it is no {name.replace('_', ' ')}")
        query = _query(self.query)
        if query is not None:
            arguments["query"] = query
        body = read_body(self.body, self.media)
        if self.body is not None:
            arguments["body"] = body
        if self.takes_key:
            arguments["key"] = _key()
        return arguments


def route(role: Role, *, media: tuple[str, ...] = (JSON_TYPE,)) -> Callable[[View], View]:
    """Decorator: a view of the API for whoever has ``role``; its docstring is its documentation. ``media``: types of its body."""

    def mark(view: View) -> View:
        its = _route(view, role, media)

        @requires(role)
        @functools.wraps(view)
        def answered(**path: str) -> Response:
            return _response(view(**its.arguments(path)))

        setattr(answered, _ROUTE, its)
        return answered

    return mark


def route_of(view: View | None) -> Route | None:
    """The route of a view that ``route`` has made."""
    found = getattr(view, _ROUTE, None)
    return found if isinstance(found, Route) else None


def _route(view: View, role: Role, media: tuple[str, ...]) -> Route:
    hints = get_type_hints(view, include_extras=True)
    summary, _, description = (inspect.getdoc(view) or "").replace("``", "`").partition("\n")
    return Route(
        name=view.__name__,
        summary=summary,
        description=description.strip(),
        module=view.__module__,
        role=role,
        path={name: hint for name, hint in hints.items() if name not in ("query", "body", "key", "return")},
        query=hints.get("query"),
        body=hints.get("body"),
        media=media,
        takes_key="key" in hints,
        answers=_answers(hints["return"]),
    )


def _answers(hint: Any) -> dict[int, Any]:
    answers: dict[int, Any] = {}
    for kind in get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,):
        if get_origin(kind) is Accepted:
            [answers[202]] = get_args(kind)
        else:
            answers[200] = kind
    return answers


def _response(answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Accepted):
        response = Response(json.dumps(answer.document), 202, content_type=JSON_TYPE)
        response.headers["Location"] = answer.location
        return response
    text = json.dumps(answer)
    response = Response(text, content_type=JSON_TYPE)
    if request.method in ("GET", "HEAD"):
        response.set_etag(sha256(text.encode())[:32], weak=True)  # weak: a server in front may compress it
        response.make_conditional(request)
    return response


def _fits(value: str, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeError):
        return False
    return True


def _query(kind: type[Struct] | None) -> Struct | None:
    known = () if kind is None else kind.__struct_fields__
    for name, values in request.args.lists():
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise BadRequest(f"{name!r:.80} is no query parameter of {request.path:.140}: {takes}")
        if len(values) > 1:
            raise BadRequest(f"the query parameter {name!r} stands there {len(values)} times: give it once")
    if kind is None:
        return None
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"a query parameter cannot be read: {error}") from None
    except UnicodeError:
        raise BadRequest("a query parameter is not UTF-8 text") from None


def _key() -> str | None:
    key = request.headers.get(_HEADER)
    if key is not None and not _fits(key, IdempotencyKey):
        raise BadRequest(f"{_HEADER} must have 1 to 200 letters, digits or ASCII punctuation; a UUID is a good one")
    return key
