"""With --json the command line prints the very document that the API answers."""

import pytest

from tests.flask.people import API


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("list",), "tasks"),
        (("list", "status:DEAD"), "tasks?q=status:DEAD"),
        (("show", "t-0"), "tasks/t-0"),
        (("dlq", "list"), "dead-letters"),
        (("dlq", "show", "t-0"), "dead-letters/t-0"),
        (("errors",), "errors?window=24h"),
        (("operations", "list"), "operations"),
        (("queues", "list"), "queues"),
        (("stats", "--window", "24h"), "queues?window=24h"),
        (("queues", "show", "default"), "queues/default"),
    ],
)
def test_a_question_has_the_api_s_answer(run, answer, client, die, words, path):
    die(2)
    run("discard", "t-1", "--yes")
    document = answer(*words)
    theirs = client.get(f"{API}/{path}").json
    # The command line goes on where the API ends a page without rows, so it may have looked further back.
    for place in ("cursor", "back_to"):
        assert (place in document) == (place in theirs)
        document.pop(place, None), theirs.pop(place, None)
    assert document == theirs


def test_an_error_group_has_the_api_s_answer(answer, client, die):
    fingerprint = die(2)
    assert answer("errors", "show", fingerprint) == client.get(f"{API}/errors/{fingerprint}?window=7d").json


def test_the_audit_has_the_api_s_answer(run, answer, client, die):
    die(1)
    run("retry", "t-0")
    assert answer("audit") == client.get(f"{API}/audit").json
