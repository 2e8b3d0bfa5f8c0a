"""What a tool says when it cannot go on."""

import sys
from collections.abc import Callable, Sequence

from penstock.packaging.failure import PackagingError


class ToolError(Exception):
    """It cannot be done; the message says what happened, with which value, and what to do."""


def exit_code(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run ``main``; its own exit code, or 1 with the words of the error on stderr instead of a traceback."""
    try:
        return main(arguments)
    except (ToolError, PackagingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted. Run the same command again: it goes on from what is there", file=sys.stderr)
        return 130
