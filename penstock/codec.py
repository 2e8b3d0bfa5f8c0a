"""Arguments and results to JSON and back, as the task's annotations say.

Beside JSON's own types: datetime, date, time, timedelta, Decimal, UUID, bytes (base64), dataclasses, enums, tuples, sets and
dicts with keys of these. What comes back is decided by the annotation, so such a value needs one: where the round trip
would change a value, it is refused at enqueue. msgspec does the conversion: https://jcristharif.com/msgspec/supported-types.html
"""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec

from penstock.envelope import JSON, MAX_DEPTH, is_deeper
from penstock.errors import ConfigurationError, InvalidArguments, ResultError


class Codec:
    """The signature of one function, as a way to JSON and back."""

    def __init__(self, function: Callable[..., Any], task: str) -> None:
        self._function = function
        self._task = task
        self._signature = inspect.signature(function)
        self._annotations: dict[str, Any] | None = None

    def encode_arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[list[JSON], dict[str, JSON]]:
        """The JSON form of a call; InvalidArguments if it does not fit the signature or would not come back the same."""
        return self._convert(args, kwargs, self._encode)

    def decode_arguments(self, args: list[JSON], kwargs: Mapping[str, JSON]) -> tuple[list[Any], dict[str, Any]]:
        """The call that ``encode_arguments`` wrote; InvalidArguments if it does not fit this version of the function."""
        return self._convert(tuple(args), kwargs, self._decode)

    def positions(self, number: int) -> list[str]:
        """The parameters that take the first ``number`` arguments given by position; fewer where there are fewer."""
        names: list[str] = []
        for parameter in self._signature.parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                return names[:number] + [parameter.name] * (number - len(names))
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                names.append(parameter.name)
        return names[:number]

    def encode_result(self, value: Any) -> str:
        """A return value as JSON text; ResultError if it has no JSON form."""
        try:
            return json.dumps(_to_json(value), separators=(",", ":"))
        except _NO_JSON as error:
            raise ResultError(f"the return value of type {type(value).__name__} has no JSON form: {error}") from None

    def decode_result(self, text: str) -> Any:
        """The return value, as the return annotation says; ResultError if it does not fit that annotation."""
        value = json.loads(text)
        annotation = self._annotation("return")
        if annotation is None:  # "-> None": get_type_hints gives NoneType, None is "no annotation"
            return value
        try:
            return msgspec.convert(value, annotation, str_keys=True)
        except (msgspec.ValidationError, TypeError) as error:  # TypeError: as in _decode
            raise ResultError(
                f"{self._task} returned {text:.100} but is declared to return {annotation}: {error}. "
                "The JSON itself is in result.row.result"
            ) from None

    def _convert(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], convert: Callable[[Any, Any, str], Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Both halves of a call, each value converted under the parameter that takes it."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidArguments(f"{self._task}{self._signature}: {error}") from None
        args, kwargs = self._by_name(bound)
        parameters = self._signature.parameters
        positional = [p for p in parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        rest_args = next((p for p in parameters.values() if p.kind is p.VAR_POSITIONAL), None)
        rest_kwargs = next((p for p in parameters.values() if p.kind is p.VAR_KEYWORD), None)

        def parameter(index: int) -> str:
            return (positional[index] if index < len(positional) or rest_args is None else rest_args).name

        def keyword(name: str) -> str:
            return name if rest_kwargs is None or name in parameters else rest_kwargs.name

        return (
            [convert(value, self._annotation(parameter(i)), parameter(i)) for i, value in enumerate(args)],
            {name: convert(value, self._annotation(keyword(name)), name) for name, value in kwargs.items()},
        )

    def _by_name(self, bound: inspect.BoundArguments) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """One form for f(1, 2) and f(1, b=2), which are the same work: by name, as people read and edit it."""
        by_position: set[object] = {inspect.Parameter.POSITIONAL_ONLY}
        if any(p.kind is p.VAR_POSITIONAL and bound.arguments.get(p.name) for p in self._signature.parameters.values()):
            by_position.add(inspect.Parameter.POSITIONAL_OR_KEYWORD)  # what stands before *args cannot be named
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            kind = self._signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                args += value
            elif kind is inspect.Parameter.VAR_KEYWORD:
                kwargs |= value
            elif kind in by_position:
                args.append(value)
            else:
                kwargs[name] = value
        return tuple(args), kwargs

    def _encode(self, value: Any, annotation: Any, parameter: str) -> JSON:
        try:
            encoded = _to_json(value)
        except _NO_JSON as error:
            raise InvalidArguments(f"{self._task}: argument {parameter!r} has no JSON form: {error}") from None
        if is_deeper(encoded, MAX_DEPTH):
            raise InvalidArguments(f"{self._task}: argument {parameter!r} is nested more than {MAX_DEPTH} levels deep")
        decoded = self._decode(encoded, annotation, parameter)
        if not _same(value, decoded):
            raise InvalidArguments(
                f"{self._task}: argument {parameter!r} of type {type(value).__name__} would come back as "
                f"{type(decoded).__name__} {decoded!r:.60}: annotate the parameter with its exact type"
            )
        return encoded

    def _decode(self, value: JSON, annotation: Any, parameter: str) -> Any:
        if annotation is None:
            return value
        try:
            return msgspec.convert(value, annotation, str_keys=True)
        except msgspec.ValidationError as error:
            raise InvalidArguments(f"{self._task}: argument {parameter!r}: {error}") from None
        except TypeError as error:  # an annotation that no JSON can be told apart for, such as datetime | str
            raise ConfigurationError(
                f"{self._task}: parameter {parameter!r} cannot be read from JSON: {error}"
            ) from None

    def _annotation(self, name: str) -> Any:
        # Read at first use, not at import: an annotation may name something that only exists later.
        if self._annotations is None:
            try:
                self._annotations = get_type_hints(self._function, include_extras=True)
            except NameError as error:
                raise ConfigurationError(
                    f"{self._task}: an annotation cannot be resolved ({error}): import the name at module level"
                ) from None
        return self._annotations.get(name)


_NO_JSON = (TypeError, ValueError, RecursionError, OverflowError)


def _to_json(value: Any) -> JSON:
    plain = msgspec.to_builtins(value, str_keys=True)
    if not isinstance(value, str | int | float | None):
        # The order of a set differs from process to process; that of a dict is its own, and equality does not ask for it.
        ordered = msgspec.to_builtins(value, str_keys=True, order="deterministic")
        plain = plain if plain == ordered else ordered
    return json.loads(json.dumps(plain, allow_nan=False))  # tuples become lists, NaN is refused


def _same(before: Any, after: Any) -> bool:
    """True if the round trip kept the value; a tuple may have become a list."""
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_same(value, after[key]) for key, value in before.items())
    # dataclasses.fields() without importing dataclasses, which every process would pay for
    fields = getattr(type(before), "__dataclass_fields__", None)
    if type(before) is type(after) and fields is not None:  # its own == may leave fields out
        return all(_same(getattr(before, name), getattr(after, name)) for name in fields if hasattr(before, name))
    if type(before) is type(after):
        return bool(before == after)
    return type(before) in (int, float) and bool(before == after)  # 3 where a float is declared
