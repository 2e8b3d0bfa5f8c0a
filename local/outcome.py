"""What the demo watches and what came of it: values, and whether they are as they should be."""

from dataclasses import dataclass, field
from typing import Any

from penstock.states import Status

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """How a task should end: in which status, after how many attempts."""

    status: Status
    attempts: int


@dataclass(slots=True)
class Watched:
    """One task: ``label`` for people, ``document`` as the API last answered, ``problems`` found beyond the status."""

    label: str
    note: str
    expected: Expectation
    document: Document
    history: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The task id."""
        return str(self.document["id"])

    @property
    def status(self) -> Status:
        """The status as last seen."""
        return Status(self.document["status"])

    @property
    def attempts(self) -> int:
        """How often the task's code was started."""
        return int(self.document["attempts"])

    @property
    def moment(self) -> str:
        """Status and attempt in words: what changes are told by."""
        return f"{self.status}, attempt {self.attempts}" if self.attempts else str(self.status)

    def see(self, document: Document) -> bool:
        """Take a newer document; True if the status or the attempts changed."""
        before = self.history[-1] if self.history else ""
        self.document = document
        if self.moment == before:
            return False
        self.history.append(self.moment)
        return True

    def mismatch(self) -> list[str]:
        """What is not as it should be, in words; empty where all is well."""
        found = list(self.problems)
        if self.status is not self.expected.status:
            found.append(f"is {self.status}, should be {self.expected.status}{_because(self.document)}")
        if self.attempts != self.expected.attempts:
            found.append(f"took {self.attempts} attempts, should take {self.expected.attempts}")
        if self.expected.status is Status.FAILED and not self.document["error"]:
            found.append("gives no reason for its failure")
        return found

    def to_json(self) -> Document:
        """The task's part of ``demo --json``."""
        kept = ("id", "task", "queue", "status", "attempts", "duration_ms", "result", "error")
        problems = self.mismatch()
        return {
            "label": self.label,
            "note": self.note,
            **{key: self.document[key] for key in kept},
            "history": self.history,
            "expected": {"status": self.expected.status.value, "attempts": self.expected.attempts},
            "ok": not problems,
            "problems": problems,
        }


@dataclass(frozen=True, slots=True)
class Command:
    """A command line that the demo ran, and what it printed."""

    line: str
    exit_code: int
    output: str


def _because(document: Document) -> str:
    error = document["error"]
    return f" ({error['type']}: {error['message']})" if error else ""
