"""Arguments and results: what comes back is what went, or the call is refused."""

import dataclasses
import enum
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from penstock.codec import Codec
from penstock.envelope import MAX_DEPTH
from penstock.errors import ConfigurationError, InvalidArguments, ResultError


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    SMALL = 1


class Mode(enum.StrEnum):
    FAST = "fast"


@dataclasses.dataclass
class Point:
    x: int
    y: int


@dataclasses.dataclass
class Named(Point):
    name: str


@dataclasses.dataclass
class Picture:
    key: str
    taken: datetime
    corners: list[Point]


@dataclasses.dataclass
class Box:
    content: Any


@dataclasses.dataclass(eq=False)
class Plain:
    x: int


def function(annotation: Any) -> Callable[..., Any]:
    def task(value: Any) -> Any:
        return value

    task.__annotations__ = {"value": annotation, "return": annotation}
    return task


def codec(annotation: Any) -> Codec:
    return Codec(function(annotation), "task")


def there_and_back(value: Any, annotation: Any) -> Any:
    both = codec(annotation)
    args, kwargs = both.encode_arguments((value,), {})
    sent = json.loads(json.dumps([args, kwargs]))
    _, by_name = both.decode_arguments(*sent)
    (back,) = by_name.values()
    return back


NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
EXTRAS = [
    (NOON, datetime),
    (NOON.astimezone(timezone(timedelta(hours=2))), datetime),
    (date(2026, 3, 1), date),
    (time(12, 30), time),
    (timedelta(days=1, milliseconds=5), timedelta),
    (Decimal("0.10"), Decimal),
    (Decimal("1E+2"), Decimal),
    (UUID(int=7), UUID),
    (b"\x00\xff", bytes),
    (Colour.RED, Colour),
    (Size.SMALL, Size),
    (Mode.FAST, Mode),
    (Point(1, 2), Point),
    (Picture("cat.jpg", NOON, [Point(0, 0)]), Picture),
    ((1, "a"), tuple[int, str]),
    ({1, 2}, set[int]),
    (frozenset({"a"}), frozenset[str]),
    ({1: "a"}, dict[int, str]),
    ({UUID(int=7): [NOON]}, dict[UUID, list[datetime]]),
    ({date(2026, 3, 1): Decimal("0.1")}, dict[date, Decimal]),
    (None, datetime | None),
    (NOON, datetime | None),
    ([Colour.RED, None], list[Colour | None]),
]
PLAIN = [None, True, 0, -1, 2**70, 1.5, "", "ü \x00 \ud800", [], [1, [2]], {}, {"a": {"b": [None]}}]


@pytest.mark.parametrize(("value", "annotation"), EXTRAS, ids=repr)
def test_an_extra_type_comes_back_as_annotated(value: Any, annotation: Any) -> None:
    back = there_and_back(value, annotation)
    assert (type(back), back) == (type(value), value)


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_json_needs_no_annotation(value: Any) -> None:
    back = there_and_back(value, Any)
    assert (type(back), back) == (type(value), value)


def test_a_tuple_where_nothing_asks_for_one_comes_back_as_a_list() -> None:
    assert there_and_back((1, 2), Any) == [1, 2]


def test_a_whole_number_where_a_float_is_declared_comes_back_equal() -> None:
    assert there_and_back(3, float) == 3.0


def test_a_dataclass_without_an_equality_of_its_own_comes_back() -> None:
    assert there_and_back(Plain(3), Plain).x == 3


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        NOON,
        date(2026, 3, 1),
        Decimal("0.1"),
        UUID(int=7),
        b"x",
        Colour.RED,
        Size.SMALL,
        Mode.FAST,
        Point(1, 2),
        {1: "a"},
        [NOON],
        {"at": NOON},
        (Point(1, 2),),
    ],
    ids=repr,
)
@pytest.mark.parametrize("annotation", [Any, object], ids=["Any", "object"])
def test_an_extra_type_without_its_annotation_is_refused(value: Any, annotation: Any) -> None:
    with pytest.raises((InvalidArguments, ConfigurationError), match="value"):
        there_and_back(value, annotation)


@pytest.mark.parametrize("value", [NOON, Decimal(1), {1}, Point(1, 2), [b"x"]], ids=repr)
def test_an_extra_type_inside_a_dataclass_needs_its_annotation_too(value: Any) -> None:
    with pytest.raises(InvalidArguments, match="annotate"):
        there_and_back(Box(value), Box)


def test_a_set_of_anything_does_not_take_what_would_come_back_as_text() -> None:
    with pytest.raises(InvalidArguments, match="annotate"):
        there_and_back({NOON}, set[Any])


@pytest.mark.parametrize("annotation", [Point, Point | None, list[Point]])
def test_a_subclass_that_would_lose_a_field_is_refused(annotation: Any) -> None:
    named = Named(1, 2, "corner")
    with pytest.raises(InvalidArguments):
        there_and_back([named] if annotation == list[Point] else named, annotation)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), [float("nan")], {"a": float("inf")}])
@pytest.mark.parametrize("annotation", [Any, object])
def test_a_number_that_json_does_not_have_is_refused(value: Any, annotation: Any) -> None:
    with pytest.raises(InvalidArguments, match="'value'"):
        there_and_back(value, annotation)


@pytest.mark.parametrize(
    "value", [object(), len, print, Exception("x"), 1j, (n for n in "ab"), type], ids=lambda value: type(value).__name__
)
def test_an_object_without_json_form_is_refused_by_its_parameter(value: Any) -> None:
    with pytest.raises(InvalidArguments, match="argument 'value' has no JSON form"):
        there_and_back(value, Any)


def test_a_list_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidArguments):
        there_and_back(endless, Any)


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def test_an_argument_as_deep_as_an_envelope_may_be_is_taken() -> None:
    assert there_and_back(nested(MAX_DEPTH), Any) == nested(MAX_DEPTH)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 400, 900, 5_000])
def test_an_argument_that_is_nested_too_deep_is_refused(depth: int) -> None:
    with pytest.raises(InvalidArguments):
        there_and_back(nested(depth), Any)


def test_a_number_of_too_many_digits_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="no JSON form"):
        there_and_back(10**5000, int)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [("7", int), (True, int), (1.5, int), (None, int), (7, str), ("red", int), ([1], list[str]), ("x", Point)],
)
def test_an_argument_of_the_wrong_type_is_refused_by_its_parameter(value: Any, annotation: Any) -> None:
    with pytest.raises(InvalidArguments, match="argument 'value'"):
        there_and_back(value, annotation)


def resize(key: str, /, width: int, *more: int, quality: int = 80, **labels: Decimal) -> Point | None: ...


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((), {}, "missing"),
        (("k",), {}, "width"),
        (("k", 1), {"width": 2}, "width"),
        ((), {"key": "k", "width": 1}, "key"),
    ],
)
def test_a_call_that_does_not_fit_the_signature_is_refused(args: Any, kwargs: Any, said: str) -> None:
    with pytest.raises(InvalidArguments, match=said):
        Codec(resize, "resize").encode_arguments(args, kwargs)


def test_an_argument_too_many_is_refused_with_the_signature() -> None:
    with pytest.raises(InvalidArguments, match=r"task\(value.*too many positional"):
        codec(int).encode_arguments((1, 2), {})


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="unexpected keyword argument 'width'"):
        codec(int).encode_arguments((1,), {"width": 2})


def test_each_value_is_converted_under_the_parameter_that_takes_it() -> None:
    both = Codec(resize, "resize")
    sent = both.encode_arguments(("k", 1, 2), {"quality": 9, "price": Decimal("0.5")})
    assert both.decode_arguments(*sent) == (["k", 1, 2], {"quality": 9, "price": Decimal("0.5")})


def test_a_rest_argument_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="more"):
        Codec(resize, "resize").encode_arguments(("k", 1, "2"), {})


def test_a_message_that_no_longer_fits_the_function_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="width"):
        Codec(resize, "resize").decode_arguments(["k"], {})


def test_an_annotation_that_cannot_be_told_apart_names_the_parameter() -> None:
    with pytest.raises(ConfigurationError, match="parameter 'value'"):
        there_and_back("a", datetime | str)


def test_an_annotation_that_does_not_exist_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="Nowhere"):
        there_and_back("a", "Nowhere")


def test_an_annotation_may_name_what_is_defined_later() -> None:
    both = Codec(function("Point"), "task")
    both._function.__globals__["Point"] = Point
    assert both.encode_arguments((Point(1, 2),), {}) == ([], {"value": {"x": 1, "y": 2}})


@pytest.mark.parametrize(("value", "annotation"), EXTRAS, ids=repr)
def test_a_result_comes_back_as_the_return_annotation_says(value: Any, annotation: Any) -> None:
    both = codec(annotation)
    assert both.decode_result(both.encode_result(value)) == value


def test_a_result_without_annotation_is_plain_json() -> None:
    def task():  # type: ignore[no-untyped-def]
        ...

    both = Codec(task, "task")
    assert both.decode_result(both.encode_result((NOON, {1}))) == ["2026-03-01T12:00:00.123456Z", [1]]


def test_a_result_of_none_comes_back() -> None:
    both = codec(None)
    assert both.decode_result(both.encode_result(None)) is None


@pytest.mark.parametrize("value", [object(), float("nan"), 1j, 10**5000], ids=["object", "nan", "complex", "huge"])
def test_a_result_without_json_form_is_a_result_error(value: Any) -> None:
    with pytest.raises(ResultError, match=f"type {type(value).__name__} has no JSON form"):
        codec(Any).encode_result(value)


@pytest.mark.parametrize("annotation", [int, None, datetime | str], ids=["int", "None", "cannot be told apart"])
def test_a_result_that_does_not_fit_its_annotation_is_a_result_error(annotation: Any) -> None:
    with pytest.raises(ResultError, match="declared to return"):
        codec(annotation).decode_result('"text"')


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda a, b, /, c: None, ["a", "b", "c"]),
        (lambda a, *rest: None, ["a", "rest", "rest", "rest"]),
        (lambda a, *, b: None, ["a"]),
        (lambda a, b, c, d, e, *rest: None, ["a", "b", "c", "d"]),
        (lambda **rest: None, []),
    ],
)
def test_positions_have_the_names_of_their_parameters(function: Callable[..., Any], names: list[str]) -> None:
    assert Codec(function, "t").positions(4) == names
