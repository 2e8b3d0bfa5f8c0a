"""Writing an error down, which cannot fail."""

import time
import traceback

import pytest

from penstock.failure import (
    MAX_MESSAGE_CHARACTERS,
    MAX_TRACEBACK_CHARACTERS,
    MAX_TYPE_CHARACTERS,
    Failure,
    describe,
    fingerprint,
)


class Unreadable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message for you")

    __repr__ = __str__


class NotText(Exception):
    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


def raised(error: BaseException) -> Failure:
    try:
        raise error
    except BaseException as caught:
        return describe(caught, "resize")


@pytest.mark.parametrize("kind", [Unreadable, NotText])
def test_an_error_whose_message_cannot_be_read_is_still_described(kind: type[Exception]) -> None:
    assert raised(kind()).message == f"<{kind.__qualname__} has no readable message>"


def test_lone_surrogates_become_escapes() -> None:
    assert raised(ValueError("\ud800")).message == "\\ud800"


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\x00b", "bell\x07", "back\x08", "\x9b31m", "line\rline", "\x7f"])
def test_what_a_terminal_would_obey_becomes_escapes(text: str) -> None:
    failure = raised(ValueError(text))
    assert (failure.message + failure.traceback).replace("\n", "").isprintable()


def test_line_breaks_and_letters_of_every_script_stay() -> None:
    assert raised(ValueError("größer\n猫\t🐈")).message == "größer\n猫\t🐈"


def test_a_message_of_two_megabytes_is_cut_and_says_so() -> None:
    message = raised(ValueError("x" * 2_000_000)).message
    assert message == "x" * MAX_MESSAGE_CHARACTERS + " [1999000 characters cut]"


def test_a_long_traceback_keeps_its_end() -> None:
    text = raised(ValueError("x" * 2_000_000 + " the end")).traceback
    assert len(text) < MAX_TRACEBACK_CHARACTERS + 50
    assert text.endswith("the end\n")


def test_the_traceback_shows_the_cause() -> None:
    error = ValueError("effect")
    error.__cause__ = KeyError("cause")
    assert "KeyError: 'cause'" in raised(error).traceback


def test_the_traceback_shows_no_values_of_local_variables() -> None:
    password = "hunter" + "2"
    assert password not in raised(ValueError("no")).traceback


def test_an_error_that_was_never_raised_is_described() -> None:
    assert describe(ValueError("x"), "resize").traceback == "ValueError: x\n"


def test_an_error_without_message_is_described() -> None:
    assert raised(ValueError()).message == ""


def test_an_error_class_with_a_strange_name_is_described() -> None:
    kind = type("Odd", (Exception,), {})
    kind.__qualname__ = "\ud800\x1b" + "x" * 5_000
    assert raised(kind("x")).type.startswith("\\ud800\\x1bx")
    assert len(raised(kind("x")).type) < MAX_TYPE_CHARACTERS + 40


def test_a_file_name_that_is_no_utf8_is_described() -> None:
    with pytest.raises(ValueError, match="x") as caught:
        exec(compile("raise ValueError('x')", "caf\udce9.py", "exec"))
    assert len(describe(caught.value, "resize").fingerprint) == 16


def test_an_endless_recursion_is_described() -> None:
    def again() -> None:
        again()

    with pytest.raises(RecursionError) as caught:
        again()
    assert describe(caught.value, "resize").type == "RecursionError"


def test_a_chain_of_causes_in_a_circle_is_described() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert raised(one).message == "one"


def test_a_group_of_errors_is_described() -> None:
    assert "KeyError" in raised(ExceptionGroup("both", [ValueError("a"), KeyError("b")])).traceback


def test_a_traceback_that_cannot_be_formatted_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traceback.TracebackException, "format", lambda *_args, **_options: 1 / 0)
    assert raised(ValueError("x")).traceback == "<the traceback could not be formatted>"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no row 7", "no row 123456"),
        ("key 4f1c0c1e-59b2-4b0e-9b6c-0f6f3d3e8a11", "key 00000000-0000-4000-8000-000000000000"),
        ("task 4f1c0c1e59b24b0e9b6c0f6f3d3e8a11", "task 00000000000040008000000000000000"),
        ("<object at 0x7f3a>", "<object at 0xdeadbeef>"),
        ("after 1.25 s", "after 30.5 s"),
    ],
)
def test_errors_that_differ_in_numbers_and_ids_share_a_fingerprint(one: str, other: str) -> None:
    assert fingerprint("resize", "ValueError", one) == fingerprint("resize", "ValueError", other)


@pytest.mark.parametrize(
    "other",
    [
        ("rotate", "ValueError", "no row", "app.py:f"),
        ("resize", "KeyError", "no row", "app.py:f"),
        ("resize", "ValueError", "no column", "app.py:f"),
        ("resize", "ValueError", "no row", "app.py:g"),
    ],
    ids=["task", "class", "message", "frame"],
)
def test_errors_of_another_kind_have_another_fingerprint(other: tuple[str, str, str, str]) -> None:
    assert fingerprint(*other) != fingerprint("resize", "ValueError", "no row", "app.py:f")


def test_the_same_error_from_two_lines_of_one_function_shares_a_fingerprint() -> None:
    assert raised(ValueError("x")).fingerprint == raised(ValueError("x")).fingerprint


@pytest.mark.parametrize("text", ["a" * 999 + "_", "0" * 999 + "g", "deadbeef-" * 110, "0x" * 500, "1a" * 499 + "é"])
def test_no_message_makes_the_fingerprint_slow(text: str) -> None:
    started = time.process_time()
    fingerprint("resize", "ValueError", text)
    assert time.process_time() - started < 0.5
