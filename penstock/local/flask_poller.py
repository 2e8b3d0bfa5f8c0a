"""`flask penstock worker` on the local stack: ``python -m penstock.local.flask_poller --app shop:app --queue long``."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

from penstock.aws import emf
from penstock.errors import PenstockError
from penstock.flask.cli.worker import serve
from penstock.local import lifeline
from penstock.local.flask_app import load, tasks_of
from penstock.local.workers import GRACE_SECONDS, POLLER_READY_LINE


def main(arguments: Sequence[str]) -> int:
    """Work on one queue until the process is told to stop; 2 where the app or the queue does not fit."""
    parser = argparse.ArgumentParser(prog="python -m penstock.local.flask_poller", description=__doc__)
    parser.add_argument("--app", required=True, help="the Flask app, module:name")
    parser.add_argument("--queue", required=True)
    lifeline.add_argument(parser)
    options = parser.parse_args(arguments)
    lifeline.hold(options)
    try:
        app = load(options.app)
        with app.app_context():
            tasks = tasks_of(app)
            serve(
                tasks,
                [options.queue],
                grace=GRACE_SECONDS,
                count=partial(emf.count, tasks),
                alive=_say_once(POLLER_READY_LINE + options.queue),
            )
    except PenstockError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _say_once(line: str) -> Callable[[], None]:
    """Says at the first sign of life that the queue is polled; the app's own logging may swallow what is logged."""
    left = [line]

    def say() -> None:
        if left:
            print(left.pop(), flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
