"""The API's document: it is true of every route, and every route is in it."""

import html
import re

import jsonschema_rs
import pytest

from penstock.flask.access import Role
from penstock.flask.api.openapi import places
from tests.flask.people import API, PREFIX, bearer
from tests.flask.stack import ACTIONS, build

PLACES = places(build(), "penstock_api")
READS = [place.path for place in PLACES if place.method == "get" and place.path != "/docs"]


@pytest.fixture
def document(vera):
    return vera.get(f"{API}/openapi.json").json


def closed(schema):
    """``schema`` without room for members that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return more | {key: closed(part) for key, part in schema.items()}


def pattern(path):
    return re.compile(re.sub(r"{\w+}", "[^/]+", path))


def complaints(document, method, path, response):
    """What the answer has or lacks against the document."""
    [template] = [
        known for known in document["paths"] if pattern(known).fullmatch(path) and method in document["paths"][known]
    ]
    answer = document["paths"][template][method]["responses"][str(response.status_code)]
    if "$ref" in answer:
        answer = document["components"]["responses"]["Problem"]
    schema = closed({**answer["content"]["application/json"]["schema"], "components": document["components"]})
    wrong = [
        str(error) for error in jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(response.json)
    ]
    return wrong + [name for name in answer.get("headers", {}) if name not in response.headers]


@pytest.mark.parametrize("path", READS)
def test_what_is_read_is_what_the_document_says(known, vera, document, path):
    path = path.format(**known)
    response = vera.get(API + path)
    assert (response.status_code, complaints(document, "get", path, response)) == (200, [])


@pytest.mark.parametrize(("method", "path", "body"), ACTIONS)
def test_what_an_action_answers_is_what_the_document_says(known, ada, document, method, path, body):
    path = path.format(**known)
    response = ada.open(API + path, method=method, json=body)
    assert (response.status_code in (200, 202), complaints(document, method.lower(), path, response)) == (True, [])


def test_every_action_is_tried_here():
    tried = {
        (method.lower(), place.path)
        for method, path, _ in ACTIONS
        for place in PLACES
        if pattern(place.path).fullmatch(path)
    }
    assert {(place.method, place.path) for place in PLACES if place.method != "get"} <= tried


def test_every_view_of_the_api_is_in_the_document(app, document):
    named = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    rules = {
        (rule.rule.removeprefix(API).replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("penstock_api.") and not re.search(r"\.(not_allowed_\d+|nothing)$", rule.endpoint)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert named == rules


def test_every_schema_of_the_document_is_one(document):
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_every_operation_has_a_summary_and_an_id_of_its_own(document):
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert all(operation["summary"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_the_document_s_server_is_where_the_app_is(vera):
    document = vera.get(f"{API}/openapi.json", environ_overrides={"SCRIPT_NAME": "/dev"}).json
    assert document["servers"] == [{"url": f"/dev{API}"}]


BELOW = {Role.VIEWER: None, Role.OPERATOR: "vera", Role.ADMIN: "otto"}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.method} {place.path}")
def test_a_route_is_closed_below_its_role(known, app, place):
    path, who = API + place.path.format(**known), BELOW[place.route.role]
    response = app.test_client().open(path, method=place.method, headers=bearer(who) if who else {})
    assert (response.status_code, response.content_type) == (403 if who else 401, "application/problem+json")


@pytest.mark.parametrize(
    "place", [place for place in PLACES if place.route.role > Role.VIEWER], ids=lambda p: p.route.name
)
def test_a_read_only_mount_refuses_every_action(place):
    path = API + place.path.format(task_id="t", queue="default", fingerprint="0" * 16, operation_id="o")
    response = build(read_only=True).test_client().open(path, method=place.method, headers=bearer("ada"))
    assert (response.status_code, "read-only" in response.json["detail"]) == (403, True)


def test_whatever_changes_something_needs_an_operator_at_least():
    assert all((place.method == "get") == (place.route.role is Role.VIEWER) for place in PLACES)


def test_the_page_for_people_shows_every_route(vera):
    text = html.unescape(vera.get(f"{API}/docs").text)
    assert [
        f"{place.method.upper()} {place.path}"
        for place in PLACES
        if f"{place.method.upper()} {place.path}<" not in text
    ] == []


def test_the_page_for_people_loads_nothing_but_our_style(vera):
    text = vera.get(f"{API}/docs").text
    assert re.findall(r'(?:src|href)="([^"#]*)"', text) == [
        f"{PREFIX}/static/penstock.css",
        f"{PREFIX}/",
        f"{API}/openapi.json",
    ]
    assert "<script" not in text
