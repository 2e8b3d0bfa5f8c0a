"""From an edited document to the merge patch that makes it."""

import json

import pytest

from penstock.dead_letters import merge_patch
from penstock.errors import InvalidArguments
from penstock.flask.dashboard.edits import patch_of
from penstock.redaction import REDACTED

SHOWN = {
    "args": [1],
    "kwargs": {"url": "https://a.example", "token": REDACTED, "deep": {"password": REDACTED, "port": 25}, "none": None},
}


def edited(**kwargs):
    return json.dumps({**SHOWN, "kwargs": {**SHOWN["kwargs"], **kwargs}})


def test_only_what_changed_is_in_the_patch():
    assert patch_of(SHOWN, edited(url="https://b.example")) == {"kwargs": {"url": "https://b.example"}}


def test_redacted_neighbours_are_not_in_the_patch():
    assert patch_of(SHOWN, edited(deep={"password": REDACTED, "port": 587})) == {"kwargs": {"deep": {"port": 587}}}


def test_the_patch_makes_the_edited_document_of_the_stored_one():
    stored = {
        "args": [1],
        "kwargs": {"url": "https://a.example", "token": "s3cret", "deep": {"password": "p", "port": 25}, "none": None},
    }
    merged = merge_patch(stored, patch_of(SHOWN, edited(url="https://b.example")))
    assert merged["kwargs"] == {**stored["kwargs"], "url": "https://b.example"}


def test_a_secret_can_be_replaced():
    assert patch_of(SHOWN, edited(token="new")) == {"kwargs": {"token": "new"}}


def test_a_member_left_out_is_removed():
    text = json.dumps({"args": [1], "kwargs": {"token": REDACTED, "deep": SHOWN["kwargs"]["deep"], "none": None}})
    assert patch_of(SHOWN, text) == {"kwargs": {"url": None}}


def test_true_is_a_change_of_one():
    assert patch_of({"args": [], "kwargs": {"n": 1}}, '{"args": [], "kwargs": {"n": true}}') == {"kwargs": {"n": True}}


def test_unknown_arguments_take_the_text_as_the_patch():
    assert patch_of({}, '{"kwargs": {"width": 320}}') == {"kwargs": {"width": 320}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "are not JSON"),
        ("[" * 100_000, "are not JSON"),
        ("[1]", "must be a JSON object"),
        ('{"kwargs":' * 700 + "1" + "}" * 700, "nested too deeply"),
        (json.dumps(SHOWN), "nothing is changed"),
        (edited(url=None), "kwargs.url cannot be changed to null"),
        (edited(new={"a": {"b": None}}), "kwargs.new.a.b cannot be changed to null"),
        (edited(other=[REDACTED]), "a changed part holds"),
        (edited(url=REDACTED), "a changed part holds"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_with_words(text, words):
    with pytest.raises(InvalidArguments, match=words):
        patch_of(SHOWN, text)
