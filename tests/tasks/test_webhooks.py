"""The task deliver_webhook against real HTTP servers on loopback."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import tasks.webhooks
from penstock import Reject, Retry
from tasks import deliver_webhook
from tasks.webhooks import Delivered


@dataclass
class Receiver:
    """What the server answers, and what it was asked."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook?secret=s3") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A server on loopback whose host and port are allowed."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append((self.path, dict(self.headers), body))
            if receiver.silent:
                receiver.released.wait(10)
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    monkeypatch.setenv("WEBHOOK_HOSTS", f"example.com, 127.0.0.1:{receiver.port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_delivered_webhook_returns_the_status(receiver):
    receiver.status = 202
    assert deliver_webhook(receiver.url(), {"n": 1}) == Delivered(202)


def test_the_payload_goes_as_json(receiver):
    deliver_webhook(receiver.url(), {"name": "Zoë", "n": [1, None]})
    path, headers, body = receiver.requests[0]
    assert (path, headers["Content-Type"], json.loads(body)) == (
        "/hook?secret=s3",
        "application/json",
        {"name": "Zoë", "n": [1, None]},
    )


def test_the_idempotency_key_is_the_task_id(receiver, progress):
    deliver_webhook(receiver.url(), {})
    assert receiver.requests[0][1]["Idempotency-Key"] == "task-1"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_an_answer_that_may_change_is_retried_after_the_backoff(receiver, status):
    receiver.status = status
    with pytest.raises(Retry, match=str(status)) as retry:
        deliver_webhook(receiver.url(), {})
    assert retry.value.delay is None


def test_retry_after_in_seconds_is_honoured(receiver):
    receiver.status, receiver.headers = 429, {"Retry-After": "42"}
    with pytest.raises(Retry) as retry:
        deliver_webhook(receiver.url(), {})
    assert retry.value.delay == 42


@pytest.mark.parametrize("wish", ["3601", "-1", "1.5", "9" * 5000, "Wed, 21 Oct 2026 07:28:00 GMT", "²"])
def test_a_retry_after_that_is_not_sane_is_left_to_the_backoff(receiver, wish):
    receiver.status, receiver.headers = 503, {"Retry-After": wish}
    with pytest.raises(Retry) as retry:
        deliver_webhook(receiver.url(), {})
    assert retry.value.delay is None


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_an_answer_that_will_not_change_is_rejected(receiver, status):
    receiver.status = status
    with pytest.raises(Reject, match=str(status)):
        deliver_webhook(receiver.url(), {})


def test_a_redirect_is_not_followed(receiver):
    receiver.status, receiver.headers = 302, {"Location": receiver.url("/elsewhere")}
    with pytest.raises(Reject, match="redirects are not followed"):
        deliver_webhook(receiver.url(), {})
    assert len(receiver.requests) == 1


def test_the_query_stays_out_of_error_messages(receiver):
    receiver.status = 404
    with pytest.raises(Reject) as rejected:
        deliver_webhook(receiver.url("/hook?token=secret"), {})
    assert "secret" not in str(rejected.value)


def test_no_connection_is_an_error_that_is_retried(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("WEBHOOK_HOSTS", f"127.0.0.1:{port}")
    with pytest.raises(deliver_webhook.options.retry.retry_on):
        deliver_webhook(f"http://127.0.0.1:{port}/", {})


def test_no_answer_in_time_is_an_error_that_is_retried(receiver, monkeypatch):
    monkeypatch.setattr(tasks.webhooks, "READ_TIMEOUT_SECONDS", 0.05)
    receiver.silent = True
    with pytest.raises(TimeoutError):
        deliver_webhook(receiver.url(), {})


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/",
        "http://127.0.0.1/",
        "https://example.com:8443/",
        "http://example.com.evil.test/",
    ],
)
def test_a_host_that_the_configuration_does_not_name_is_refused(receiver, url):
    with pytest.raises(Reject, match="not allowed: add it to WEBHOOK_HOSTS"):
        deliver_webhook(url, {})


@pytest.mark.parametrize(
    "url", ["", "hook", "file:///etc/passwd", "http://user:pw@example.com/", "http://[::1", "http://example.com:99999/"]
)
def test_what_is_no_web_address_is_refused(receiver, url):
    with pytest.raises(Reject, match="is not a"):
        deliver_webhook(url, {})


@pytest.mark.parametrize("path", ["/with space", "/zoë"])
def test_a_path_that_http_cannot_carry_is_refused(receiver, path):
    with pytest.raises(Reject, match="percent-encoded"):
        deliver_webhook(receiver.url(path), {})


def test_without_allowed_hosts_nothing_is_sent(receiver, monkeypatch):
    monkeypatch.delenv("WEBHOOK_HOSTS")
    with pytest.raises(Reject, match="WEBHOOK_HOSTS"):
        deliver_webhook(receiver.url(), {})
    assert receiver.requests == []
