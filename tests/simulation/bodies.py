"""Bad message bodies, made from a seed: none of them may run code, and each must end in the dead-letter queue."""

import json
import random
import string
from collections.abc import Callable
from typing import Any

LARGEST = 900_000  # SQS takes 1 MiB with the attributes
LARGE_KINDS = 8

TIMES: tuple[Any, ...] = (
    "",
    "yesterday",
    5,
    None,
    [],
    True,
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-13-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
)
IDS: tuple[Any, ...] = (
    "",
    " ",
    "-x",
    "ä",
    "a" * 129,
    "\ud800",
    "a/b",
    "a\n",
    "a\x00",
    5,
    1.5,
    None,
    [],
    {"a": 1},
    True,
)


def deep(levels: int) -> Any:
    """A list in a list in a list ..."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


# Every one of these makes a good envelope bad.
WRONG: dict[str, tuple[Any, ...]] = {
    "v": (0, -1, 2, 99, 10**30, 1.5, True, False, "1", None, [], {}),
    "id": IDS,
    "send_id": IDS,
    "after": IDS,
    "origin": IDS,
    "task": ("", "nobody", "good\n", " good", "x" * 257, "a\x00b", "\ud800", 7, None, [], {}),
    "args": ("", {}, None, 5, True, [1, 2], ["no number"], [None], [[]], [1.5], [deep(101)], [{"n": 1}], ["\ud800"]),
    "kwargs": ([], None, "x", 5, {"unknown": 1}, {"n": 1}, {"": 1}, {"\ud800": 1}, {"x": deep(101)}),
    "created_at": TIMES,
    "run_after": TIMES,
    "group": ("", " ", "a" * 129, 5, None, "ü", [], "\ud800"),
    "tags": ("x", [1], [""], {}, None, [["a"]], ["\ud800"], 5),
    "sensitive": (0, 1, "yes", None, []),
}
FOREIGN: tuple[Any, ...] = (
    {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "k"}}}]},
    {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": "arn:aws:sns:x",
        "Message": "{}",
        "Timestamp": "2026-01-01T00:00:00Z",
    },
    {"body": "W1tdLCB7fV0=", "content-encoding": "utf-8", "headers": {"task": "good", "id": "1"}, "properties": {}},
    {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
    {"job_class": "Good", "job_id": "1", "arguments": [1]},
    [{"v": 1}],
    "good",
    1,
    None,
    True,
)


def good(number: int) -> dict[str, Any]:
    """An envelope that runs."""
    return {
        "v": 1,
        "id": f"good-{number}",
        "send_id": f"send-{number}",
        "task": "good",
        "args": [number],
        "kwargs": {},
        "created_at": "2026-01-01T00:00:00.000Z",
    }


class Bodies:
    """An endless source of bad bodies; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0
        self._kinds: tuple[Callable[[], str], ...] = (
            self._one_wrong,
            self._one_wrong,
            self._one_wrong,
            self._two_wrong,
            self._missing,
            self._unknown_key,
            self._key_twice,
            self._cut,
            self._surrounded,
            self._no_number,
            self._encoded_again,
            self._foreign,
            self._pointing,
            self._tree,
            self._nested,
            self._huge_number,
            self._text,
        )

    def next(self) -> str:
        """One bad body."""
        self._number += 1
        if self._random.random() < 0.002:
            return self.large(self._random.randrange(LARGE_KINDS))
        return self._random.choice(self._kinds)()

    def _good(self) -> dict[str, Any]:
        return {**good(self._number), "id": f"bad-{self._number}"}

    def _one_wrong(self) -> str:
        field = self._random.choice(sorted(WRONG))
        return json.dumps({**self._good(), field: self._random.choice(WRONG[field])})

    def _two_wrong(self) -> str:
        return json.dumps(
            self._good() | {field: self._random.choice(WRONG[field]) for field in self._some(sorted(WRONG), 2)}
        )

    def _pointing(self) -> str:
        """To arguments that are nowhere, or by a pointer with something wrong in it."""
        digest = f"{self._random.getrandbits(256):064x}"
        pointer = {"key": f"arguments/{self._number}/{digest}", "sha256": digest, "bytes": 1, "work_sha256": digest}
        if self._random.random() < 0.7:
            pointer[self._random.choice(sorted(pointer))] = self._value(1)
        envelope = {**self._good(), "v": 2, "arguments": pointer}
        for field in self._some(["args", "kwargs"], self._random.choice((1, 2, 2, 2))):
            del envelope[field]
        return json.dumps(envelope)

    def _some(self, values: list[str], count: int) -> list[str]:
        return self._random.sample(values, count)

    def _missing(self) -> str:
        envelope = self._good()
        for field in self._some(sorted(envelope), self._random.randint(1, 7)):
            del envelope[field]
        return json.dumps(envelope)

    def _unknown_key(self) -> str:
        return json.dumps({**self._good(), self._word() + "!": self._value(2)})

    def _key_twice(self) -> str:
        text = json.dumps(self._good())
        return text[:-1] + f', "{self._random.choice(sorted(good(0)))}": 1' + "}"

    def _cut(self) -> str:
        text = json.dumps(self._good())
        return text[: self._random.randrange(1, len(text))]

    def _surrounded(self) -> str:
        text = json.dumps(self._good())
        before, after = self._random.choice(
            (("\ufeff", ""), ("", "}"), ("", "\x00"), ("//x\n", ""), ("[", ""), ("'", "'"), ("", ","))
        )
        return before + text + after

    def _no_number(self) -> str:
        number = self._random.choice(("NaN", "Infinity", "-Infinity", "1e999", "01", "0x10", "1_000", "+1", ".5", "١"))
        return json.dumps(self._good()).replace(f"[{self._number}]", f"[{number}]")

    def _encoded_again(self) -> str:
        return self._random.choice(
            (json.dumps(json.dumps(self._good())), repr(self._good()), json.dumps([self._good()]))
        )

    def _foreign(self) -> str:
        return json.dumps(self._random.choice(FOREIGN))

    def _tree(self) -> str:
        return json.dumps(self._value(4))

    def _nested(self) -> str:
        levels = self._random.choice((50, 500, 1_000, 5_000, 20_000))
        opening, closing = self._random.choice((("[", "]"), ('{"a":', "}"), ('{"v":1,"args":[', "]}")))
        return opening * levels + "1" + closing * self._random.choice((levels, levels, 0))

    def _huge_number(self) -> str:
        # Python reads integers of up to 4,300 digits; what is longer is no JSON to it.
        digits = "9" * self._random.choice((4_301, 50_000))
        return json.dumps(self._good()).replace(f"[{self._number}]", f"[{digits}]")

    def _text(self) -> str:
        return (
            "".join(self._random.choices(string.printable + "äß€😀\u2028", k=self._random.randint(1, 200))).strip()
            or "x"
        )

    def large(self, kind: int) -> str:
        """A body of almost the size that SQS takes; ``kind`` is 0 to LARGE_KINDS - 1."""
        envelope = self._good()
        if kind == 0:
            return "a" * LARGEST
        if kind == 1:
            return "[" * LARGEST
        if kind == 2:
            return "9" * LARGEST
        if kind == 3:
            return json.dumps({**envelope, "args": [[1] * (LARGEST // 4)]})
        if kind == 4:
            return json.dumps({**envelope, "args": [[[]] * (LARGEST // 4)]})
        if kind == 5:
            return json.dumps({**envelope, "kwargs": {"n": 1, "x": {str(n): n for n in range(LARGEST // 18)}}})
        if kind == 6:
            return json.dumps({**envelope, "x" * LARGEST: 1})
        return json.dumps({**envelope, "id": "\\" * (LARGEST // 3)})

    def _word(self) -> str:
        return "".join(self._random.choices("abcxyz", k=self._random.randint(1, 8)))

    def _value(self, depth: int) -> Any:
        kind = self._random.randrange(8 if depth else 6)
        if kind == 6:
            return [self._value(depth - 1) for _ in range(self._random.randint(0, 4))]
        if kind == 7:
            return {self._word(): self._value(depth - 1) for _ in range(self._random.randint(0, 4))}
        return (None, True, self._random.randint(-(2**70), 2**70), self._random.random(), self._word(), "\ud800")[kind]
