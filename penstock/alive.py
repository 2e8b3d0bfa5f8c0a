"""A worker's sign of life: a file that it touches while it is well, and the check of a container that looks at its age.

``python -m penstock.alive FILE`` ends with 0 where the file is young enough, else with 1 and one line that says why. It loads
no app and asks nobody.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from penstock.errors import ConfigurationError
from penstock.telemetry import logger

# Longer than a well worker is silent: in a receive without an answer, or in the calls around a task's run, tried three times.
MAX_AGE_SECONDS = 120


class SignOfLife:
    """The worker's side; ConfigurationError where the file cannot be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_told = False
        try:
            path.touch()
        except OSError as error:
            raise ConfigurationError(
                f"the alive file {path} cannot be written: {error.strerror}. Name one in a folder that this user may write "
                "to, such as /tmp; under a read-only root, mount a tmpfs there"
            ) from None

    def show(self) -> None:
        """Touch the file. A disk that fails later ends no task: it is told once, and the check will miss the sign."""
        try:
            self._path.touch()
        except OSError as error:
            if not self._is_told:
                logger.warning("the alive file %s is not touched any more: %s", self._path, error.strerror)
            self._is_told = True


def what_is_wrong(path: Path, max_age: float, now: float) -> str:
    """Empty where the sign of life at ``path`` is at most ``max_age`` seconds old; ``now`` is seconds since 1970."""
    try:
        age = now - path.stat().st_mtime
    except OSError as error:
        return f"there is no sign of life at {path}: {error.strerror}. Start the worker with --alive-file {path}"
    if age > max_age:
        return f"the worker's last sign of life is {age:.0f} s old, more than {max_age:.0f} s: it is stuck"
    return ""


def main(arguments: Sequence[str]) -> int:
    """The check: 0 well, 1 not, 2 the command line is wrong."""
    parser = argparse.ArgumentParser(prog="python -m penstock.alive", description="Is the worker well?")
    parser.add_argument("file", type=Path, help="what --alive-file of `flask penstock worker` names")
    parser.add_argument(
        "--max-age", type=float, default=MAX_AGE_SECONDS, metavar="SECONDS", help="default: %(default)s"
    )
    options = parser.parse_args(arguments)
    wrong = what_is_wrong(options.file, options.max_age, time.time())
    if wrong:
        print(wrong, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
