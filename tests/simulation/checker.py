"""The judge: was an accepted task lost, an outcome overwritten, a message thrown away too early?

It reads the producers' log, the log of effects, the table's versions and its last scan, and the queues, all as plain values.
It imports nothing of ours, so no mistake of the library's can be one of the judge's too.

Facts of the history, in the order of time; ``at`` is ISO text of fixed width, ``by`` the process:

| kind | says |
|---|---|
| attempted, acknowledged, uncertain | a producer enqueues; knows that its ``task`` is accepted; does not know |
| started, ended | user code of ``task`` begins its ``attempt``; comes to its end and returns |
| row | a write of the table: ``task``, the item ``before`` (None: there was none) and ``after`` |
| deleted | a message left ``queue`` for good: its ``body``, and the task's ``row`` at that moment |
| fault | a ``fault`` fired |
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Fact = Mapping[str, Any]
FINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


@dataclass
class Report:
    """Jepsen's words for tasks; ``recovered``: not acknowledged and yet done. ``violations`` is empty where all is well."""

    attempted: int = 0
    acknowledged: int = 0
    ok: int = 0
    lost: int = 0
    duplicated: int = 0
    recovered: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Count another run in."""
        for name in ("attempted", "acknowledged", "ok", "lost", "duplicated", "recovered"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.violations += other.violations

    def __str__(self) -> str:
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"attempted {self.attempted}, acknowledged {self.acknowledged}, ok {self.ok}, lost {self.lost}, "
            f"duplicated {self.duplicated}, recovered {self.recovered}; faults: {faults or 'none'}; "
            f"violations: {len(self.violations)}"
        )


def check(
    history: Sequence[Fact],
    table: Mapping[str, Mapping[str, Any]],
    queues: Mapping[str, Sequence[str]],
    *,
    max_attempts: int,
    clocks_agree: bool = True,
) -> Report:
    """Judge a run that has come to rest. Where clocks are wrong by more than is tolerated, leases promise nothing."""
    report = Report()
    tasks: dict[str, list[Fact]] = defaultdict(list)
    for number, fact in enumerate(history):
        fact = {**fact, "number": number}
        if fact["kind"] == "attempted":
            report.attempted += 1
        elif fact["kind"] == "fault":
            report.faults[fact["fault"]] += 1
        elif fact["kind"] == "deleted":
            _deleted(fact, report)
        elif "task" in fact:
            tasks[fact["task"]].append(fact)
    for task, facts in tasks.items():
        _versions(task, facts, report, max_attempts, clocks_agree)
        _runs(task, facts, report)
        _outcome(task, facts, table.get(task), report)
    for queue, bodies in queues.items():
        report.violations += [f"{queue} still has {body:.120}" for body in bodies]
    return report


def _outcome(task: str, facts: Sequence[Fact], row: Mapping[str, Any] | None, report: Report) -> None:
    acknowledged = any(fact["kind"] == "acknowledged" for fact in facts)
    is_over = row is not None and row["status"] in FINAL
    report.acknowledged += acknowledged
    report.ok += acknowledged and is_over
    report.lost += acknowledged and not is_over
    report.recovered += is_over and not acknowledged
    report.duplicated += sum(fact["kind"] == "ended" for fact in facts) > 1
    if acknowledged and not is_over:
        report.violations.append(f"{task} was accepted and is lost: {_short(row)}")
    elif row is not None and not is_over:
        report.violations.append(f"{task} is stuck: {_short(row)}")
    if row is not None and row["status"] == "SUCCEEDED":
        _result(task, facts, row, report)


def _result(task: str, facts: Sequence[Fact], row: Mapping[str, Any], report: Report) -> None:
    attempt = json.loads(row["result"])["attempt"]
    if attempt != row["attempts"]:
        report.violations.append(f"{task} has the result of attempt {attempt}, which had lost its lease: {_short(row)}")
    if not any(fact["kind"] == "ended" and fact["attempt"] == attempt for fact in facts):
        report.violations.append(f"{task} SUCCEEDED without a run that came to its end: {_short(row)}")


def _versions(task: str, facts: Sequence[Fact], report: Report, max_attempts: int, clocks_agree: bool) -> None:
    say = report.violations.append
    starts: Counter[tuple[str, str]] = Counter()
    claimed_by = ""
    for fact in facts:
        if fact["kind"] != "row":
            continue
        before, after = fact["before"] or {}, fact["after"]
        where = f"{task} at {fact['at']} by {fact['by']}: {_short(before)} -> {_short(after)}"
        if before.get("status") in FINAL:
            say(f"an outcome was overwritten: {where}")
        claims = after.get("attempts", 0) - before.get("attempts", 0)
        if claims not in (0, 1) or after.get("attempts_left", 0) < 0:
            say(f"attempts were miscounted: {where}")
        takes_over = before.get("lease_owner") != after.get("lease_owner") or after["status"] != "RUNNING"
        if before.get("status") == "RUNNING" and takes_over and fact["by"] != claimed_by:
            if clocks_agree and before["lease_expires_at"] >= fact["at"]:
                say(f"a live lease was broken: {where}")
            if after["status"] in FINAL | {"RETRYING"} and after["status"] != "RUNNING":
                say(f"a run's outcome was written by another: {where}")
        if after["status"] == "RUNNING" and after.get("lease_owner") != before.get("lease_owner"):
            claimed_by = fact["by"]
            starts[after["send_id"], after["sent_at"]] += 1
            if starts[after["send_id"], after["sent_at"]] > max_attempts:
                say(f"more than {max_attempts} attempts for one message: {where}")
        due = before.get("retry_at", "") if before.get("status") == "RETRYING" and after["status"] == "RUNNING" else ""
        if clocks_agree and due and before.get("sent_at") == after["sent_at"] and _seconds(fact["at"], due) > 3:
            say(f"a retry ran before its time: {where}")
        same_send = before.get("send_id") is not None and before.get("send_id") == after.get("send_id")
        if same_send and after.get("sent_at", "") < before.get("sent_at", ""):
            say(f"an obsolete message took over from a newer one: {where}")


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _runs(task: str, facts: Sequence[Fact], report: Report) -> None:
    seen: set[int] = set()
    granted: set[tuple[str, int]] = set()
    for fact in facts:
        if fact["kind"] == "row" and fact["after"]["status"] == "RUNNING":
            granted.add((fact["by"], fact["after"]["attempts"]))
        if fact["kind"] != "started":
            continue
        if fact["attempt"] in seen:
            report.violations.append(f"attempt {fact['attempt']} of {task} ran twice")
        if (fact["by"], fact["attempt"]) not in granted:
            report.violations.append(f"attempt {fact['attempt']} of {task} ran in {fact['by']}, which had no claim")
        seen.add(fact["attempt"])


def _deleted(fact: Fact, report: Report) -> None:
    message, row = json.loads(fact["body"]), fact["row"]
    where = f"{message['id']} (send {message['send_id']:.6}) in {fact['queue']} at {fact['at']} by {fact['by']}: {_short(row)}"
    if row is None:
        report.violations.append(f"a message without a row was deleted: {where}")
        return
    if row["status"] in FINAL:
        return
    foreign = row.get("send_id") is not None and row["send_id"] != message["send_id"]
    is_its_answer = message.get("after") is not None and message["after"] == row.get("lease_owner")
    if not foreign or is_its_answer:
        report.violations.append(f"an unsettled message was deleted: {where}")


_SHOWN = ("status", "attempts", "attempts_left", "send_id", "message_id", "sent_at", "lease_owner", "lease_expires_at")


def _short(row: Mapping[str, Any] | None) -> str:
    if not row:
        return "(no row)"
    return " ".join(str(row[name])[:24] if "at" in name else str(row[name])[:6] for name in _SHOWN if name in row)
