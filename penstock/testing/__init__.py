"""For the tests of projects that use Penstock: no network, no AWS, no waiting.

    def test_a_signup_sends_one_mail(task_queue):        # a fixture of the pytest plugin, see plugin.py
        sign_up("ada@example.com")
        task_queue.assert_enqueued(send_welcome, "ada@example.com")
        [result] = task_queue.drain()
        assert result.status is Status.SUCCEEDED

``sandbox(tasks)`` is the same without pytest, ``inline(tasks)`` runs each task where it is enqueued, for breakpoints. What
runs is the real thing: envelope JSON, the event source mapping simulator, the batch handler, claims and settles, on
in-memory queues and an in-memory table. Production never imports this package.
"""

from penstock.testing.enqueued import Enqueued
from penstock.testing.faults import Killed
from penstock.testing.inline import Inline, inline
from penstock.testing.sandbox import Sandbox, sandbox

__all__ = ["Enqueued", "Inline", "Killed", "Sandbox", "inline", "sandbox"]
