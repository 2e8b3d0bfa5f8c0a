"""``python -m local demo [--json] [--files a.jpg b.png] | dev | env``."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.dev import dev, print_environment
from local.run_demo import demo
from penstock.errors import PenstockError
from penstock.local.stack import stop_signals

_INTERRUPTED = 130


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Parse, call one thing, answer with its exit code."""
    options = _parser().parse_args(arguments)
    try:
        with stop_signals():
            if options.command == "demo":
                return demo(options.files, environ, as_json=options.json, verbose=options.verbose)
            if options.command == "dev":
                return dev(environ)
            return print_environment(environ)
    except PenstockError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="This project on one machine, without AWS.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="real work from a web request through a queue to a worker and back")
    demo.add_argument("--json", action="store_true", help="print one JSON document, everything else to stderr")
    demo.add_argument("--files", nargs="+", type=Path, default=[], metavar="FILE", help="your own photos")
    demo.add_argument("--verbose", action="store_true", help="show what the stack's processes write")
    commands.add_parser("dev", help="keep the stack up, with reload, until Ctrl-C (WEB_PORT, MOTO_PORT)")
    commands.add_parser("env", help='the variables of the running `dev`, for eval "$(python -m local env)"')
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
