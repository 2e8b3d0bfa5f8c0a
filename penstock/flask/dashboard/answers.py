"""How views answer: a page after an action, a part of a page that asks for itself again, and messages by their names."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from penstock.text import sha256

# What a page says after an action: the URL has the name, for words in a URL could be anybody's.
MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "retry-sent": "The retry is sent. The status changes when a worker claims it.",
        "edited": "This is the new task, enqueued with the edited arguments. The old one is discarded.",
        "cancelled": "The task is cancelled: it never starts again.",
        "cancel-requested": "The task runs and was asked to stop.",
        "discarded": "The task is given up for good. Its dead letter is swept by the reconciler.",
        "not-discarded": "Nothing was discarded: the task was not DEAD any more.",
        "over": "Nothing was cancelled: the task is over.",
        "forgotten": "Arguments, result, error texts and tags of this task are deleted.",
        "redriven": "The dead letters are on their way back to their queue.",
        "redrive-cancelled": "The redrive is stopped. What was moved stays moved.",
        "no-redrive": "No redrive was running.",
        "paused": "The queue is paused: messages wait, nothing is lost before their retention is over.",
        "resumed": "The queue goes on. It takes AWS up to a minute.",
        "purged": "The dead letters of this queue are deleted and their tasks discarded.",
        "stopped": "Stopped. What it has done stays done.",
    }
)


def led_to(endpoint: str, *, done: str = "", **values: Any) -> AnyResponse:
    """After an action: on to a page of ours, which says what was ``done`` (a name in MESSAGES)."""
    url = url_for(f"penstock_dashboard{endpoint}", done=done or None, **values)
    if is_htmx():
        return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
    return redirect(url, HTTPStatus.SEE_OTHER)


def is_htmx() -> bool:
    """True where the page's script asks, for a part of the page."""
    return "HX-Request" in request.headers


def message() -> str:
    """What the page should say about the action before it; empty for none."""
    return MESSAGES.get(request.args.get("done", ""), "")


def version_of(*shown: object) -> str:
    """What a part of a page shows, in 16 characters: the same where nothing has changed."""
    return sha256(repr(shown).encode("utf-8", "backslashreplace"))[:16]


def part(template: str, seen: str, **context: Any) -> str | tuple[str, int]:
    """A part of a page, or 204 (htmx leaves the page as it is) where the browser has ``seen`` it."""
    if request.args.get("seen") == seen:
        return "", HTTPStatus.NO_CONTENT
    return render_template(template, seen=seen, **context)
