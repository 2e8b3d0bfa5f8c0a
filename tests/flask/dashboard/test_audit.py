"""The page of the audit."""

import pytest

from penstock import audit
from tests.flask.dashboard.conftest import words


def write(tasks, subject="queue:default", **more):
    audit.write(tasks.ports, **{"who": "otto", "action": "pause", "subject": subject, **more})


def test_an_action_is_listed_with_who_what_and_when(viewer, tasks):
    write(tasks, details={"rate": 50, "none": None})
    assert "otto pause queue:default {&#34;rate&#34;: 50} 00:00:00 now" in words(viewer.get("/audit"))


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ("task:4f1c", "/tasks/4f1c"),
        ("queue:default", "/queues/default"),
        ("operation:ab12", "/operations/ab12"),
        ("error:0123456789abcdef", "/errors/0123456789abcdef"),
    ],
)
def test_what_was_acted_on_has_a_link(viewer, tasks, subject, path):
    write(tasks, subject)
    assert f'href="/penstock{path}"' in viewer.page("/audit")


@pytest.mark.parametrize(
    "subject", ["tasks:status:DEAD", "task:", "task:../x", "error:nonsense", "javascript:alert(1)"]
)
def test_what_is_no_page_has_no_link(viewer, tasks, subject):
    write(tasks, subject)
    assert 'class="open"' not in viewer.page("/audit")


def test_the_audit_goes_on_with_older_lines(viewer, tasks, clock):
    for number in range(51):
        write(tasks, f"queue:q{number:02}")
        clock.advance(1)
    first = viewer.page("/audit")
    second = viewer.page("/audit?cursor=" + first.split("cursor=")[1].split('"')[0])
    assert ("queue:q00" in first, "queue:q00" in second) == (False, True)


def test_a_cursor_that_is_none_is_400(viewer):
    assert viewer.get("/audit?cursor=nonsense").status_code == 400
