"""Times: aware UTC datetimes of millisecond precision inside, ISO 8601 text of one fixed width in the table.

Text of a fixed width sorts and compares like the time itself, in Python and in a DynamoDB condition alike, and whoever
reads the row in the AWS console at night can read it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current time, aware UTC, cut to milliseconds: the precision in which SQS and the table speak."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(at: datetime) -> datetime:
    """``at`` without what lies below a millisecond."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def to_text(at: datetime) -> str:
    """``at`` as ``2026-11-21T04:36:38.123Z``, always 24 characters."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone: pass an aware datetime")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def from_text(text: str) -> datetime:
    """The time that ``to_text`` wrote."""
    return datetime.fromisoformat(text)


def from_exact_text(text: str) -> datetime:
    """The time that ``to_text`` wrote, and nothing else: ValueError for whatever somebody has made up."""
    at = from_text(text)
    if text[-1:] != "Z" or to_text(at) != text:
        raise ValueError(f"{text!r:.40} is no time as we write it, such as 2026-11-21T04:36:38.123Z")
    return at


def from_epoch_milliseconds(milliseconds: int) -> datetime:
    """SQS's SentTimestamp (milliseconds since 1970) as a time."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def seconds(value: float) -> timedelta:
    """``value`` seconds as a timedelta: so that arithmetic on times names its unit."""
    return timedelta(seconds=value)


def milliseconds_between(start: datetime, end: datetime) -> int:
    """Whole milliseconds from ``start`` to ``end``; 0 where the clocks of two machines disagree on the order."""
    return max(0, round((end - start).total_seconds() * 1000))
