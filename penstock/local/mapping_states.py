"""Which queues are paused: the workers of the local stack look at their event source mappings, once a second."""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LOOK_SECONDS = 1.0  # less than mapping_api.SETTLING_SECONDS: what says Disabled is not polled any more
_PAUSED = ("Disabled", "Disabling")


class MappingStates:
    """Tells each listener (ARN of a queue -> function) whether its queue is enabled, again at each look."""

    def __init__(
        self,
        functions: "LambdaClient",
        listeners: Mapping[str, Callable[[bool], None]],
        *,
        on_error: Callable[[str], None],
    ) -> None:
        self._functions = functions
        self._listeners = listeners
        self._on_error = on_error
        self._told_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mapping-states", daemon=True)

    def look(self) -> None:
        """One look; a queue without a mapping stays as it is."""
        try:
            found = self._functions.list_event_source_mappings()["EventSourceMappings"]
        except (BotoCoreError, ClientError) as error:
            self._on_error(f"the event source mappings cannot be read ({error}); all stays as it is")
            return
        for mapping in found:
            listener = self._listeners.get(mapping["EventSourceArn"])
            if listener is not None:
                listener(mapping["State"] not in _PAUSED)

    def start(self) -> None:
        """Look now, then every second."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._told_to_stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._told_to_stop.wait(LOOK_SECONDS):
            self.look()
