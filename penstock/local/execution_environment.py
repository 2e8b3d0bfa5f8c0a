"""One local execution environment: a process that has loaded the handler and runs one invocation at a time."""

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from penstock.local.invocation import MAX_PAYLOAD_BYTES, FunctionError, InvocationResult, Returned, TimedOut

# The time for loading the handler (seconds). AWS gives 10; a busy laptop without .pyc files needs more.
INIT_TIMEOUT_SECONDS = 60.0
# How often a silent process is looked at: only where a child of a crashed handler keeps its descriptors open.
_LOOK_SECONDS = 0.5
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """A function as Lambda knows it.

    ``handler`` is ``module:name``, imported from ``directory``; ``environ`` is its whole environment; ``output`` is where
    stdout and stderr go, this process's own if None; or else ``on_line`` gets each line of both, from a thread.
    """

    handler: str
    directory: Path
    environ: Mapping[str, str]
    name: str = "penstock-local"
    arn_prefix: str = "arn:aws:lambda:us-east-1:123456789012:function:"
    memory_mb: int = 1024
    output: int | IO[Any] | None = None
    on_line: Callable[[str], None] | None = None

    def context(self) -> dict[str, str]:
        """The fields of the handler's context that stay the same."""
        return {
            "function_name": self.name,
            "function_version": "$LATEST",
            "invoked_function_arn": self.arn_prefix + self.name,
            "memory_limit_in_mb": str(self.memory_mb),
            "log_group_name": f"/aws/lambda/{self.name}",
            "log_stream_name": "local",
        }


class ExecutionEnvironment:
    """Started at once, so that it loads while others work; used by one thread at a time, but for ``close``."""

    def __init__(self, settings: FunctionSettings) -> None:
        request_end, self._requests = os.pipe()
        self._responses, response_end = os.pipe()
        self._received = b""
        self._ready = False
        self._killed = False
        self._closed = False
        try:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-u", "-m", "penstock.local.runtime", settings.handler),
                    *(str(request_end), str(response_end), json.dumps(settings.context())),
                ],
                cwd=settings.directory,
                env=_environ(settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if settings.on_line else settings.output,
                stderr=subprocess.STDOUT if settings.on_line else settings.output,
                pass_fds=(request_end, response_end),
                start_new_session=True,  # a group of its own: a kill takes along what the handler started
            )
        except BaseException:
            os.close(self._requests)
            os.close(self._responses)
            raise
        finally:
            os.close(request_end)
            os.close(response_end)
        self._reader: threading.Thread | None = None
        if settings.on_line is not None:
            # A pipe for each environment: lines of two that share one can get into each other.
            self._reader = threading.Thread(target=self._read_output, args=(settings.on_line,), daemon=True)
            self._reader.start()

    @property
    def usable(self) -> bool:
        """False once it timed out, crashed, could not load the handler or was closed."""
        return not self._killed and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def invoke(self, event: Mapping[str, Any], *, request_id: str, timeout: float) -> InvocationResult:
        """Run the handler, ``timeout`` seconds at most; loading it the first time does not count."""
        try:
            return self._load(request_id) or self._run(event, request_id, timeout)
        except OSError:  # the pipe broke: it crashed between two invocations, or was closed
            return self._exited(request_id)

    def kill(self) -> None:
        """End it and what it started; an invocation under way in another thread answers that the runtime exited."""
        if not self._killed:  # once: later its id may be someone else's
            self._killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """``kill`` it and give back its descriptors. Not while another thread is in ``invoke``."""
        self.kill()
        if not self._closed:
            self._closed = True
            os.close(self._requests)
            os.close(self._responses)
            if self._reader is not None:
                self._reader.join(_LOOK_SECONDS)

    def _read_output(self, on_line: Callable[[str], None]) -> None:
        if self._process.stdout is not None:
            with io.TextIOWrapper(self._process.stdout, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    on_line(line.rstrip("\n"))

    def _load(self, request_id: str) -> InvocationResult | None:
        if self._ready:
            return None
        answer = self._read_answer(INIT_TIMEOUT_SECONDS)
        if answer is None:
            self.kill()
            return FunctionError("Sandbox.Timedout", f"the handler was not loaded within {INIT_TIMEOUT_SECONDS:g} s")
        self._ready = "ready" in answer
        if self._ready:
            return None
        if not answer:
            return self._exited(request_id)
        self.kill()  # the next invocation loads anew, and is told the same if nothing has changed
        return _error(answer)

    def _run(self, event: Mapping[str, Any], request_id: str, timeout: float) -> InvocationResult:
        request = json.dumps({"request_id": request_id, "timeout": timeout, "event": event}).encode() + b"\n"
        while request:
            request = request[os.write(self._requests, request) :]
        answer = self._read_answer(timeout)
        if answer is None:
            self.kill()
            return TimedOut(timeout)
        if not answer:
            return self._exited(request_id)
        if "payload" not in answer:
            return _error(answer)
        payload: str = answer["payload"]
        if len(payload.encode()) > MAX_PAYLOAD_BYTES:
            return FunctionError(
                "Function.ResponseSizeTooLarge", f"the response is over Lambda's limit of {MAX_PAYLOAD_BYTES:,} bytes"
            )
        return Returned(payload)

    def _read_answer(self, timeout: float) -> dict[str, Any] | None:
        """The next answer; empty if the process ended without one, None if ``timeout`` seconds passed."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            ended = self._process.poll() is not None
            readable, _, _ = select.select([self._responses], [], [], 0 if ended else min(left, _LOOK_SECONDS))
            chunk = os.read(self._responses, _CHUNK_BYTES) if readable else b""
            self._received += chunk
            if not chunk and (readable or ended):
                return {}
        line, _, self._received = self._received.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _exited(self, request_id: str) -> FunctionError:
        self._wait_or_kill()
        code = self._process.returncode
        if code < 0:
            cause = f"with error: signal: {signal.strsignal(-code) or -code}".lower()
        else:
            cause = f"with error: exit status {code}" if code else "without providing a reason"
        return FunctionError("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited {cause}")

    def _wait_or_kill(self) -> None:
        # Its end of the pipe is closed, so it is as good as gone; its exit code comes a moment later.
        try:
            self._process.wait(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


def _error(answer: Mapping[str, Any]) -> FunctionError:
    return FunctionError(answer["errorType"], answer["errorMessage"])


def _environ(settings: FunctionSettings) -> dict[str, str]:
    # The ones that libraries look at: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    return dict(settings.environ) | {
        "_HANDLER": settings.handler,
        "AWS_LAMBDA_FUNCTION_NAME": settings.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
    }
