"""Local functions: real processes, short invocations."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import ConfigurationError
from penstock.local.execution_environment import FunctionSettings
from penstock.local.function import LocalFunction
from penstock.local.invocation import FunctionError, InvocationResult, Returned, Throttled, TimedOut

PATIENCE = 20.0  # seconds that nothing here takes
ROOT = Path(__file__).parents[2]
HANDLERS = textwrap.dedent(
    """
    import os, signal, subprocess, sys, threading, time

    calls = 0

    def handler(event, context):
        return globals()[event["do"]](event, context)

    def echo(event, context):
        return event

    def count(event, context):
        global calls
        calls += 1
        return calls

    def pid(event, context):
        return os.getpid()

    def describe(event, context):
        names = ["aws_request_id", "function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb"]
        return {name: getattr(context, name) for name in names}

    def remaining(event, context):
        return context.get_remaining_time_in_millis()

    def thread(event, context):
        return threading.current_thread() is threading.main_thread()

    def alarm(event, context):
        def ring(number, frame):
            raise TimeoutError("rang")
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(20)

    def print_lines(event, context):
        print('{"payload": "not the answer"}')
        print("to the log", file=sys.stderr)
        return "the answer"

    def environ(event, context):
        return dict(os.environ)

    def fail(event, context):
        raise ValueError("no such picture")

    def sleep(event, context):
        open(event["started"], "w").close() if "started" in event else None
        time.sleep(20)

    def leave(event, context):
        os._exit(event["code"])

    def quit(event, context):
        sys.exit(3)

    def kill(event, context):
        os.kill(os.getpid(), signal.SIGKILL)

    def unserialisable(event, context):
        return {1, 2}

    def large(event, context):
        return "x" * event["size"]

    def grandchild(event, context):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        with open(event["pid"], "w") as file:
            file.write(str(child.pid))
        if event.get("then") == "sleep":
            time.sleep(20)
        return child.pid
    """
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    return tmp_path


def settings(directory: Path, **changes: Any) -> FunctionSettings:
    environ = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "GREETING": "hello"}
    return FunctionSettings(**{"handler": "handlers:handler", "directory": directory, "environ": environ, **changes})


Make = Callable[..., LocalFunction]


@pytest.fixture
def make(directory: Path) -> Iterator[Make]:
    made: list[LocalFunction] = []

    def factory(limit: int = 2, **changes: Any) -> LocalFunction:
        made.append(LocalFunction(settings(directory, **changes), limit=limit, request_ids=lambda: "request-1"))
        return made[-1]

    yield factory
    for function in made:
        function.close()


def call(function: LocalFunction, do: str, timeout: float = PATIENCE, **event: Any) -> InvocationResult:
    return function.invoke({"do": do, **event}, timeout)


def returned(result: InvocationResult) -> Any:
    assert isinstance(result, Returned), result
    return json.loads(result.payload)


def is_running(pid: int) -> bool:
    """False for a process that is gone, or a zombie that nobody of ours can reap."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return not Path("/proc").exists() and subprocess.run(["kill", "-0", str(pid)], check=False).returncode == 0
    return status.rpartition(")")[2].split()[0] != "Z"


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


# -- an invocation -----------------------------------------------------------------------------------------------------


def test_a_handler_gets_the_event_and_its_answer_comes_back(make: Make) -> None:
    assert returned(call(make(), "echo", words=["größe", "a\nb"])) == {"do": "echo", "words": ["größe", "a\nb"]}


def test_the_context_is_what_powertools_reads(make: Make) -> None:
    function = make(name="penstock-local-images", memory_mb=512)
    assert returned(call(function, "describe")) == {
        "aws_request_id": "request-1",
        "function_name": "penstock-local-images",
        "function_version": "$LATEST",
        "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:penstock-local-images",
        "memory_limit_in_mb": "512",
    }


def test_the_remaining_time_is_that_of_the_timeout(make: Make) -> None:
    assert 10_000 < returned(call(make(), "remaining", timeout=20.0)) <= 20_000


def test_the_handler_runs_in_the_main_thread(make: Make) -> None:
    assert returned(call(make(), "thread")) is True


def test_a_timer_signal_reaches_the_handler(make: Make) -> None:
    assert call(make(), "alarm") == FunctionError("TimeoutError", "rang")


def test_what_the_handler_prints_is_its_log_and_not_its_answer(make: Make, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        answer = returned(call(make(output=log), "print_lines"))
    assert answer == "the answer"
    assert (tmp_path / "log").read_text().splitlines() == ['{"payload": "not the answer"}', "to the log"]


def test_what_the_handler_prints_can_be_had_line_by_line(make: Make) -> None:
    lines: list[str] = []
    function = make(on_line=lines.append)
    assert returned(call(function, "print_lines")) == "the answer"
    function.close()
    assert sorted(lines) == ["to the log", '{"payload": "not the answer"}']


def test_the_handler_sees_the_given_environment_and_lambdas_own_variables(make: Make) -> None:
    environ = returned(call(make(name="f"), "environ"))
    assert (environ["GREETING"], environ["AWS_LAMBDA_FUNCTION_NAME"]) == ("hello", "f")


def test_the_handler_sees_nothing_of_the_shells_environment(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    assert "AWS_PROFILE" not in returned(call(make(), "environ"))


def test_an_answer_of_several_megabytes_comes_back_whole(make: Make) -> None:
    assert len(returned(call(make(), "large", size=5_000_000))) == 5_000_000


def test_an_answer_over_lambdas_limit_is_a_function_error(make: Make) -> None:
    result = call(make(), "large", size=6 * 1024 * 1024)
    assert isinstance(result, FunctionError)
    assert result.error_type == "Function.ResponseSizeTooLarge"


def test_an_answer_that_is_no_json_is_a_function_error(make: Make) -> None:
    assert call(make(), "unserialisable") == FunctionError(
        "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"
    )


# -- environments ------------------------------------------------------------------------------------------------------


def test_an_idle_environment_is_used_again(make: Make) -> None:
    function = make()
    assert [returned(call(function, "count")) for _ in range(3)] == [1, 2, 3]


def test_an_exception_is_reported_and_keeps_the_environment(make: Make) -> None:
    function = make()
    before = returned(call(function, "pid"))
    assert call(function, "fail") == FunctionError("ValueError", "no such picture")
    assert returned(call(function, "pid")) == before


def test_a_timeout_is_reported(make: Make) -> None:
    function = make()
    call(function, "echo")
    assert call(function, "sleep", timeout=0.3) == TimedOut(0.3)


def test_after_a_timeout_the_process_is_gone_and_the_next_one_is_fresh(make: Make) -> None:
    function = make()
    before = returned(call(function, "pid"))
    call(function, "sleep", timeout=0.1)
    assert not is_running(before)
    assert returned(call(function, "count")) == 1


def test_a_timeout_takes_along_what_the_handler_started(make: Make, tmp_path: Path) -> None:
    function = make()
    call(function, "echo")
    call(function, "grandchild", timeout=1.0, pid=str(tmp_path / "pid"), then="sleep")
    assert eventually(lambda: not is_running(int((tmp_path / "pid").read_text())))


def test_loading_the_handler_does_not_count_towards_the_timeout(make: Make, directory: Path) -> None:
    (directory / "slow.py").write_text("import time\ntime.sleep(0.6)\ndef handler(event, context): return 'in time'")
    assert returned(make(handler="slow:handler").invoke({}, 0.5)) == "in time"


@pytest.mark.parametrize(
    ("do", "event", "cause"),
    [
        ("leave", {"code": 7}, "Runtime exited with error: exit status 7"),
        ("leave", {"code": 0}, "Runtime exited without providing a reason"),
        ("quit", {}, "Runtime exited with error: exit status 3"),
        ("kill", {}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crash_is_reported_with_its_cause(make: Make, do: str, event: dict[str, Any], cause: str) -> None:
    assert call(make(), do, **event) == FunctionError("Runtime.ExitError", f"RequestId: request-1 Error: {cause}")


def test_after_a_crash_the_next_environment_is_fresh(make: Make) -> None:
    function = make()
    call(function, "count")
    call(function, "leave", code=1)
    assert returned(call(function, "count")) == 1


def test_an_environment_that_died_while_idle_is_replaced(make: Make) -> None:
    function = make()
    before = returned(call(function, "pid"))
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: not function._idle[0].usable)
    assert returned(call(function, "count")) == 1


# -- handlers that cannot be had ---------------------------------------------------------------------------------------


def test_a_module_that_is_not_there_is_reported_on_every_invocation(make: Make) -> None:
    function = make(handler="nowhere:handler")
    error = FunctionError("Runtime.ImportModuleError", "Unable to import module 'nowhere': No module named 'nowhere'")
    assert [call(function, "echo") for _ in range(2)] == [error, error]


def test_a_name_that_is_not_there_is_reported(make: Make) -> None:
    assert call(make(handler="handlers:nothing"), "echo") == FunctionError(
        "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'handlers'"
    )


@pytest.mark.parametrize(
    ("source", "error_type", "words"),
    [
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'broken'"),
        ("raise KeyError('PENSTOCK_TABLE')", "KeyError", "'PENSTOCK_TABLE'"),
        ("import os; os._exit(4)", "Runtime.ExitError", "exit status 4"),
    ],
)
def test_a_module_that_fails_to_load_is_reported(
    make: Make, directory: Path, source: str, error_type: str, words: str
) -> None:
    (directory / "broken.py").write_text(source)
    result = call(make(handler="broken:handler"), "echo")
    assert isinstance(result, FunctionError)
    assert result.error_type == error_type
    assert words in result.message


def test_a_repaired_handler_is_loaded_by_the_next_invocation(make: Make, directory: Path) -> None:
    (directory / "broken.py").write_text("raise KeyError('x')")
    function = make(handler="broken:handler")
    call(function, "echo")
    (directory / "broken.py").write_text("def handler(event, context): return 'repaired and well'")
    assert returned(call(function, "echo")) == "repaired and well"


@pytest.mark.parametrize("handler", ["lambdas.worker", "lambdas.worker.handler", ":handler", "lambdas:"])
def test_a_handler_without_module_and_name_is_refused(directory: Path, handler: str) -> None:
    with pytest.raises(ConfigurationError, match="is not of the form module:name"):
        LocalFunction(settings(directory, handler=handler), limit=1)


def test_a_limit_below_one_is_refused(directory: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least one invocation"):
        LocalFunction(settings(directory), limit=0)


# -- the pool ----------------------------------------------------------------------------------------------------------


def test_two_invocations_at_once_have_two_environments(make: Make, tmp_path: Path) -> None:
    function = make(limit=2)
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(call, function, "sleep", 2.0, started=str(tmp_path / "started"))
        assert eventually((tmp_path / "started").exists)
        assert returned(call(function, "echo")) == {"do": "echo"}
        function.close()
        assert isinstance(long.result(), FunctionError)


def test_an_invocation_beyond_the_limit_is_throttled(make: Make, tmp_path: Path) -> None:
    function = make(limit=1)
    with ThreadPoolExecutor(1) as threads:
        threads.submit(call, function, "sleep", started=str(tmp_path / "started"))
        assert eventually((tmp_path / "started").exists)
        assert call(function, "echo") == Throttled(1)
        function.close()


def test_closing_ends_an_invocation_under_way(make: Make, tmp_path: Path) -> None:
    function = make()
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(call, function, "sleep", started=str(tmp_path / "started"))
        assert eventually((tmp_path / "started").exists)
        function.close()
        assert long.result() == FunctionError(
            "Runtime.ExitError", "RequestId: request-1 Error: Runtime exited with error: signal: killed"
        )


def test_closing_ends_idle_environments(make: Make) -> None:
    function = make()
    process = returned(call(function, "pid"))
    function.close()
    assert not is_running(process)


def test_a_closed_function_runs_nothing(make: Make) -> None:
    function = make(name="f")
    function.close()
    assert call(function, "echo") == FunctionError("Runtime.ExitError", "the function f is closed")


def test_warm_starts_environments_within_the_limit(make: Make) -> None:
    function = make(limit=2)
    function.warm(5)
    assert len(function._idle) == 2


def test_no_descriptor_is_left_open(make: Make) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("counts descriptors in /proc")
    function = make()
    before = len(os.listdir("/proc/self/fd"))
    call(function, "leave", code=1)
    call(function, "sleep", timeout=0.1)
    call(function, "echo")
    function.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_process_outlives_its_owner_however_that_ends(directory: Path, tmp_path: Path) -> None:
    owner = textwrap.dedent(
        f"""
        import os, pathlib
        from penstock.local.execution_environment import FunctionSettings
        from penstock.local.function import LocalFunction
        environ = {{"PYTHONPATH": {str(ROOT)!r}}}
        function = LocalFunction(FunctionSettings("handlers:handler", pathlib.Path({str(directory)!r}), environ), limit=1)
        function.invoke({{"do": "grandchild", "pid": {str(tmp_path / "pid")!r}}}, 20)
        print(function.invoke({{"do": "pid"}}, 20).payload, flush=True)
        function.invoke({{"do": "sleep"}}, 20)
        """
    )
    with subprocess.Popen([sys.executable, "-c", owner], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        environment = int(process.stdout.readline())
        grandchild = int((tmp_path / "pid").read_text())
        process.kill()
    assert eventually(lambda: not is_running(environment) and not is_running(grandchild))
