"""ECS's task protection: while a task runs for long, neither a deployment nor the scaling ends the container it runs in.

ECS's agent answers beside the container, where the environment's ECS_AGENT_URI says, and acts with the container's own role:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

import json
import urllib.request
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from urllib.error import HTTPError

from penstock.telemetry import logger
from penstock.times import Clock, seconds

# A run that is cut off before has lost little; and ECS does not want to be called for every short one.
AFTER_SECONDS = 20
# A worker that hangs must not be kept for long: its protection is asked for again and again.
EXPIRES_MINUTES = 15
AGAIN_SECONDS = 300
_PAUSE_AFTER_FAILURE_SECONDS = 60
_TIMEOUT_SECONDS = 2.0  # the heartbeat waits meanwhile
_MAX_ANSWER_BYTES = 10_000

Ask = Callable[[bool], str]


class TaskProtection:
    """Asks for protection beside a run that goes on for long, and gives it back after it; ``ask`` says why not, or nothing.

    Nothing depends on it: where it is refused, a worker can be ended as ever.
    """

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._busy_since: datetime | None = None
        self._next_at: datetime | None = None
        self._may_be_on = False
        self._told = ""

    def show(self, busy: bool) -> None:
        """Called again and again: ``busy`` beside a run, not ``busy`` between two."""
        now = self._clock()
        if busy != (self._busy_since is not None):  # a run begins, or has ended
            self._busy_since, self._next_at = now if busy else None, None
        if self._busy_since is not None and now >= self._busy_since + seconds(AFTER_SECONDS):
            self._want(True, now)
        elif not busy and self._may_be_on:
            self._want(False, now)

    def _want(self, on: bool, now: datetime) -> None:
        if self._next_at is not None and now < self._next_at:
            return
        why_not = self._ask(on)
        self._may_be_on = on or bool(why_not)
        self._next_at = now + seconds(_PAUSE_AFTER_FAILURE_SECONDS if why_not else AGAIN_SECONDS)
        if why_not and why_not != self._told:
            logger.warning("ECS does not %s this container: %s", "protect" if on else "stop protecting", why_not)
        self._told = why_not


def ecs_agent(uri: str) -> Ask:
    """What asks the agent at ``uri`` (ECS_AGENT_URI)."""
    # Never through a proxy: the address is the machine's own.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(on: bool) -> str:
        wanted = {"ProtectionEnabled": on, **({"ExpiresInMinutes": EXPIRES_MINUTES} if on else {})}
        request = urllib.request.Request(  # noqa: S310 - the address is ECS's own word
            f"{uri.rstrip('/')}/task-protection/v1/state",
            data=json.dumps(wanted).encode(),
            headers={"Content-Type": "application/json"},
            method="PUT",
        )
        try:
            with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                said = answer.read(_MAX_ANSWER_BYTES)
        except HTTPError as error:
            said = error.read(_MAX_ANSWER_BYTES)  # why, in words
        except (OSError, HTTPException) as error:
            return f"its agent does not answer ({error})"
        try:
            is_done = json.loads(said)["protection"]["ProtectionEnabled"] is on
        except (ValueError, KeyError, TypeError):
            is_done = False
        return "" if is_done else f"its agent says {said.decode(errors='replace'):.500}"

    return ask
