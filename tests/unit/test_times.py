"""Times and their text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from penstock.times import from_epoch_milliseconds, from_text, milliseconds_between, to_milliseconds, to_text, utc_now

AT = datetime(2026, 3, 1, 12, 0, 0, 7_999, tzinfo=UTC)


def test_text_is_of_one_width_so_that_it_sorts_like_time() -> None:
    texts = [to_text(AT + timedelta(milliseconds=step)) for step in (0, 1, 993, 60_000, 10**10)]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {24}


def test_text_is_utc_to_the_millisecond() -> None:
    assert to_text(AT.astimezone(timezone(timedelta(hours=-5)))) == "2026-03-01T12:00:00.007Z"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_text(AT.replace(tzinfo=None))


def test_a_time_comes_back_from_its_text() -> None:
    assert from_text(to_text(AT)) == to_milliseconds(AT)


def test_a_sent_timestamp_keeps_its_milliseconds() -> None:
    assert from_epoch_milliseconds(1_772_366_400_007) == to_milliseconds(AT)


def test_now_is_aware_and_cut_to_milliseconds() -> None:
    now = utc_now()
    assert (now.tzinfo, now.microsecond % 1000) == (UTC, 0)


@pytest.mark.parametrize(("step", "expected"), [(0.0125, 12), (1, 1000), (-5, 0)])
def test_the_time_between_is_never_negative(step: float, expected: int) -> None:
    assert milliseconds_between(AT, AT + timedelta(seconds=step)) == expected
