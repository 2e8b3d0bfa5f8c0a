"""Lambda's API of event source mappings, as the local stack answers it: what boto3 sees, and when."""

import io
import json
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from botocore.exceptions import ClientError

from penstock.local.mapping_api import PATH, SETTLING_SECONDS, MappingApi
from penstock.local.provision import LocalClients
from penstock.memory import ManualClock

ARN = "arn:aws:sqs:us-east-1:123456789012:q"


class Caller:
    """Calls the API without a server: the status and the document."""

    def __init__(self, clock: ManualClock) -> None:
        self.api = MappingApi(self.moto, clock=clock)
        self.status = ""

    def moto(self, _: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return [b'"moto"']

    def __call__(self, method: str, path: str = PATH, query: str = "", **request: Any) -> Any:
        body = json.dumps(request).encode()
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }

        def start_response(status: str, *_: Any) -> None:
            self.status = status

        return json.loads(b"".join(self.api(environ, start_response)))  # type: ignore[arg-type]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def call(clock: ManualClock) -> Caller:
    return Caller(clock)


@pytest.fixture
def mapping(call: Caller) -> str:
    """The path of a mapping that has been made."""
    made = call("POST", EventSourceArn=ARN, FunctionName="f", BatchSize=3, FunctionResponseTypes=["x"])
    return f"{PATH}/{made['UUID']}"


def test_a_new_mapping_is_enabled(call: Caller, mapping: str) -> None:
    assert call("GET", mapping)["State"] == "Enabled"


def test_a_change_of_state_takes_a_while(call: Caller, mapping: str, clock: ManualClock) -> None:
    states = [call("PUT", mapping, Enabled=False)["State"]]
    clock.advance(SETTLING_SECONDS)
    states.append(call("GET", mapping)["State"])
    states.append(call("PUT", mapping, Enabled=True)["State"])
    clock.advance(SETTLING_SECONDS)
    states.append(call("GET", mapping)["State"])
    assert states == ["Disabling", "Disabled", "Enabling", "Enabled"]


def test_other_settings_leave_a_pause_alone(call: Caller, mapping: str, clock: ManualClock) -> None:
    call("PUT", mapping, Enabled=False)
    clock.advance(SETTLING_SECONDS)
    changed = call("PUT", mapping, BatchSize=7)
    assert (changed["State"], changed["BatchSize"], changed["FunctionResponseTypes"]) == ("Disabled", 7, ["x"])


def test_the_list_can_be_that_of_a_queue_or_of_a_function(call: Caller, mapping: str) -> None:
    call("POST", EventSourceArn=f"{ARN}2", FunctionName="g")
    counts = [
        len(call("GET", query=query)["EventSourceMappings"])
        for query in ("", f"EventSourceArn={ARN}", "FunctionName=g", "FunctionName=h")
    ]
    assert counts == [2, 1, 1, 0]


def test_a_second_mapping_of_the_same_two_is_a_conflict(call: Caller, mapping: str) -> None:
    refused = call("POST", EventSourceArn=ARN, FunctionName="f")
    assert (call.status, mapping.rpartition("/")[2] in refused["Message"]) == ("409 Conflict", True)


def test_everything_else_is_left_to_moto(call: Caller) -> None:
    assert call("GET", "/2015-03-31/functions") == "moto"


def test_what_it_does_not_play_is_not_implemented(call: Caller, mapping: str) -> None:
    call("DELETE", mapping)
    assert call.status == "501 Not Implemented"


def test_boto3_understands_that_a_mapping_is_not_there(moto_endpoint: str) -> None:
    functions = LocalClients(moto_endpoint).functions()
    with pytest.raises(ClientError) as refused:
        functions.update_event_source_mapping(UUID="00000000-0000-0000-0000-000000000000", Enabled=False)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
