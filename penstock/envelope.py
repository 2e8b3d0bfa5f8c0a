"""The versioned JSON that travels through SQS.

::

    {"v": 1, "id": "4f1c…", "send_id": "9ab0…", "task": "make_thumbnails",
     "args": [], "kwargs": {"key": "cat.jpg", "widths": [320]}, "created_at": "2026-11-21T04:36:38.123Z"}

``id`` names the task for its whole life, ``send_id`` this physical send. ``after`` is there on a retry by hand only: the
lease_owner token of the death that it answers. ``group`` is the message group (SQS forgets it when it deletes the
message, and a retry by hand needs it), ``origin`` the task that this one is an edited copy of, ``sensitive`` keeps
arguments and error texts out of the table. Unknown keys are refused: a newer writer raises ``v`` instead.

Arguments too large for a message are in the payload store, and the envelope says where (see arguments.py)::

    {"v": 2, "id": "4f1c…", "send_id": "9ab0…", "task": "import_rows", "created_at": "2026-11-21T04:36:38.123Z",
     "arguments": {"key": "arguments/4f1c…/77aa…", "sha256": "77aa…", "bytes": 2345678, "work_sha256": "e01b…"}}

Such an envelope, and no other, has version 2: a worker that does not know it leaves the message until it is deployed anew.
"""

import json
import math
import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from penstock.errors import MalformedEnvelope, UnsupportedVersion
from penstock.text import sha256
from penstock.times import from_text, to_text

VERSION = 2  # the newest that is read; written is the oldest that says everything
_ALWAYS = frozenset({"v", "id", "send_id", "task", "created_at"})
_REQUIRED = {1: _ALWAYS | {"args", "kwargs"}, 2: _ALWAYS | {"arguments"}}
_OPTIONAL = frozenset({"after", "run_after", "group", "origin", "tags", "sensitive"})

# What can stand in a URL, a shell line, a table's key and a log without quoting.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html: MessageGroupId
GROUP = re.compile(r"[!-~]{1,128}")

JSON = Any  # None, bool, int, float, str, list[JSON] or dict[str, JSON]


_SHA256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Pointer(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the arguments are: key, digest and size of an object in the payload store, and the digest of the work."""

    # This prefix only: no message can have a worker read what else is in the bucket.
    key: Annotated[str, msgspec.Meta(pattern=rf"^arguments/{ID.pattern}/[0-9a-f]{{64}}\Z")]
    sha256: _SHA256
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    work_sha256: _SHA256


class Envelope(Struct, frozen=True):
    """What a message says: which task, with which arguments, as which task id.

    Where ``arguments`` points to them, ``args`` and ``kwargs`` are empty.
    """

    id: str
    send_id: str
    task: str
    args: list[JSON]
    kwargs: dict[str, JSON]
    created_at: datetime
    run_after: datetime | None = None
    after: str | None = None
    group: str | None = None
    origin: str | None = None
    tags: tuple[str, ...] = ()
    sensitive: bool = False
    arguments: Pointer | None = None

    def resent(self, send_id: str, *, after: str | None = None) -> "Envelope":
        """The same task under a fresh send id, for another physical send."""
        return replace(self, send_id=send_id, after=after)

    def arguments_sha256(self) -> str:
        """A digest of task name and arguments: tells whether a known task id is asked for the same work."""
        if self.arguments is not None:
            return self.arguments.work_sha256
        work = [self.task, self.args, self.kwargs]
        try:
            content = msgspec.json.encode(work, order="deterministic")
        except (
            UnicodeError,
            OverflowError,
        ):  # lone surrogates and huge numbers: JSON has them, msgspec's encoder has not
            content = json.dumps(work, sort_keys=True, separators=(",", ":")).encode()
        return sha256(content)

    def to_json(self) -> str:
        """The message body: ASCII only, since SQS refuses some characters and ``\\u`` escapes hurt nobody."""
        fields: dict[str, JSON] = {
            "v": 1 if self.arguments is None else 2,
            "id": self.id,
            "send_id": self.send_id,
            "task": self.task,
            **({"args": self.args, "kwargs": self.kwargs} if self.arguments is None else {}),
            "created_at": to_text(self.created_at),
        }
        if self.arguments is not None:
            fields["arguments"] = asdict(self.arguments)
        if self.run_after is not None:
            fields["run_after"] = to_text(self.run_after)
        for name in ("after", "group", "origin"):
            if getattr(self, name) is not None:
                fields[name] = getattr(self, name)
        if self.tags:
            fields["tags"] = list(self.tags)
        if self.sensitive:
            fields["sensitive"] = True
        return json.dumps(fields, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, body: str) -> "Envelope":
        """Read a message body; MalformedEnvelope or UnsupportedVersion for whatever must not run."""
        try:
            fields = read_json(body)
        except ValueError as error:
            raise MalformedEnvelope(f"the body is not JSON: {error}") from None
        if not isinstance(fields, dict) or "v" not in fields:
            raise MalformedEnvelope("the body is not a Penstock envelope: no version field 'v'")
        version = fields["v"]
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise MalformedEnvelope(f"the envelope's version is {version!r:.80}, not a positive integer")
        if version > VERSION:
            raise UnsupportedVersion(
                f"the envelope has version {version!r:.80}; this process reads {VERSION} at most: deploy the workers, then the "
                "web, in the version that wrote it (docs/upgrading.md)"
            )
        return cls._from_fields(fields, brackets=body.count("[") + body.count("{"))

    @classmethod
    def _from_fields(cls, fields: dict[str, JSON], brackets: int) -> "Envelope":
        required = _REQUIRED[fields["v"]]
        missing, unknown = required - fields.keys(), fields.keys() - required - _OPTIONAL
        if missing or unknown:
            raise MalformedEnvelope(f"envelope keys missing: {sorted(missing)}, unknown: {sorted(unknown)!r:.200}")
        for name in ("id", "send_id", "after", "origin"):
            if name in fields and not (isinstance(fields[name], str) and ID.fullmatch(fields[name])):
                raise MalformedEnvelope(f"envelope {name!r} is no id: {fields[name]!r:.140}")
        tags, group = fields.get("tags", []), fields.get("group", "-")
        if not isinstance(tags, list) or not all(isinstance(tag, str) and ID.fullmatch(tag) for tag in tags):
            raise MalformedEnvelope(f"envelope 'tags' is no list of tags: {tags!r:.140}")
        if not isinstance(group, str) or not GROUP.fullmatch(group):
            raise MalformedEnvelope(f"envelope 'group' is no message group: {group!r:.140}")
        if not isinstance(fields.get("sensitive", False), bool):
            raise MalformedEnvelope("envelope 'sensitive' is neither true nor false")
        task = fields["task"]
        if not isinstance(task, str) or not 0 < len(task) <= MAX_NAME_LENGTH or not task.isprintable():
            raise MalformedEnvelope(f"envelope 'task' is not text of 1 to {MAX_NAME_LENGTH} printable characters")
        arguments = _pointer(fields["arguments"]) if "arguments" in fields else None
        args, kwargs = ([], {}) if arguments else checked_arguments(fields["args"], fields["kwargs"], brackets)
        return cls(
            id=fields["id"],
            send_id=fields["send_id"],
            task=fields["task"],
            args=args,
            kwargs=kwargs,
            created_at=_time(fields, "created_at"),
            run_after=_time(fields, "run_after") if "run_after" in fields else None,
            after=fields.get("after"),
            group=fields.get("group"),
            origin=fields.get("origin"),
            tags=tuple(tags),
            sensitive=fields.get("sensitive", False),
            arguments=arguments,
        )


def read_json(text: str | bytes) -> JSON:
    """JSON that can be written again as it is; ValueError for anything else, also where it is nested too deeply to read."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite, object_pairs_hook=_each_once)
    except RecursionError as error:
        raise ValueError(str(error)) from None


def checked_arguments(args: JSON, kwargs: JSON, brackets: int) -> tuple[list[JSON], dict[str, JSON]]:
    """Both, as they are; MalformedEnvelope where they are no call's. ``brackets`` is how often their text opens one."""
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise MalformedEnvelope("envelope 'args' is not a list or 'kwargs' is not an object")
    if brackets > MAX_DEPTH and any(is_deeper(value, MAX_DEPTH) for value in (*args, *kwargs.values())):
        raise MalformedEnvelope(f"an argument in the envelope is nested more than {MAX_DEPTH} levels deep")
    return args, kwargs


def _pointer(value: JSON) -> Pointer:
    try:
        return msgspec.convert(value, Pointer)
    except msgspec.ValidationError as error:
        raise MalformedEnvelope(f"envelope 'arguments' is no pointer to an object of arguments: {error}") from None


def _finite(text: str) -> float:
    # Python reads NaN, Infinity and 1e999, which no JSON text can say: such an envelope could not be written again.
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.20} is not a JSON number")
    return number


def _each_once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("an object has a key twice")
    return fields


def is_deeper(value: JSON, levels: int) -> bool:
    """True if lists and objects are nested in ``value`` more than ``levels`` deep. Takes no stack itself."""
    level = [value]
    for _ in range(levels):
        parents = [value for value in level if isinstance(value, list | dict)]
        level = [child for parent in parents for child in (parent.values() if isinstance(parent, dict) else parent)]
    return any(isinstance(value, list | dict) for value in level)


# Python reads deeper JSON than it writes, and how deep depends on the stack at that moment: a limit of our own.
MAX_DEPTH = 100
MAX_NAME_LENGTH = 256
LAST_YEAR = 9000  # rows outlive their task by weeks, and Python's calendar ends with 9999


def _time(fields: dict[str, JSON], name: str) -> datetime:
    try:
        at = from_text(to_text(from_text(fields[name])))
        if at.year > LAST_YEAR:
            raise ValueError
        return at
    except (TypeError, ValueError, OverflowError):
        raise MalformedEnvelope(f"envelope {name!r} is not a UTC time: {fields[name]!r:.80}") from None
