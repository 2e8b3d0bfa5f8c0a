"""What runs inside a local execution environment: it loads the handler and serves one invocation after another.

``python -m penstock.local.runtime HANDLER REQUESTS RESPONSES CONTEXT``, started by ``function.py``: HANDLER is
``module:name``, REQUESTS and RESPONSES are file descriptors that carry one JSON document a line, CONTEXT is JSON. What the
handler prints goes where it always goes, and cannot get between the lines of the answers.
"""

import contextlib
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Handler = Callable[[Any, "LambdaContext"], Any]


@dataclass(frozen=True)
class LambdaContext:
    """The handler's second argument: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    aws_request_id: str
    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str
    deadline: float
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class LoadError(Exception):
    """The handler cannot be had; ``error_type`` is Lambda's name for it."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def main(arguments: list[str]) -> None:
    """Serve until the requests end."""
    handler_path, requests_text, responses_text, context_text = arguments
    requests, responses = int(requests_text), int(responses_text)
    for descriptor in (requests, responses):
        os.set_inheritable(descriptor, False)  # a child of the handler must not keep the answers open after a crash
    # Reading has a thread of its own: the handler needs the main thread (signals), and when the other end goes away while
    # it runs, nobody waits for its answer any more.
    incoming: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, incoming), name="requests", daemon=True).start()
    try:
        handler = load(handler_path)
    except LoadError as error:
        answer(responses, _error(error.error_type, str(error)))
        os._exit(1)
    answer(responses, {"ready": True})
    context_fields = json.loads(context_text)
    while True:
        request = json.loads(incoming.get())
        context = LambdaContext(
            aws_request_id=request["request_id"], deadline=time.monotonic() + request["timeout"], **context_fields
        )
        document = invoke(handler, request["event"], context)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # closed by the handler, or nobody listens: not our answer
                stream.flush()
        answer(responses, document)


def load(path: str) -> Handler:
    """Import ``module:name``; LoadError says what is wrong, in Lambda's words."""
    module_name, _, name = path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        traceback.print_exc()
        raise LoadError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        traceback.print_exc()
        raise LoadError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}") from error
    except Exception as error:
        traceback.print_exc()
        raise LoadError(type(error).__name__, str(error)) from error
    handler = getattr(module, name, None)
    if not callable(handler):
        what = "missing on" if handler is None else "not callable in"
        raise LoadError("Runtime.HandlerNotFound", f"Handler '{name}' {what} module '{module_name}'")
    return handler  # type: ignore[no-any-return]


def invoke(handler: Handler, event: object, context: LambdaContext) -> dict[str, object]:
    """Call the handler; its answer or its error. SystemExit is neither: it ends the environment, as at AWS."""
    try:
        returned = handler(event, context)
    except Exception as error:
        traceback.print_exc()
        return _error(type(error).__name__, str(error))
    try:
        return {"payload": json.dumps(returned)}
    except (TypeError, ValueError, RecursionError) as error:
        return _error("Runtime.MarshalError", f"Unable to marshal response: {error}")


def answer(responses: int, document: dict[str, object]) -> None:
    """Write one line."""
    line = json.dumps(document).encode() + b"\n"
    while line:
        line = line[os.write(responses, line) :]


def _error(error_type: str, message: str) -> dict[str, object]:
    return {"errorType": error_type, "errorMessage": message}


def _read(requests: int, incoming: "queue.SimpleQueue[bytes]") -> None:
    with os.fdopen(requests, "rb") as lines:
        for line in lines:
            incoming.put(line)
    # The end: the environment was closed, or its owner is gone. Take along what the handler started, if this group is ours.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
