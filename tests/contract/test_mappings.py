"""The contract of ``Mappings``: in memory, and penstock.aws on the local stack's own API of event source mappings."""

import pytest

from penstock.errors import NoMapping, UnknownQueue
from penstock.ports import Ports
from penstock.watching import Mapping, Mappings


@pytest.fixture
def mappings(ports: Ports) -> Mappings:
    return ports.mappings


def enabled(mappings: Mappings, queue: str = "default") -> bool | None:
    mapping = mappings.get(queue)
    return None if mapping is None else mapping.enabled


def test_a_mapping_says_which_function_gets_how_much(mappings: Mappings) -> None:
    mapping = mappings.get("default")
    assert mapping is not None
    assert mapping == Mapping(
        queue="default",
        enabled=True,
        state=mapping.state,
        function="test-worker-default",
        batch_size=10,
        batch_window=0,
        max_concurrency=5,
        reports_failures=True,
    )


def test_a_queue_that_nothing_polls_has_none(mappings: Mappings) -> None:
    assert mappings.get("orders") is None


def test_a_queue_that_nothing_polls_cannot_be_paused(mappings: Mappings) -> None:
    with pytest.raises(
        NoMapping, match=r"no event source mapping polls the queue 'orders' .*nothing to pause.*terraform apply"
    ):
        mappings.set_enabled("orders", False)


def test_a_paused_queue_stays_paused(mappings: Mappings) -> None:
    mappings.set_enabled("default", False)
    assert enabled(mappings) is False


def test_pausing_says_how_far_it_is_in_the_words_of_aws(mappings: Mappings) -> None:
    paused = mappings.set_enabled("default", False)
    assert (paused.enabled, paused.state) in [(False, "Disabling"), (False, "Disabled")]


def test_a_paused_queue_can_be_resumed(mappings: Mappings) -> None:
    mappings.set_enabled("default", False)
    resumed = mappings.set_enabled("default", True)
    assert (resumed.enabled, enabled(mappings)) == (True, True)


def test_pausing_twice_is_pausing_once(mappings: Mappings) -> None:
    mappings.set_enabled("default", False)
    assert mappings.set_enabled("default", False).enabled is False


def test_a_pause_changes_nothing_else(mappings: Mappings) -> None:
    paused = mappings.set_enabled("default", False)
    assert (paused.batch_size, paused.max_concurrency, paused.reports_failures) == (10, 5, True)


def test_a_queue_that_the_settings_do_not_name_is_an_error(mappings: Mappings) -> None:
    with pytest.raises(UnknownQueue, match=r"'nope'"):
        mappings.set_enabled("nope", False)
