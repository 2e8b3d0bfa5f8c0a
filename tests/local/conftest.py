"""moto as a process of its own, the way the local stack runs it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """Where a moto answers that the tests of this process share: use names of your own."""
    command = [sys.executable, "-m", "penstock.local.moto_host", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as moto:
        assert moto.stdout is not None
        yield moto.stdout.readline().split()[-1]
        moto.terminate()
