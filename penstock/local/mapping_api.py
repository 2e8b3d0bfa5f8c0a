"""AWS Lambda's API of event source mappings, as far as the local stack needs it: create, list, read, change.

It stands in front of moto, for an enabled mapping of moto's own swallows messages. The mappings outlive a reload of the
workers, who look here whether their queues are paused (mapping_states.py).

https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from penstock.times import Clock, seconds, utc_now

PATH = "/2015-03-31/event-source-mappings"
# For so long a mapping is Enabling or Disabling, as at AWS; the workers look more often than that.
SETTLING_SECONDS = 2.0
_SETTINGS = ("BatchSize", "MaximumBatchingWindowInSeconds", "ScalingConfig", "FunctionResponseTypes")


class MappingApi:
    """A WSGI application that answers for the event source mappings and leaves everything else to ``application``."""

    def __init__(self, application: WSGIApplication, *, clock: Clock = utc_now) -> None:
        self._application = application
        self._mappings = _Mappings(clock)
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PATH):
            return self._application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        try:
            with self._lock:
                status, document = self._answer(
                    environ["REQUEST_METHOD"], path.removeprefix(PATH).strip("/"), query, json.loads(body or b"{}")
                )
            headers = []
        except _Refusal as refusal:
            status, document = refusal.status, {"Type": "User", "Message": str(refusal)}
            headers = [("x-amzn-errortype", refusal.code)]
        start_response(f"{status.value} {status.phrase}", [("Content-Type", "application/json"), *headers])
        return [json.dumps(document).encode()]

    def _answer(
        self, method: str, mapping_id: str, query: dict[str, str], request: dict[str, Any]
    ) -> tuple[HTTPStatus, dict[str, Any]]:
        match method, mapping_id:
            case "GET", "":
                found = self._mappings.list(query.get("EventSourceArn"), query.get("FunctionName"))
                return HTTPStatus.OK, {"EventSourceMappings": found}
            case "GET", _:
                return HTTPStatus.OK, self._mappings.read(unquote(mapping_id))
            case "POST", "":
                return HTTPStatus.ACCEPTED, self._mappings.create(request)
            case "PUT", _ if mapping_id:
                return HTTPStatus.ACCEPTED, self._mappings.change(unquote(mapping_id), request)
        raise _Refusal(
            HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"the local stack has no {method} of event source mappings"
        )


class _Refusal(Exception):
    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(slots=True)
class _Mapping:
    arn: str
    function_arn: str
    settings: dict[str, Any]
    enabled: bool
    modified_at: datetime
    settled_at: datetime


class _Mappings:
    """The mappings by id; its owner locks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mappings: dict[str, _Mapping] = {}

    def list(self, arn: str | None, function: str | None) -> list[dict[str, Any]]:
        return [
            self.read(mapping_id)
            for mapping_id, mapping in self._mappings.items()
            if arn in (None, mapping.arn)
            and function in (None, mapping.function_arn, mapping.function_arn.rpartition(":")[2])
        ]

    def read(self, mapping_id: str) -> dict[str, Any]:
        mapping = self._mapping(mapping_id)
        settling = self._clock() < mapping.settled_at
        state = (
            ("Enabling" if settling else "Enabled") if mapping.enabled else ("Disabling" if settling else "Disabled")
        )
        return {
            "UUID": mapping_id,
            "EventSourceArn": mapping.arn,
            "FunctionArn": mapping.function_arn,
            "State": state,
            "StateTransitionReason": "USER_INITIATED",
            "LastModified": mapping.modified_at.timestamp(),
            **mapping.settings,
        }

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        arn, function_arn = request["EventSourceArn"], _function_arn(request["EventSourceArn"], request["FunctionName"])
        for mapping_id, mapping in self._mappings.items():
            if (mapping.arn, mapping.function_arn) == (arn, function_arn):
                raise _Refusal(
                    HTTPStatus.CONFLICT,
                    "ResourceConflictException",
                    f"The event source arn ({arn}) and function already have a mapping: UUID {mapping_id}",
                )
        now = self._clock()
        new_id = str(uuid.uuid4())
        self._mappings[new_id] = _Mapping(arn, function_arn, _settings(request), request.get("Enabled", True), now, now)
        return self.read(new_id)

    def change(self, mapping_id: str, request: dict[str, Any]) -> dict[str, Any]:
        mapping, now = self._mapping(mapping_id), self._clock()
        mapping.settings |= _settings(request)
        mapping.modified_at = now
        enabled = request.get("Enabled", mapping.enabled)
        if enabled != mapping.enabled:
            mapping.enabled, mapping.settled_at = enabled, now + seconds(SETTLING_SECONDS)
        return self.read(mapping_id)

    def _mapping(self, mapping_id: str) -> _Mapping:
        try:
            return self._mappings[mapping_id]
        except KeyError:
            raise _Refusal(
                HTTPStatus.NOT_FOUND, "ResourceNotFoundException", "The resource you requested does not exist."
            ) from None


def _settings(request: dict[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in _SETTINGS if name in request}


def _function_arn(queue_arn: str, function: str) -> str:
    partition, region, account = queue_arn.split(":")[1], *queue_arn.split(":")[3:5]
    return f"arn:{partition}:lambda:{region}:{account}:function:{function}"
