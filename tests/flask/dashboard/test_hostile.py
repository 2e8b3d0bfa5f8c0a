"""What a task can influence is a stranger's text: on no page does it run, turn the words around it, or break the layout."""

import json
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from penstock import audit
from penstock.errors import Unavailable
from penstock.operations import Kind, start
from penstock.record import day_bucket, failure_key
from penstock.times import to_text
from tests.flask.dashboard.conftest import words

EVIL = (
    "<img src=x onerror=alert(1)>\"'&{{7*7}}{% raw %}\u202egpj\x1b[31m\r\nX-Evil: 1</script><script>alert(2)</script>"
)
HUGE = "é" * 1_000_000
FINGERPRINT = "0123456789abcdef"
MAX_PAGE_BYTES = 250_000


class Strict(HTMLParser):
    """Notes what no page of ours has."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "img" or (tag == "script" and not names.get("src")) or tag == "style" or tag == "iframe":
            self.found.append(tag)
        self.found += [name for name in names if name.startswith("on") or name == "style"]
        self.found += [value for value in names.values() if (value or "").strip().lower().startswith("javascript:")]


def envelope(at, args, kwargs):
    return json.dumps(
        {"v": 1, "id": "t", "send_id": "s", "task": "x", "created_at": to_text(at), "args": args, "kwargs": kwargs}
    )


def put(tasks, clock, text, task_id="t-evil", **more):
    """A row with ``text`` wherever a row holds text, past every check: as a hostile worker might write it."""
    now = clock()
    item = {
        "status": "DEAD",
        "task": text,
        "queue": text,
        "created_at": to_text(now),
        "created_bucket": day_bucket(task_id, now),
        "failed_at": to_text(now),
        "finished_at": to_text(now),
        "failed_bucket": day_bucket(task_id, now),
        "failure_key": failure_key(task_id, FINGERPRINT),
        "attempts": 1,
        "error": {"type": text, "message": text, "fingerprint": FINGERPRINT, "reason": text},
        "progress": {"done": 1, "total": 2, "note": text},
        "tags": text,
        "origin": text,
        "envelope": envelope(now, [text, {text: text}], {text: [text]}),
        "result": json.dumps({text: text}),
        **more,
    }  # fmt: skip
    tasks.ports.results.put_item(task_id, {name: value for name, value in item.items() if value is not None})
    tasks.ports.ledger.count(
        f"errors#{to_text(now)[:10]}#0",
        FINGERPRINT,
        {"attempts": 1, f"at{now:%H%M}": 1, "dead": 1},
        first={"first_at": to_text(now), "task": text, "type": text, "message": text, "frame": text},
        latest={"last_at": to_text(now)},
        expires_at=now + timedelta(days=1),
    )
    audit.write(tasks.ports, who=text[:200], action=text[:200], subject=text[:200], details={text[:100]: text[:200]})


PATHS = (
    "/", "/tasks", "/dead-letters", "/errors", f"/errors/{FINGERPRINT}", "/tasks/t-evil", "/tasks/t-evil/status?seen=x",
    "/tasks/t-evil/edits/new", "/operations/new?kind=retry&q=status:DEAD", "/operations", "/audit",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("text", [EVIL, HUGE], ids=["evil", "huge"])
def test_a_page_shows_hostile_text_as_text(admin, tasks, clock, path, text):
    put(tasks, clock, text)
    response = admin.get(path)
    assert response.status_code == 200, words(response)[:500]
    strict = Strict()
    strict.feed(response.text)
    assert strict.found == []
    assert "\u202e" not in response.text
    assert "\x1b" not in response.text
    assert "X-Evil" not in response.headers


@pytest.mark.parametrize("path", [path for path in PATHS if "edits" not in path])
def test_a_page_of_huge_text_stays_small(admin, tasks, clock, path):
    put(tasks, clock, HUGE)
    assert len(admin.get(path).data) < MAX_PAGE_BYTES


@pytest.mark.parametrize("status", ["SUCCEEDED", "RUNNING", "RETRYING", "FAILED", "CANCELLED", "QUEUED"])
def test_every_status_shows_hostile_text_as_text(admin, tasks, clock, status):
    put(tasks, clock, EVIL, status=status)
    for path in ("/tasks", "/tasks/t-evil"):
        strict = Strict()
        strict.feed(admin.page(path))
        assert strict.found == []


def test_what_the_browser_sends_comes_back_as_text(admin):
    strict = Strict()
    for query in ("/tasks", "/dead-letters", "/errors", "/audit", "/operations/new"):
        for name in ("q", "cursor", "window", "kind", "queue", "done"):
            strict.feed(admin.get(query, query_string={name: EVIL}).text)
    assert strict.found == []


def test_an_operations_note_and_starter_are_shown_as_text(admin, tasks, clock):
    put(tasks, clock, EVIL, envelope=None)
    operation = start(tasks, Kind.RETRY, by=EVIL, chosen=["t-evil"])
    response = admin.act(f"/operations/{operation.id}/steps")
    strict = Strict()
    strict.feed(response.text + admin.page(f"/operations/{operation.id}") + admin.page("/operations"))
    assert strict.found == []


def test_an_errors_words_are_shown_as_text(admin, tasks, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise Unavailable(EVIL)

    monkeypatch.setattr(tasks.ports.transport, "redrive", refuse)
    response = admin.act("/queues/default/redrives")
    strict = Strict()
    strict.feed(response.text)
    assert (response.status_code, strict.found) == (503, [])


def test_arguments_nested_without_end_are_shown_as_far_as_they_go(admin, tasks, clock):
    deep = "end"
    for _ in range(100):
        deep = [deep]
    put(tasks, clock, "x", envelope=envelope(clock(), deep, {}))
    assert "nested too deeply" in admin.page("/tasks/t-evil")


def test_of_a_message_that_was_never_ours_it_is_said_why_it_cannot_be_read(admin, tasks, clock):
    put(tasks, clock, "x", envelope="no JSON <b>at all</b>")
    page = words(admin.get("/tasks/t-evil"))
    assert ("unreadable the body is not JSON" in page, "at all" in page) == (True, False)
