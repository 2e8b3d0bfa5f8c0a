"""What Lambda tells of a function, EventBridge Scheduler of a schedule, and IAM of what a role may do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock.aws.asking import Asking
from penstock.facts import Denial, LiveFunction, LiveSchedule, Maybe, Need, NotReadable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_NOT_FOUND = frozenset({"ResourceNotFoundException"})
_OURS = "PENSTOCK_"


def function(asking: Asking, functions: "LambdaClient", name: str) -> Maybe[LiveFunction]:
    """GetFunctionConfiguration and GetFunctionConcurrency; ``name`` is a name or an ARN."""
    found = asking.ask(
        "lambda:GetFunctionConfiguration",
        name,
        lambda: functions.get_function_configuration(FunctionName=name),
        lambda answer: answer,
        missing=_NOT_FOUND,
    )
    if found is None or isinstance(found, NotReadable):
        return found
    return _function(found, _reserved(asking, functions, found["FunctionName"]))


def _reserved(asking: Asking, functions: "LambdaClient", name: str) -> int | NotReadable | None:
    return asking.ask(
        "lambda:GetFunctionConcurrency",
        name,
        lambda: functions.get_function_concurrency(FunctionName=name),
        lambda answer: answer.get("ReservedConcurrentExecutions"),
        missing=_NOT_FOUND,
    )


def _function(answer: Mapping[str, Any], reserved: int | NotReadable | None) -> LiveFunction:
    return LiveFunction(
        name=answer["FunctionName"],
        arn=answer["FunctionArn"],
        role=answer["Role"],
        timeout=answer["Timeout"],
        environment=_environment(answer["FunctionName"], answer.get("Environment", {})),
        reserved_concurrency=reserved,
    )


def _environment(name: str, answer: Mapping[str, Any]) -> Mapping[str, str] | NotReadable:
    if "Error" in answer:  # the configuration was told, but for what a key of the account encrypts
        return NotReadable("kms:Decrypt", name, f"{answer['Error'].get('ErrorCode')}: {answer['Error'].get('Message')}")
    return {key: value for key, value in answer.get("Variables", {}).items() if key.startswith(_OURS)}


def schedule(asking: Asking, scheduler: Any, name: str) -> Maybe[LiveSchedule]:
    """GetSchedule, in the default group."""
    return asking.ask(
        "scheduler:GetSchedule",
        name,
        lambda: scheduler.get_schedule(Name=name),
        lambda answer: LiveSchedule(
            answer["Name"], answer["State"] == "ENABLED", answer["Target"]["Arn"], answer["ScheduleExpression"]
        ),
        missing=_NOT_FOUND,
    )


def denials(asking: Asking, iam: Any, role_arn: str, needs: Sequence[Need]) -> Maybe[tuple[Denial, ...]]:
    """SimulatePrincipalPolicy, a request a resource: what the role's policies do not allow."""
    found: list[Denial] = []
    for need in needs:
        answer = asking.ask(
            "iam:SimulatePrincipalPolicy",
            role_arn,
            lambda need=need: iam.simulate_principal_policy(**_simulation(role_arn, need)),  # type: ignore[misc]
            lambda answer: answer["EvaluationResults"],
            missing=("NoSuchEntity",),
        )
        if answer is None or isinstance(answer, NotReadable):
            return answer
        found += [Denial(one["EvalActionName"], need.resource) for one in answer if one["EvalDecision"] != "allowed"]
    return tuple(found)


def _simulation(role_arn: str, need: Need) -> dict[str, Any]:
    context = [
        {"ContextKeyName": key, "ContextKeyType": "stringList", "ContextKeyValues": list(values)}
        for key, values in need.context.items()
    ]
    request = {"PolicySourceArn": role_arn, "ActionNames": list(need.actions), "ResourceArns": [need.resource]}
    return request | ({"ContextEntries": context} if context else {})
