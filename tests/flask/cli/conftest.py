"""``flask penstock`` on the app of tests/flask, and tasks that died."""

import json

import pytest
from msgspec.structs import replace


@pytest.fixture
def run(app):
    """Run ``flask penstock <words>``."""
    return lambda *words: app.test_cli_runner().invoke(args=["penstock", *words])


@pytest.fixture
def answer(run):
    """The JSON document of ``flask penstock <words> --json``, which must end with 0."""

    def ask(*words):
        result = run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return ask


@pytest.fixture
def dead(tasks, worker):
    """A task that died, its message in the dead-letter queue."""
    result = tasks.registry["hopeless"].using(task_id="import-7").enqueue("milk")
    worker.bury()
    return result


@pytest.fixture
def die(tasks, worker):
    """Let ``count`` tasks die of one error; its fingerprint."""

    def kill(count):
        for number in range(count):
            tasks.registry["hopeless"].using(task_id=f"t-{number}").enqueue("milk")
            worker.work()
        return tasks.result("t-0").error.fingerprint

    return kill


class Interrupted:
    """A transport in front of another one, whose ``send`` is interrupted the ``nth`` time, as by Ctrl-C."""

    def __init__(self, transport, nth):
        self._transport, self._left = transport, nth

    def __getattr__(self, name):
        return getattr(self._transport, name)

    def send(self, message):
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return self._transport.send(message)


@pytest.fixture
def interrupt_send(tasks):
    """Ctrl-C at the ``nth`` send from now."""
    return lambda nth: tasks.connect(replace(tasks.ports, transport=Interrupted(tasks.ports.transport, nth)))
