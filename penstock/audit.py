"""Who did what: a line in the ledger and in the log for every action that a person or a program takes through our views."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from penstock import cursors
from penstock.envelope import JSON
from penstock.errors import Unavailable
from penstock.failure import clean
from penstock.ports import LedgerLine, Ports
from penstock.telemetry import logger
from penstock.times import from_exact_text, from_text, to_text

AUDIT_LIFETIME = timedelta(days=365)
MAX_LIMIT = 100
MAX_DAYS = 31  # that one page looks back
_MAX_TEXT = 2_000


class AuditLine(Struct, frozen=True):
    """``who`` did ``action`` to ``subject`` (``task:4f1c…``, ``queue:images``, ``error:ab12…``); ``details`` are plain JSON."""

    at: datetime
    who: str
    action: str
    subject: str
    details: Mapping[str, JSON]


class AuditPage(Struct, frozen=True):
    """Lines, newest first; ``cursor`` goes on, None at the end. ``back_to`` is the day that was looked at last."""

    lines: list[AuditLine]
    cursor: str | None
    back_to: datetime


def write(
    ports: Ports,
    *,
    who: str,
    action: str,
    subject: str,
    details: Mapping[str, JSON] | None = None,
    required: bool = True,
) -> None:
    """Write the line of an action that is about to happen: a refusal of the ledger is raised, so that nothing is done unseen.

    Not ``required``: while the ledger does not answer the line in the log is enough.
    """
    now = ports.clock()
    fields = {name: clean(text, _MAX_TEXT) for name, text in (("who", who), ("action", action), ("subject", subject))}
    text = json.dumps(details or {}, default=str, ensure_ascii=True)
    if len(text) > _MAX_TEXT:
        text = json.dumps({"cut": text[:_MAX_TEXT]})
    logger.info("AUDIT %r: %s %r %s", fields["who"], fields["action"], fields["subject"], text)
    key = f"{to_text(now)}#{ports.random.token()}"
    try:
        ports.ledger.write(_page(now), key, {**fields, "details": text}, replaces=0, expires_at=now + AUDIT_LIFETIME)
    except Unavailable as error:
        if required:
            raise
        logger.warning("the audit has no line of %s %s, this log has: %s", fields["action"], fields["subject"], error)


def recent(ports: Ports, *, limit: int, cursor: str | None = None) -> AuditPage:
    """Up to ``limit`` (1 to 100) lines from ``cursor`` back; ValueError for a limit or a cursor that is none."""
    cursors.check_limit(limit, MAX_LIMIT)
    now = ports.clock()
    day, before = now, None
    if cursor is not None:
        before = cursors.decode(cursor, ["before"])["before"]
        try:
            day = from_exact_text(before[:24])
        except ValueError:
            raise ValueError(f"{cursor!r:.80} is not a cursor: pass that of an earlier page as it was") from None
    lines: list[LedgerLine] = []
    if day < now - AUDIT_LIFETIME:
        return AuditPage([], None, day)
    for _ in range(MAX_DAYS):
        lines += ports.ledger.lines(_page(day), limit=limit - len(lines), before=before)
        if len(lines) == limit:
            return AuditPage([_line(line) for line in lines], cursors.encode({"before": lines[-1].key}), day)
        day, before = _end_of_day_before(day), None
        if day < now - AUDIT_LIFETIME:
            return AuditPage([_line(line) for line in lines], None, day)
    return AuditPage([_line(line) for line in lines], cursors.encode({"before": to_text(day) + "~"}), day)


def _page(day: datetime) -> str:
    return f"audit#{to_text(day)[:10]}"


def _end_of_day_before(day: datetime) -> datetime:
    return day.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(milliseconds=1)


def _line(line: LedgerLine) -> AuditLine:
    fields = {name: str(value) for name, value in line.fields.items()}
    return AuditLine(
        from_text(line.key[:24]), fields["who"], fields["action"], fields["subject"], json.loads(fields["details"])
    )
