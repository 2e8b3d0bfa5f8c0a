"""The user's code: its arguments, its run under the time limit, and what to do about its error."""

from contextlib import nullcontext
from functools import partial

from msgspec.structs import replace

from penstock.current import Run, running
from penstock.errors import (
    AccessRefused,
    ArgumentsLost,
    ConfigurationError,
    InvalidArguments,
    TaskCancelled,
    Unavailable,
    UnsupportedRow,
)
from penstock.execution.value import CancelNow, Execution, Interrupted, Leave, Raised, Returned, Worker, known
from penstock.limits import time_limit
from penstock.ports import Applied
from penstock.record import CLOCK_TOLERANCE, Progress
from penstock.retry import GiveUp
from penstock.telemetry import logger
from penstock.times import milliseconds_between, seconds
from penstock.transitions import progress, renew


def load(x: Execution, _worker: Worker) -> Execution:
    """Turn the JSON of the arguments into the values that the annotations ask for."""
    if known(x.row).cancel_requested:
        return replace(x, outcome=CancelNow())
    if isinstance(x.arguments, ArgumentsLost):
        return replace(x, outcome=Raised(x.arguments, hopeless="without its arguments no attempt can run"))
    try:
        return replace(x, call=known(x.task).codec.decode_arguments(*known(x.arguments)))
    except (InvalidArguments, ConfigurationError) as error:
        why = "the message does not fit the function as it is deployed here"
        return replace(x, outcome=Raised(error, hopeless=why))
    except Exception as error:  # the constructors of the arguments' types are user code too
        return replace(x, outcome=Raised(error))


def perform(x: Execution, worker: Worker) -> Execution:
    """Run user code."""
    if x.outcome is not None:
        return x
    task, (args, kwargs), clock = known(x.task), known(x.call), worker.ports.clock
    run = Run(
        id=known(x.envelope).id,
        name=task.name,
        queue=x.delivery.queue,
        attempt=known(x.row).attempts,
        clock=clock,
        write_progress=lambda value: _write_progress(x, worker, value),
        look=lambda: _is_cancelled(x, worker),
    )
    token = running.set(run)
    started = clock()
    outcome: Returned | Raised | CancelNow
    try:
        limit = time_limit(task.options.time_limit) if worker.invocation.time_limits else nullcontext()
        with worker.invocation.watch(x, run), limit:
            outcome = Returned(worker.hooks.around(run, partial(task.run, *args, **kwargs)))
    except TaskCancelled:
        outcome = CancelNow()
    except KeyboardInterrupt:
        raise  # someone stops this process: as with a crash, the lease runs out and SQS shows the message again
    except Interrupted:
        return _hand_back(replace(x, duration_ms=milliseconds_between(started, clock())), worker)
    except BaseException as error:  # sys.exit() and the like end a task, not its neighbours in the batch
        outcome = Raised(error)
    finally:
        running.reset(token)
    x = replace(x, outcome=outcome, duration_ms=milliseconds_between(started, clock()), progress=run.unwritten)
    if run.lost:  # someone else may run it by now, or have settled it: that is theirs, and so is the message
        return x.end(Leave(), "LEFT", "the lease was lost while it ran")
    return x


def decide(x: Execution, worker: Worker) -> Execution:
    """Again, or never again?"""
    if not isinstance(x.outcome, Raised):
        return x
    if x.outcome.hopeless:
        return replace(x, decision=GiveUp(x.outcome.hopeless))
    policy, left = known(x.task).options.retry, known(x.row).attempts_left or 0
    attempt = max(1, policy.max_attempts - left)  # of this budget: after a redrive the backoff starts anew too
    decision = policy.decide(x.outcome.error, attempt=attempt, attempts_left=left, random=worker.ports.random.random)
    return replace(x, decision=decision)


def _hand_back(x: Execution, worker: Worker) -> Execution:
    """End my lease before its time, now that user code has ended: the next delivery need not wait for it."""
    ended = worker.ports.clock() - CLOCK_TOLERANCE - seconds(1)
    try:
        answer = worker.apply(known(x.envelope).id, renew(x.owner, ended))
    except (Unavailable, AccessRefused, UnsupportedRow) as error:  # it runs out by itself
        return x.end(Leave(), "HANDED_BACK", f"the worker had to stop; the lease could not be ended: {error}")
    if not isinstance(answer, Applied):
        return x.end(Leave(), "LEFT", "the lease was lost while it ran")
    return x.end(Leave(0), "HANDED_BACK", "the worker had to stop")


def _write_progress(x: Execution, worker: Worker, value: Progress) -> bool | None:
    task_id = known(x.envelope).id
    try:
        answer = worker.ports.results.apply(task_id, progress(x.owner, value))
    except (Unavailable, AccessRefused, UnsupportedRow) as error:  # never a reason to fail the work itself
        logger.warning("progress of %s was not written: %s", task_id, error)
        return None
    return answer.row is not None and answer.row.cancel_requested


def _is_cancelled(x: Execution, worker: Worker) -> bool | None:
    task_id = known(x.envelope).id
    try:
        row = worker.ports.results.get(task_id)
    except (Unavailable, AccessRefused, UnsupportedRow) as error:
        logger.warning("whether %s is cancelled could not be read: %s", task_id, error)
        return None
    return row is not None and row.cancel_requested
