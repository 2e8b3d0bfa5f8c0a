"""The API's description as OpenAPI 3.1, generated from its routes, and the same as a page for people.

https://spec.openapis.org/oas/v3.1.0
"""

import inspect
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple, TypedDict

import msgspec
from flask import Blueprint, Flask, Response, current_app, render_template, request
from msgspec import Struct

from penstock.flask.access import Mounted, Role
from penstock.flask.api.body import JSON_TYPE, needs_body
from penstock.flask.api.routes import IdempotencyKey, Route, route, route_of

_REFERENCE = "#/components/schemas/{name}"
_LOCATION = {"Location": {"description": "Where to see how far it is", "required": True, "schema": {"type": "string"}}}
_ETAG = {
    "ETag": {"description": "Send it as If-None-Match: 304 says that nothing has changed", "schema": {"type": "string"}}
}
_WORDS = {200: "As it stands", 202: "Begun", 304: "Nothing has changed since the ETag that you sent"}


class Problem(TypedDict):
    """An error, https://www.rfc-editor.org/rfc/rfc9457: ``detail`` says what happened and what to do."""

    type: str
    title: str
    status: int
    detail: str


class OpenApi(TypedDict):
    """This document."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    security: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    paths: dict[str, Any]
    components: dict[str, Any]


class Place(NamedTuple):
    """A route and where it is: its path below the API's prefix, and its method in small letters."""

    path: str
    method: str
    route: Route


def add_views(api: Blueprint, _mount: Mounted) -> None:
    """The description, for programs and for people."""

    @api.get("/openapi.json")
    @route(Role.VIEWER)
    def openapi() -> OpenApi:
        """This API as an OpenAPI 3.1 document."""
        return _document(api)

    @api.get("/docs")
    @route(Role.VIEWER)
    def docs() -> Response:
        """This API as a page for people."""
        page = _document(api)

        def resolve(schema: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = page["components"]["schemas"].get(_name_of(schema), schema)
            return found

        return Response(render_template("penstock_api/docs.html", api=page, resolve=resolve, json=_pretty))


def places(app: Flask, blueprint: str) -> list[Place]:
    """Every route of the API, in the order in which they were added."""
    return list(_places(app, blueprint))


def describe(places: list[Place], server: str) -> OpenApi:
    """The OpenAPI document of ``places`` under the URL ``server``."""
    schemas = _Schemas(places)
    paths: dict[str, Any] = {}
    for place in places:
        paths.setdefault(place.path, {})[place.method] = _operation(place, schemas)
    modules = dict.fromkeys(place.route.module for place in places)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Penstock",
            "version": "1",
            "description": "Tasks, queues, dead letters and errors of a task queue. Every error is application/problem+json.",
        },
        "servers": [{"url": server}],
        "security": [{"key": []}],
        "tags": [_tag(module) for module in modules],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {"Problem": _problem(schemas)},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Schemas:
    """The JSON schemas of all types that the routes name."""

    def __init__(self, places: list[Place]) -> None:
        kinds: list[Any] = [Problem, IdempotencyKey]
        for _, _, its in places:
            kinds += [*its.path.values(), its.query, its.body, *its.answers.values()]
        types = {repr(kind): kind for kind in kinds if kind not in (None, Response)}
        found: tuple[dict[str, Any], ...]
        self.components: dict[str, Any]
        found, self.components = msgspec.json.schema_components(types.values(), ref_template=_REFERENCE)
        self._of = dict(zip(types, found, strict=True))
        queries = {its.query for _, _, its in places if its.query is not None}
        self._queries: dict[Any, dict[str, Any]] = {
            query: self.components.pop(_name_of(self.of(query)))["properties"] for query in queries
        }

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type, or where it is among the components."""
        return self._of[repr(kind)]

    def of_query(self, query: type[Struct]) -> dict[str, Any]:
        """The schemas of its parameters by name."""
        return self._queries[query]


def _document(api: Blueprint) -> OpenApi:
    return describe(places(current_app, api.name), f"{request.script_root}{api.url_prefix}")


def _places(app: Flask, blueprint: str) -> Iterator[Place]:
    prefix = app.blueprints[blueprint].url_prefix or ""
    for rule in app.url_map.iter_rules():
        found = route_of(app.view_functions[rule.endpoint])
        if found is not None and rule.endpoint.partition(".")[0] == blueprint:
            path = rule.rule.removeprefix(prefix).replace("<", "{").replace(">", "}")
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Place(path, method.lower(), found)


def _operation(place: Place, schemas: _Schemas) -> dict[str, Any]:
    its = place.route
    operation: dict[str, Any] = {
        "operationId": its.name,
        "summary": its.summary,
        "description": f"{its.description}\n\nNeeds the role {its.role.word}.".strip(),
        "tags": [_name(its.module)],
        "x-role": its.role.word,
        "parameters": _parameters(its, schemas),
        "responses": {str(status): answer for status, answer in _answers(place, schemas)},
    }
    if its.body is not None:
        content = {media: {"schema": schemas.of(its.body)} for media in its.media}
        operation["requestBody"] = {"required": needs_body(its.body), "content": content}
    return operation


def _parameters(its: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    parameters = [_parameter(name, "path", schemas.of(kind)) for name, kind in its.path.items()]
    if its.query is not None:
        parameters += [_parameter(name, "query", schema) for name, schema in schemas.of_query(its.query).items()]
    if its.takes_key:
        parameters.append(_parameter("Idempotency-Key", "header", schemas.of(IdempotencyKey)))
    return parameters


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    words = {"description": schema["description"]} if "description" in schema else {}
    its = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": place, "required": place == "path", **words, "schema": its}


def _answers(place: Place, schemas: _Schemas) -> Iterator[tuple[int | str, dict[str, Any]]]:
    for status, kind in place.route.answers.items():
        if kind is Response:
            yield status, {"description": _WORDS[status], "content": {"text/html": {"schema": {"type": "string"}}}}
            continue
        headers = _LOCATION if status == HTTPStatus.ACCEPTED else _ETAG if place.method == "get" else {}
        content = {JSON_TYPE: {"schema": schemas.of(kind)}}
        yield status, {"description": _WORDS[status], "headers": headers, "content": content}
        if place.method == "get":
            yield 304, {"description": _WORDS[304], "headers": _ETAG}
    yield "default", {"$ref": "#/components/responses/Problem"}


def _problem(schemas: _Schemas) -> dict[str, Any]:
    words = "What is wrong, and what to do about it"
    return {"description": words, "content": {"application/problem+json": {"schema": schemas.of(Problem)}}}


def _name_of(schema: dict[str, Any]) -> str:
    """The component that a schema refers to; empty where it is one itself."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _tag(module: str) -> dict[str, Any]:
    return {"name": _name(module), "description": (inspect.getdoc(sys.modules[module]) or "").partition("\n")[0]}


def _name(module: str) -> str:
    return module.rpartition(".")[2].replace("_", "-")


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
