"""The supervisor with small real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from penstock.local.process import Child, Program, StackError
from penstock.local.supervisor import Supervisor

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"


class Lines(list[tuple[str, str]]):
    def __call__(self, name: str, line: str) -> None:
        self.append((name, line))


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def supervisor(lines: Lines) -> Iterator[Supervisor]:
    supervisor = Supervisor(lines)
    yield supervisor
    supervisor.stop()


def is_ready(child: Child) -> bool:
    return child.said("ready")


def program(name: str, code: str, *arguments: str, start_timeout: float = 20.0) -> Program:
    return Program(
        name, (sys.executable, "-c", code, *arguments), os.environ, Path.cwd(), is_ready, start_timeout=start_timeout
    )


def alive(pid: int) -> bool:
    """True unless the process is gone or only waits to be reaped by somebody else."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_lines_arrive_with_the_name_of_their_process(supervisor: Supervisor, lines: Lines) -> None:
    supervisor.start(program("one", SLEEPER), program("two", SLEEPER))
    assert sorted(lines) == [("one", "ready"), ("two", "ready")]


def test_stop_leaves_no_process_behind(supervisor: Supervisor) -> None:
    supervisor.start(program("one", SLEEPER), program("two", SLEEPER))
    pids = supervisor.pids
    supervisor.stop()
    assert (len(pids), supervisor.pids, [alive(pid) for pid in pids.values()]) == (2, {}, [False, False])


def test_stop_kills_what_a_child_started_itself(supervisor: Supervisor, lines: Lines) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('ready', child.pid, flush=True); time.sleep(600)"
    )
    supervisor.start(program("parent", code))
    grandchild = int(lines[0][1].split()[1])
    supervisor.stop()
    assert eventually(lambda: not alive(grandchild))


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.local.supervisor.GRACE_SECONDS", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\n"
    supervisor.start(program("deaf", deaf + "time.sleep(600)"))
    started = time.monotonic()
    supervisor.stop()
    assert (supervisor.pids, time.monotonic() - started < 5) == ({}, True)


def test_a_child_that_ends_while_starting_is_told_with_its_exit_code_and_last_lines(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match=r"(?s)web ended while starting \(exit code 7\).*no such app"):
        supervisor.start(program("web", "print('no such app'); raise SystemExit(7)"))


def test_a_child_that_never_serves_is_told_as_not_ready(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match="web was not ready within 0 s"):
        supervisor.start(program("web", "import time; time.sleep(600)", start_timeout=0.1))


def test_a_child_that_dies_later_is_told_with_its_signal(supervisor: Supervisor) -> None:
    supervisor.start(program("moto", SLEEPER))
    os.kill(supervisor.pids["moto"], signal.SIGKILL)
    with pytest.raises(StackError, match=r"moto ended unexpectedly \(killed by SIGKILL\)"):
        supervisor.wait()


def test_restart_leaves_the_others_running(supervisor: Supervisor) -> None:
    supervisor.start(program("moto", SLEEPER), program("web", SLEEPER))
    before = supervisor.pids
    supervisor.restart(["web"])
    after = supervisor.pids
    assert (after["moto"] == before["moto"], after["web"] == before["web"]) == (True, False)


def test_a_child_that_does_not_come_up_after_a_change_is_reported_and_comes_back_after_the_next(
    supervisor: Supervisor, lines: Lines, tmp_path: Path
) -> None:
    source = tmp_path / "app.py"
    source.write_text(SLEEPER)
    supervisor.start(program("web", "import sys; exec(open(sys.argv[1]).read())", str(source)))
    source.write_text("this is no Python")
    supervisor.restart(["web"])
    supervisor.check()
    told = [line for name, line in lines if name == "local"]
    source.write_text(SLEEPER)
    supervisor.restart(["web"])
    assert (len(told), "SyntaxError" in told[0], list(supervisor.pids)) == (1, True, ["web"])


def test_a_child_goes_with_its_supervisor_even_when_that_is_killed(tmp_path: Path) -> None:
    child = (
        "import argparse, time\nfrom penstock.local import lifeline\n"
        "lifeline.hold(argparse.Namespace(lifeline=True)); print('ready', flush=True); time.sleep(600)"
    )
    boss = (
        "import os, sys, time\nfrom pathlib import Path\nfrom penstock.local.process import Program\n"
        "from penstock.local.supervisor import Supervisor\n"
        "supervisor = Supervisor(lambda name, line: None)\n"
        f"supervisor.start(Program('one', (sys.executable, '-c', {child!r}), os.environ, Path.cwd(),\n"
        "                 lambda child: child.said('ready')))\n"
        "print(supervisor.pids['one'], flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", boss], stdout=subprocess.PIPE, text=True) as supervising:
        assert supervising.stdout is not None
        pid = int(supervising.stdout.readline())
        supervising.kill()
    assert eventually(lambda: not alive(pid))
