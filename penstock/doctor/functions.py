"""The functions behind the mappings: there, and of this very stack."""

from collections.abc import Iterator

from penstock.doctor.case import Case
from penstock.doctor.checking import Found, Severity, check
from penstock.errors import ConfigurationError
from penstock.facts import LiveFunction, NotReadable
from penstock.settings import QueueSettings, Settings

_SUBJECT = "functions"
_APPLY = "terraform apply"


@check("function-missing", Severity.ERROR, _SUBJECT, why="the mapping has nobody to call, so tasks wait")
def function_missing(case: Case) -> Iterator[Found]:
    for queue, mapping in case.mappings():
        if case.facts.functions.get(mapping.function_arn, ...) is None:
            yield Found(queue.name, f"its mapping calls {mapping.function_arn}, which is not there", _APPLY)


@check(
    "function-settings",
    Severity.ERROR,
    _SUBJECT,
    why="it works on messages of this stack with the table or the queues of another",
)
def function_settings(case: Case) -> Iterator[Found]:
    for queue, _, function in case.functions():
        for wrong in differences(case.settings, function, [queue]):
            yield Found(queue.name, f"{function.name}: {wrong}", f"{_APPLY}, and deploy the web with what it sets")


@check(
    "settings-skew",
    Severity.WARNING,
    _SUBJECT,
    why="one of the two was deployed before the queue changed, so they judge its tasks by different limits",
)
def settings_skew(case: Case) -> Iterator[Found]:
    for queue, _, function in case.functions():
        theirs = settings_of(function)
        if not isinstance(theirs, Settings) or queue.name not in theirs.queues or theirs.url(queue.name) != queue.url:
            continue
        for name in ("time_limit", "max_receive_count", "retention", "visibility_timeout"):
            there, here = getattr(theirs.queue(queue.name), name), getattr(queue, name)
            if there != here:
                yield Found(
                    queue.name,
                    f"{function.name} has {name} {there}, and this process has {here}",
                    f"{_APPLY}, then deploy the web",
                )


def differences(settings: Settings, function: LiveFunction, queues: list[QueueSettings]) -> Iterator[str]:
    """In what the function's settings lead elsewhere than ``settings``; ``queues`` are those that it must know."""
    theirs = settings_of(function)
    if isinstance(theirs, str):
        yield f"its settings are wrong: {theirs}"
    if not isinstance(theirs, Settings):
        return
    for name, there, here in (
        ("PENSTOCK_TABLE", theirs.table, settings.table),
        ("PENSTOCK_PAYLOAD_BUCKET", theirs.payload_bucket, settings.payload_bucket),
    ):
        if there != here:
            yield f"its {name} is {there or 'not set'}, and here it is {here or 'not set'}"
    for queue in queues:
        url = theirs.url(queue.name) if queue.name in theirs.queues else "not there"
        if url != queue.url:
            yield f"its PENSTOCK_QUEUES[{queue.name!r}] is {url}, and here it is {queue.url}"


def settings_of(function: LiveFunction) -> Settings | NotReadable | str:
    """The settings that the function reads from its environment, or what is wrong with them, in words."""
    if isinstance(function.environment, NotReadable):
        return function.environment
    try:
        return Settings.from_environ(function.environment)
    except ConfigurationError as error:
        return str(error)
