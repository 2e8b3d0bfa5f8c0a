"""The audit: every action leaves a line."""

import logging
from datetime import timedelta

import pytest
from msgspec.structs import replace

from penstock import cursors
from penstock.audit import AUDIT_LIFETIME, AuditLine, recent, write
from penstock.errors import Unavailable
from penstock.memory import ManualClock, MemoryLedger, SeededRandom
from penstock.memory import ports as memory_ports
from penstock.ports import Ports


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ports(clock: ManualClock) -> Ports:
    return memory_ports(clock=clock, random=SeededRandom(3))


def actions(ports: Ports, *, limit: int = 100) -> list[str]:
    page = recent(ports, limit=limit)
    lines = list(page.lines)
    while page.cursor is not None:
        page = recent(ports, limit=limit, cursor=page.cursor)
        lines += page.lines
    return [line.action for line in lines]


def test_a_line_says_who_did_what_to_what(ports: Ports, clock: ManualClock) -> None:
    write(ports, who="ann", action="retry", subject="task:t-1", details={"rate": 3})
    assert recent(ports, limit=1).lines == [AuditLine(clock(), "ann", "retry", "task:t-1", {"rate": 3})]


def test_a_line_goes_to_the_log_too(ports: Ports, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "penstock"):
        write(ports, who="ann\nroot", action="retry", subject="task:t-1")
    assert [record.getMessage() for record in caplog.records] == ["AUDIT 'ann\\nroot': retry 'task:t-1' {}"]


def test_the_newest_comes_first_over_the_days(ports: Ports, clock: ManualClock) -> None:
    for number in range(5):
        write(ports, who="ann", action=str(number), subject="x")
        clock.advance(30 * 3_600)
    assert actions(ports) == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_leave_nothing_out_and_repeat_nothing(ports: Ports, clock: ManualClock, limit: int) -> None:
    for number in range(5):
        write(ports, who="ann", action=str(number), subject="x")
        clock.advance(0 if number == 2 else 10 * 3_600)
    assert sorted(actions(ports, limit=limit)) == ["0", "1", "2", "3", "4"]


def test_lines_from_before_a_quiet_time_are_found(ports: Ports, clock: ManualClock) -> None:
    write(ports, who="ann", action="old", subject="x")
    clock.advance(200 * 86_400)
    assert actions(ports) == ["old"]


def test_a_line_goes_after_a_year(ports: Ports, clock: ManualClock) -> None:
    write(ports, who="ann", action="old", subject="x")
    clock.advance(AUDIT_LIFETIME.total_seconds())
    assert actions(ports) == []


def test_long_details_are_cut(ports: Ports) -> None:
    write(ports, who="ann", action="edit", subject="x", details={"patch": "y" * 10_000})
    assert len(recent(ports, limit=1).lines[0].details["cut"]) == 2_000


def test_an_action_that_cannot_be_written_down_is_refused(ports: Ports, clock: ManualClock) -> None:
    class Away(MemoryLedger):
        def write(self, *args: object, **kwargs: object) -> int | None:
            raise Unavailable("not now")

    with pytest.raises(Unavailable):
        write(replace(ports, ledger=Away(clock)), who="ann", action="retry", subject="x")


@pytest.mark.parametrize("cursor", ["x", "eyJiZWZvcmUiOiJ4In0"])
def test_a_text_that_is_no_cursor_is_refused(ports: Ports, cursor: str) -> None:
    with pytest.raises(ValueError, match="is not a cursor"):
        recent(ports, limit=1, cursor=cursor)


def test_a_page_looks_back_a_month_at_most(ports: Ports, clock: ManualClock) -> None:
    assert clock() - recent(ports, limit=1).back_to < timedelta(days=32)


@pytest.mark.parametrize("before", ["2026-01-01", "0001-01-01T00:00:00.000Z", "2026-01-01T00:00:00", "yesterday"])
def test_a_cursor_that_nobody_wrote_is_refused(ports: Ports, before: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        recent(ports, limit=1, cursor=cursors.encode({"before": before}))


def test_a_cursor_from_before_the_audit_finds_nothing(ports: Ports) -> None:
    page = recent(ports, limit=1, cursor=cursors.encode({"before": "1990-01-01T00:00:00.000Z"}))
    assert (page.lines, page.cursor) == ([], None)
