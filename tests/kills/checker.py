"""The judge of a kill run: was an accepted task lost, an outcome overwritten, a task run twice at once?

It reads the producer's log, the log of effects, the scans of the table and what is left in the queues, all as plain values.
It imports nothing of ours, so no mistake of the library's can be one of the judge's too. ``at`` is seconds since 1970, by
the one clock of the machine.

| log | kind | says |
|---|---|---|
| producer | attempted, acknowledged | the producer enqueues ``task``; knows that it is accepted |
| effects | started | user code of ``task`` begins its ``attempt``, under a lease that ends at ``lease_until`` |
| effects | asked, granted | somebody asks the table for a lease on ``task`` until ``lease_until``; has got it |
| effects | ended | it comes to its end: with the ``result`` that it returns, or with an ``error`` |
| scans | seen | a scan finds the ``row`` of ``task`` in a new version; None: it is gone |
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Fact = Mapping[str, Any]
FINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_OUTCOME = ("status", "result", "attempts", "finished_at")
_CUT_OFF, _ZOMBIES = "runs cut off", "zombies"  # killed in the middle; came to an end, but after their lease
_RENEWALS, _PAST_FIRST = "renewals", "runs past their first lease"
_HANDED_BACK = "handed back"  # the worker had to stop, and interrupted the run
_LEASE_SLACK_SECONDS = 0.5  # between reading the clock for the log of effects and for the claim


@dataclass
class Report:
    """Jepsen's words, in tasks. ``duplicated``: user code came to a result more than once; ``recovered``: done, although
    the producer never learned that it was accepted. ``violations`` is empty where all is well.
    """

    attempted: int = 0
    acknowledged: int = 0
    ok: int = 0
    lost: int = 0
    duplicated: int = 0
    recovered: int = 0
    runs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"attempted {self.attempted}, acknowledged {self.acknowledged}, ok {self.ok}, lost {self.lost}, "
            f"duplicated {self.duplicated}, recovered {self.recovered}; runs of user code {self.runs}; "
            f"faults: {faults or 'none'}; violations: {len(self.violations)}"
        )


def check(
    producer: Sequence[Fact],
    effects: Sequence[Fact],
    scans: Sequence[Fact],
    queues: Mapping[str, int],
    *,
    faults: Mapping[str, int],
    at_least: Mapping[str, int],
) -> Report:
    """Judge a run that has come to rest. ``faults`` counts what fired; fewer than ``at_least`` of a kind proves nothing."""
    report = Report(faults=Counter(faults))
    attempted = {fact["task"] for fact in producer if fact["kind"] == "attempted"}
    acknowledged = {fact["task"] for fact in producer if fact["kind"] == "acknowledged"}
    report.attempted, report.acknowledged = len(attempted), len(acknowledged)
    versions, runs = _by_task(scans), _runs(effects)
    asked = _by_task([fact for fact in effects if fact["kind"] == "asked"])
    for task in sorted(attempted | versions.keys() | runs.keys()):
        row = versions[task][-1]["row"] if task in versions else None
        _outcome(task, row, task in acknowledged, report)
        _versions(task, versions.get(task, []), report)
        _overlaps(task, runs.get(task, []), report)
        _result(task, row, runs.get(task, []), report)
        _leases(task, versions.get(task, []), runs.get(task, []), asked[task], report)
    report.violations += [f"{queue} still has {count} messages" for queue, count in queues.items() if count]
    for name, wanted in at_least.items():
        if report.faults[name] < wanted:
            report.violations.append(f"only {report.faults[name]} {name}: under {wanted} this run proves nothing")
    return report


@dataclass
class Run:
    """One start of user code; ``end`` is None where no end was written: it was killed.

    ``lease_until`` is the end of the last lease that it is known to have had, ``first_lease`` that of the one it began with.
    """

    attempt: int
    start: float
    first_lease: float
    lease_until: float
    renewals: int = 0
    error: str = ""
    end: float | None = None
    result: Any = None

    @property
    def holds_until(self) -> float:
        """The end of the time in which nobody else may run the task: its own end, or that of its lease."""
        return self.lease_until if self.end is None else min(self.end, self.lease_until)


def _by_task(facts: Sequence[Fact]) -> dict[str, list[Fact]]:
    by_task: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_task[fact["task"]].append(fact)
    return by_task


def _runs(effects: Sequence[Fact]) -> dict[str, list[Run]]:
    """The runs of each task in the order of their starts. A process runs one task at a time, so its id finds the end."""
    runs: dict[str, list[Run]] = defaultdict(list)
    open_runs: dict[tuple[str, int], Run] = {}
    for fact in effects:
        key = (fact["task"], fact["pid"])
        if fact["kind"] == "started":
            open_runs[key] = Run(fact["attempt"], fact["at"], fact["lease_until"], fact["lease_until"])
            runs[fact["task"]].append(open_runs[key])
        elif fact["kind"] == "granted" and key in open_runs:
            open_runs[key].lease_until = fact["lease_until"]
            open_runs[key].renewals += 1
        elif fact["kind"] == "ended" and key in open_runs:
            run = open_runs.pop(key)
            run.end, run.result, run.error = fact["at"], fact.get("result"), fact.get("error", "")
    return runs


def _outcome(task: str, row: Fact | None, acknowledged: bool, report: Report) -> None:
    succeeded = row is not None and row["status"] == "SUCCEEDED"
    report.ok += acknowledged and succeeded
    report.lost += acknowledged and not succeeded
    report.recovered += succeeded and not acknowledged
    if acknowledged and not succeeded:
        report.violations.append(f"{task} was accepted and is lost: {_short(row)}")
    elif row is not None and not succeeded:
        report.violations.append(f"{task} is stuck: {_short(row)}")


def _versions(task: str, versions: Sequence[Fact], report: Report) -> None:
    for before, after in itertools.pairwise(versions):
        old, new = before["row"], after["row"]
        if new is None:
            report.violations.append(f"the row of {task} went away: {_short(old)}")
        elif old is not None and old["status"] in FINAL and any(old.get(name) != new.get(name) for name in _OUTCOME):
            report.violations.append(f"an outcome of {task} was overwritten: {_short(old)} -> {_short(new)}")
        elif old is not None and new["attempts"] < old["attempts"]:
            report.violations.append(f"attempts of {task} were miscounted: {_short(old)} -> {_short(new)}")


def _overlaps(task: str, runs: Sequence[Run], report: Report) -> None:
    report.runs += len(runs)
    report.faults[_CUT_OFF] += sum(run.end is None for run in runs)
    report.faults[_ZOMBIES] += sum(run.end is not None and run.end > run.lease_until for run in runs)
    report.faults[_RENEWALS] += sum(run.renewals for run in runs)
    report.faults[_PAST_FIRST] += sum(
        run.end is not None and run.first_lease < run.end <= run.lease_until for run in runs
    )
    report.faults[_HANDED_BACK] += sum(run.error == "Interrupted" for run in runs)
    report.duplicated += sum(run.result is not None for run in runs) > 1
    for number, run in enumerate(runs):
        for later in runs[number + 1 :]:
            if later.attempt == run.attempt:
                report.violations.append(f"attempt {run.attempt} of {task} ran twice")
            if later.start < run.holds_until and run.start < later.holds_until:
                report.violations.append(
                    f"attempt {later.attempt} of {task} began {run.holds_until - later.start:.3f} s too early: "
                    f"attempt {run.attempt} was running under a live lease"
                )


def _result(task: str, row: Fact | None, runs: Sequence[Run], report: Report) -> None:
    if row is None or row["status"] != "SUCCEEDED":
        return
    winners = [run.result for run in runs if run.attempt == row["attempts"] and run.result is not None]
    if row.get("result") not in winners:
        report.violations.append(f"{task} has a result that its last attempt did not return: {_short(row)}, {winners}")


def _leases(task: str, versions: Sequence[Fact], runs: Sequence[Run], asked: Sequence[Fact], report: Report) -> None:
    """The leases that the log of effects speaks of are those of the table: a run's own, or one that was asked for."""
    told = {run.attempt: run.first_lease for run in runs}
    for version in versions:
        row = version["row"]
        if row is None or row["status"] != "RUNNING" or row["attempts"] not in told:
            continue
        lease = datetime.fromisoformat(row["lease_expires_at"]).timestamp()
        known = [told[row["attempts"]], *(fact["lease_until"] for fact in asked)]
        if min(abs(lease - until) for until in known) > _LEASE_SLACK_SECONDS:
            report.violations.append(f"the log of effects has another lease for {task}: {_short(row)}")


_SHOWN = ("status", "attempts", "attempts_left", "result", "lease_owner", "lease_expires_at")


def _short(row: Fact | None) -> str:
    return " ".join(f"{name}={row[name]!s:.60}" for name in _SHOWN if name in row) if row else "(no row)"
