"""What a visitor's browser and another program do with the web: over HTTP, with nothing but its pages and its API."""

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

_TIMEOUT_SECONDS = 30
_SHOWN_CHARACTERS = 300
_API = "/penstock/api/v1"
# What marks a write as sent by the web's own pages: it is signed in as a browser is, by a cookie or by where it comes from.
_OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "X-Penstock": "1"}
Document = dict[str, Any]


class HttpError(Exception):
    """The web or S3 answered with an error, or not at all; the message has the address, the status and the answer."""


@dataclass(slots=True)
class Form:
    """An HTML form that uploads a file."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    file_field: str = ""


class Browser:
    """Opens pages of ``web_url``, fills in their forms, follows redirects."""

    def __init__(self, web_url: str) -> None:
        self._web_url = web_url
        # No proxy: one from the shell would be asked for 127.0.0.1.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def upload(self, name: str, content: bytes) -> str:
        """Put a photo into the form of the upload page and send it; the address of the page on which that ends."""
        _, page = self._open(self._web_url + "/")
        form = upload_form(page.decode(), self._web_url + "/")
        boundary = secrets.token_hex(16)
        request = urllib.request.Request(  # noqa: S310 - the address comes from our own page
            form.action, multipart(form, name, content, boundary), method="POST"
        )
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        url, _ = self._open(request)
        return url

    def enqueue(self, task: str, **arguments: object) -> Document:
        """POST a task to the API; the document of its 202."""
        body = json.dumps({"task": task, "kwargs": arguments}).encode()
        request = urllib.request.Request(f"{self._web_url}{_API}/tasks", body, method="POST")  # noqa: S310
        request.add_header("Content-Type", "application/json")
        for name, value in _OWN_PAGE.items():
            request.add_header(name, value)
        return _json(self._open(request)[1])

    def status(self, task_id: str) -> Document:
        """Where a task stands, as the API says."""
        return _json(self._open(f"{self._web_url}{_API}/tasks/{task_id}")[1])

    def _open(self, request: str | urllib.request.Request) -> tuple[str, bytes]:
        """The address at the end of all redirects, and what is there."""
        url = request if isinstance(request, str) else request.full_url
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return answer.url, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode("utf-8", "replace")[:_SHOWN_CHARACTERS]
            raise HttpError(f"{error.url or url} answered {error.code} {error.reason}: {said}") from None
        except OSError as error:
            raise HttpError(f"{url} did not answer: {error}") from None


def last_part(url: str) -> str:
    """The last part of a URL's path: on a task's page, its id."""
    return urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]


def upload_form(page: str, url: str) -> Form:
    """The first form of ``page`` (which is at ``url``) that takes a file; HttpError where there is none."""
    parser = _Forms()
    parser.feed(page)
    for form in parser.forms:
        if form.file_field:
            form.action = urljoin(url, form.action)
            return form
    raise HttpError(f"{url} has no form that takes a file: {page[:_SHOWN_CHARACTERS]}")


def multipart(form: Form, name: str, content: bytes, boundary: str) -> bytes:
    """The body that a browser sends for ``form``. The file comes last: S3 ignores what follows it."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(field)}"\r\n\r\n{value}\r\n'
        for field, value in form.fields.items()
    ]
    head = f'name="{_quoted(form.file_field)}"; filename="{_quoted(name)}"'
    parts.append(f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n")
    parts.append("Content-Type: application/octet-stream\r\n\r\n")
    return "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes.get("action", "")))
            self._open = True
        elif tag == "input" and self._open and attributes.get("name"):
            self._take(attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False

    def _take(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("type") == "file":
            self.forms[-1].file_field = attributes["name"]
        else:
            self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")


def _quoted(text: str) -> str:
    # As the HTML standard says: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _json(content: bytes) -> Document:
    return cast(Document, json.loads(content))
