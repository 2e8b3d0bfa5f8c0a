"""What an invocation of a Lambda function can come to, and what a caller needs of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB each for the request and the response
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Returned:
    """The handler returned; ``payload`` is the JSON text of what it returned."""

    payload: str


@dataclass(frozen=True, slots=True)
class FunctionError:
    """The handler raised, its process ended, or it could not be loaded: ``error_type`` and ``message`` as Lambda puts them."""

    error_type: str
    message: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The handler ran longer than its timeout (seconds) and was killed."""

    timeout: float


@dataclass(frozen=True, slots=True)
class Throttled:
    """Nothing ran: as many invocations as the function may have at once were under way."""

    limit: int


InvocationResult = Returned | FunctionError | TimedOut | Throttled


class Function(Protocol):
    """Something to invoke. Errors of the function are answers; ``invoke`` itself does not raise for them."""

    def invoke(self, event: Mapping[str, Any], timeout: float) -> InvocationResult:
        """Run the handler with ``event``, for ``timeout`` seconds at most, and wait for its end."""
        ...
