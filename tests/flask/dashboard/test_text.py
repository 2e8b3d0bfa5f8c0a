"""Strangers' text, times and numbers on our pages."""

from datetime import UTC, datetime, timedelta

import pytest

from penstock.flask.dashboard.text import (
    ago,
    counted,
    expiry,
    lasting,
    milliseconds,
    plain,
    quoted,
    short_frame,
    shown,
    when,
)
from penstock.search import Search

NOW = datetime(2026, 11, 21, 4, 36, 38, tzinfo=UTC)


def before(**ago):
    return NOW - timedelta(**ago)


def test_markup_is_escaped():
    assert shown("<img src=x onerror=alert(1)>") == "<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>"


def test_what_a_template_engine_would_evaluate_stays_as_it_is():
    assert shown("{{7*7}}{% raw %}") == "<bdi>{{7*7}}{% raw %}</bdi>"


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u2028", "\ufeff"])
def test_marks_that_turn_the_direction_are_written_out(mark):
    assert plain(f"a{mark}b") == f"a\\u{ord(mark):04x}b"


@pytest.mark.parametrize(
    ("text", "seen"), [("\x1b[31mred", "\\x1b[31mred"), ("a\r\nSet-Cookie: b", "a\\x0d\nSet-Cookie: b")]
)
def test_control_characters_are_written_out(text, seen):
    assert plain(text) == seen


def test_a_lone_surrogate_is_written_out():
    assert plain("a\ud800b") == "a\\ud800b"


def test_long_text_is_cut_with_a_word():
    assert plain("x" * 1_000_000, 10) == "x" * 10 + "… (999,990 more characters)"


def test_text_that_fits_is_not_cut():
    assert plain("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (12, "12 s"),
        (60, "1 min"),
        (3_725, "1 h 2 min"),
        (86_400 + 12, "1 d"),
        (273_600, "3 d 4 h"),
        (-5, "0 s"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds, words):
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"), [(None, "–"), (12, "12 ms"), (1_400, "1.4 s"), (59_940, "59.9 s"), (200_000, "3 min 20 s")]
)
def test_a_run_lasts_milliseconds_to_minutes(value, words):
    assert milliseconds(value) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "now"),
        (before(seconds=59), "59 s ago"),
        (before(minutes=3, seconds=59), "3 min ago"),
        (before(hours=-2), "in 2 h"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(at, words):
    assert ago(at, NOW) == words


def test_a_time_has_utc_for_machines_and_relative_words_for_people():
    machines = '<time datetime="2026-11-21T04:33:38.000Z" title="2026-11-21 04:33:38 UTC">'
    assert when(before(minutes=3), NOW) == f'{machines}04:33:38 <span class="ago">3 min ago</span></time>'


def test_a_time_of_another_day_has_its_date():
    assert ">20 Nov 04:36:38 <" in when(before(days=1), NOW)


def test_an_expiry_that_comes_soon_is_marked():
    assert 'class="expiry soon"' in expiry(before(hours=-47), NOW)


def test_an_expiry_that_is_far_is_not_marked():
    assert 'class="expiry "' in expiry(before(hours=-49), NOW)


def test_what_has_expired_says_so():
    assert ">expired<" in expiry(before(seconds=1), NOW)


@pytest.mark.parametrize(("number", "words"), [(1, "1 task"), (2_013, "2,013 tasks"), (0, "0 tasks")])
def test_one_is_not_many(number, words):
    assert counted(number, "task") == words


def test_a_frame_keeps_its_last_folder():
    assert short_frame("/var/task/tasks/pictures.py:thumbnail") == "tasks/pictures.py:thumbnail"


@pytest.mark.parametrize("value", ["plain", "two words", 'a "quoted" one', "back\\slash", "status:DEAD"])
def test_a_quoted_value_is_read_back_as_it_was(value):
    assert Search.parse(f"task:{quoted(value)}", now=NOW).task == value
