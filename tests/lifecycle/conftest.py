"""One world a test."""

import pytest

from tests.lifecycle.world import World


@pytest.fixture
def world() -> World:
    return World()
