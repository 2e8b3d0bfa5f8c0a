"""Tell another system what happened: one HTTP POST, tried again for as long as that can help.

| answer | what happens |
|---|---|
| 2xx | delivered |
| 408, 425, 429, 5xx | tried again: after ``Retry-After`` where it gives seconds, else after the backoff |
| no connection, no answer in time | tried again after the backoff |
| 3xx, any other 4xx, a host that is not allowed | DEAD: repair it and redrive |
"""

import http.client
import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from penstock import Backoff, Reject, Retry, current_task
from tasks import config
from tasks.app import tasks

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 15
MAX_RETRY_AFTER_SECONDS = 3_600  # a longer wish is not followed: the backoff decides
_TRY_AGAIN = frozenset({408, 425, 429})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it: its HTTP status."""

    status: int


@tasks.task(
    queue="default",
    max_attempts=5,
    time_limit=30,
    retry_on=(OSError, http.client.HTTPException),
    backoff=Backoff(base=1, cap=60),
)
def deliver_webhook(url: str, payload: dict[str, Any]) -> Delivered:
    """POST ``payload`` as JSON to ``url``, whose host WEBHOOK_HOSTS must name.

    The header ``Idempotency-Key`` is the task id, the same in every attempt: a receiver that has seen it can ignore the
    repetition. Redirects are not followed.
    """
    target = _allowed(url)
    answer = _post(target, json.dumps(payload).encode())
    where = f"{target.scheme}://{target.netloc}{target.path}"  # without the query: it may hold a secret
    if 200 <= answer.status < 300:
        return Delivered(answer.status)
    said = f"{where} answered {answer.status} {answer.reason}"
    if answer.status in _TRY_AGAIN or answer.status >= 500:
        raise Retry(said, delay=_retry_after(answer))
    if 300 <= answer.status < 400:
        raise Reject(f"{said}: redirects are not followed, so enqueue the final address")
    raise Reject(f"{said}: it refuses this request, and would again")


def _allowed(url: str) -> SplitResult:
    """``url`` in parts; Reject unless it is plain HTTP to a host that the configuration names."""
    try:
        target = urlsplit(url)
        port = target.port
    except ValueError as error:
        raise Reject(f"{url!r:.200} is not a URL: {error}") from None
    if target.scheme not in _PORTS or not target.hostname or "@" in target.netloc:
        raise Reject(f"{url!r:.200} is not an http(s) URL without user name")
    host, port = target.hostname, port or _PORTS[target.scheme]
    names = {f"{host}:{port}"} | ({host} if port == _PORTS[target.scheme] else set())
    # Workers stand inside the network: an address chosen by whoever may enqueue must not reach what stands there too.
    if not names & config.webhook_hosts():
        raise Reject(f"the host {host}:{port} is not allowed: add it to WEBHOOK_HOSTS of the workers, then redrive")
    return target


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    retry_after: str


def _post(target: SplitResult, body: bytes) -> _Answer:
    make = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = make(target.hostname or "", target.port, timeout=CONNECT_TIMEOUT_SECONDS)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    headers = {"Content-Type": "application/json", "User-Agent": "penstock", "Idempotency-Key": _idempotency_key()}
    try:
        connection.connect()
        connection.sock.settimeout(READ_TIMEOUT_SECONDS)
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return _Answer(response.status, response.reason, response.getheader("Retry-After", ""))
    except (http.client.InvalidURL, UnicodeEncodeError) as error:
        raise Reject(f"the path of the URL must be percent-encoded: {error}") from None
    finally:
        connection.close()


def _idempotency_key() -> str:
    try:
        return current_task.id
    except RuntimeError:  # a plain call of the function: no task, so no repetition either
        return uuid.uuid4().hex


def _retry_after(answer: _Answer) -> float | None:
    """The seconds that the receiver asked for, where it did so sanely; None leaves it to the backoff."""
    wish = answer.retry_after.strip()
    sane = wish.isascii() and wish.isdigit() and len(wish) <= 6 and int(wish) <= MAX_RETRY_AFTER_SECONDS
    return float(wish) if sane else None
