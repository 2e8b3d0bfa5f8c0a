"""assert_enqueued and refute_enqueued: what they accept, and what they say."""

import pytest

from penstock.errors import InvalidArguments


def test_a_call_that_was_enqueued_is_found(shop, task_queue):
    result = shop.greet.enqueue("Ada")
    assert task_queue.assert_enqueued(shop.greet, "Ada").id == result.id


@pytest.mark.parametrize(("args", "kwargs"), [(("Ada",), {}), ((), {"name": "Ada"}), (("Ada", "hello"), {})])
def test_how_a_call_is_spelt_makes_no_difference(shop, task_queue, args, kwargs):
    shop.greet.enqueue("Ada")
    task_queue.assert_enqueued(shop.greet, *args, **kwargs)


def test_without_arguments_any_call_of_the_task_will_do(shop, task_queue):
    shop.greet.enqueue("Ada", greeting="hi")
    task_queue.assert_enqueued(shop.greet)


def test_the_message_shows_what_was_enqueued_instead(shop, task_queue):
    shop.greet_all.enqueue(["Bo"])
    shop.greet.using(delay=30, tags=("vip",)).enqueue("Bo")
    with pytest.raises(AssertionError) as failure:
        task_queue.assert_enqueued(shop.greet, "Ada")
    assert str(failure.value) == (
        'not enqueued: greet(name="Ada")\n'
        "enqueued:\n"
        "  greet(name=\"Bo\")  using(delay=30, tags=('vip',))  on default\n"
        '  greet_all(names=["Bo"])  on default'
    )


def test_the_message_says_that_nothing_was_enqueued(shop, task_queue):
    with pytest.raises(AssertionError, match="nothing was enqueued"):
        task_queue.assert_enqueued(shop.greet)


def test_a_refuted_call_that_was_enqueued_is_shown(shop, task_queue):
    shop.greet.enqueue("Ada")
    with pytest.raises(AssertionError, match=r'(?s)should not be: greet\(name="Ada"\).*on default'):
        task_queue.refute_enqueued(shop.greet, "Ada")


def test_another_call_is_refuted(shop, task_queue):
    shop.greet.enqueue("Ada")
    task_queue.refute_enqueued(shop.greet, "Bo")


def test_arguments_that_no_call_could_have_are_an_error(shop, task_queue):
    with pytest.raises(InvalidArguments, match="greet"):
        task_queue.assert_enqueued(shop.greet, nmae="Ada")


def test_the_options_can_be_looked_at(shop, task_queue):
    shop.greet.using(delay=30).enqueue("Ada")
    assert task_queue.assert_enqueued(shop.greet, "Ada").delay == 30


def test_calls_of_enqueue_many_count_each(shop, task_queue):
    shop.tasks.enqueue_many([shop.greet.call("Ada"), shop.greet.call("Bo")])
    assert [call.kwargs for call in task_queue.enqueued(shop.greet)] == [{"name": "Ada"}, {"name": "Bo"}]


def test_calls_made_by_tasks_count_as_well(shop, task_queue):
    shop.greet_all.enqueue(["Ada"])
    task_queue.drain()
    task_queue.assert_enqueued(shop.greet, "Ada")


def test_a_call_too_large_for_a_message_is_found(shop, task_queue):
    shop.greet.enqueue("x" * 1_048_576)
    task_queue.assert_enqueued(shop.greet, "x" * 1_048_576)
