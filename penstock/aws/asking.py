"""Questions to AWS whose refusal is an answer too, and what each answer tells of the clock."""

import time
from collections.abc import Callable, Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from penstock.aws.errors import code_of
from penstock.facts import ClockOffset, Maybe, NotReadable

T = TypeVar("T")

# HTTP's Date has whole seconds: the server's clock was somewhere within it.
DATE_RESOLUTION_SECONDS = 1.0


class Asking:
    """Asks, one call at a time. ``clock`` is this machine's, in seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._offsets: list[tuple[float, float]] = []

    def ask(
        self,
        permission: str,
        resource: str,
        call: Callable[[], Mapping[str, Any]],
        read: Callable[[Any], T],
        *,
        missing: Collection[str] = (),
    ) -> Maybe[T]:
        """``read`` of the answer to ``call``; None if AWS answers with a code in ``missing``: there is no such thing."""
        before = self._clock()
        try:
            answer = call()
        except ClientError as error:
            self._note_date(error.response, before)
            code = code_of(error) or error.response.get("Error", {}).get("Code", "")
            if code in missing:
                return None
            return NotReadable(permission, resource, f"{code}: {error.response.get('Error', {}).get('Message', '')}")
        except BotoCoreError as error:
            return NotReadable(permission, resource, " ".join(f"{type(error).__name__}: {error}".split()))
        self._note_date(answer, before)
        try:
            return read(answer)
        except (KeyError, IndexError, ValueError) as error:  # not of AWS, but of a proxy or of who plays AWS
            return NotReadable(
                permission, resource, f"an answer that AWS does not give: {type(error).__name__} {error}"
            )

    def offset(self) -> ClockOffset | None:
        """How far this machine's clock is ahead, from all answers together; None where none had a Date."""
        if not self._offsets:
            return None
        low, high = max(low for low, _ in self._offsets), min(high for _, high in self._offsets)
        # AWS's machines differ by milliseconds among themselves: the bounds may cross by as much.
        return ClockOffset(min(low, high), max(low, high))

    def _note_date(self, answer: Mapping[str, Any], before: float) -> None:
        after = self._clock()
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date is not None:
            told = parsedate_to_datetime(date).timestamp()
            self._offsets.append((before - told - DATE_RESOLUTION_SECONDS, after - told))
