"""Redaction: which values people do not get to see."""

from typing import Any

import pytest

from penstock.redaction import REDACTED, has_redacted, redact


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "db_password",
        "X-Api-Key",
        "apiKey",
        "access_token",
        "Authorization",
        "set-cookie",
        "PIN",
        "iban",
    ],
)
def test_the_value_under_a_telling_name_is_redacted(name: str) -> None:
    assert redact({name: "s3cret"}) == {name: REDACTED}


@pytest.mark.parametrize("name", ["shipping", "pinned", "width", "passenger", "message", "assignment"])
def test_other_values_stay(name: str) -> None:
    assert redact({name: "x"}) == {name: "x"}


def test_it_reaches_any_depth() -> None:
    assert redact([{"a": [{"token": {"deep": 1}}]}]) == [{"a": [{"token": REDACTED}]}]


def test_it_reaches_into_tuples() -> None:
    assert redact({"a": ({"token": "x"}, 1)}) == {"a": [{"token": REDACTED}, 1]}


def test_what_was_given_stays_as_it_is() -> None:
    value = {"token": "x"}
    redact(value)
    assert value == {"token": "x"}


@pytest.mark.parametrize("value", [{"a": [REDACTED]}, [{"b": REDACTED}], REDACTED])
def test_a_redacted_value_is_recognised(value: object) -> None:
    assert has_redacted(value)


def test_other_text_is_not_taken_for_a_redacted_value() -> None:
    assert not has_redacted({"a": ["redacted", 1, None]})


def deep(value: object, *, levels: int = 10_000) -> object:
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_what_is_nested_without_end_is_redacted_without_a_stack() -> None:
    found: Any = redact(deep({"token": "s3cret"}))
    while "token" not in found:
        found = found["a"] if isinstance(found, dict) else found[0]
    assert found == {"token": REDACTED}


def test_a_redacted_value_is_recognised_however_deep_it_is() -> None:
    assert has_redacted(deep(REDACTED))
