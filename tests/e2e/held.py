"""Runs a program that must not outlive whoever started it: ``python -m tests.e2e.held --lifeline PROGRAM ARGUMENT ...``.

The emulator knows nothing of lifelines: were the tests killed, it and its functions would go on for ever.
"""

import argparse
import subprocess
import sys

from penstock.local import lifeline


def main(arguments: list[str]) -> int:
    """Run the program to its end; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    lifeline.add_argument(parser)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    lifeline.hold(options)
    return subprocess.run(options.program, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
