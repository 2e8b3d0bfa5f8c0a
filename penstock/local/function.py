"""A local Lambda function: a pool of execution environments, made when they are needed and used again when they are idle."""

import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from penstock.errors import ConfigurationError
from penstock.local.execution_environment import ExecutionEnvironment, FunctionSettings
from penstock.local.invocation import FunctionError, InvocationResult, Throttled


def new_request_id() -> str:
    """A fresh request id, in the form of AWS's."""
    return str(uuid.uuid4())


def require_handler(path: str) -> None:
    """ConfigurationError unless ``path`` has the form module:name."""
    module, colon, name = path.partition(":")
    if not (module and colon and name):
        raise ConfigurationError(f"the handler {path!r} is not of the form module:name, such as lambdas.worker:handler")


class LocalFunction:
    """A ``Function`` in processes of this machine; safe between threads.

    At most ``limit`` invocations run at once; one more is throttled. After a timeout or a crash the next invocation gets a
    fresh environment (a cold start); an exception in the handler keeps it.
    """

    def __init__(
        self, settings: FunctionSettings, *, limit: int, request_ids: Callable[[], str] = new_request_id
    ) -> None:
        require_handler(settings.handler)
        if limit < 1:
            raise ConfigurationError(f"LocalFunction(limit={limit}): at least one invocation must be possible")
        self._settings = settings
        self._limit = limit
        self._request_ids = request_ids
        self._lock = threading.Lock()
        self._idle: list[ExecutionEnvironment] = []
        self._busy: set[ExecutionEnvironment] = set()
        self._closed = False

    def warm(self, count: int) -> None:
        """Start environments until ``count`` are idle, within the limit: they load while nobody waits for them yet."""
        with self._lock:
            while not self._closed and len(self._idle) < count and len(self._idle) + len(self._busy) < self._limit:
                self._idle.append(ExecutionEnvironment(self._settings))

    def invoke(self, event: Mapping[str, Any], timeout: float) -> InvocationResult:
        """Run the handler with ``event``, for ``timeout`` seconds at most, and wait for its end."""
        with self._lock:
            if self._closed:
                return FunctionError("Runtime.ExitError", f"the function {self._settings.name} is closed")
            if len(self._busy) >= self._limit:
                return Throttled(self._limit)
            environment = self._take()
        try:
            return environment.invoke(event, request_id=self._request_ids(), timeout=timeout)
        finally:
            self._give_back(environment)

    def close(self) -> None:
        """End all environments; invocations under way answer that the runtime exited."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for environment in idle:
            environment.close()
        for environment in busy:
            environment.kill()  # the thread that uses it closes it

    def _take(self) -> ExecutionEnvironment:
        while self._idle:
            environment = self._idle.pop()  # the one used last: the others may stay idle
            if environment.usable:
                break
            environment.close()
        else:
            environment = ExecutionEnvironment(self._settings)
        self._busy.add(environment)
        return environment

    def _give_back(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._busy.discard(environment)
            keep = environment.usable and not self._closed
            if keep:
                self._idle.append(environment)
        if not keep:
            environment.close()
