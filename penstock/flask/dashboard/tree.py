"""A JSON value as a tree to open and close, however deep, wide or long it is."""

from collections.abc import Iterator

from msgspec import Struct

from penstock.envelope import JSON
from penstock.flask.dashboard.text import counted

MAX_NODES = 500
MAX_DEPTH = 16


class Node(Struct, frozen=True):
    """A value and where it stands: ``text`` is it in words, ``kind`` its JSON type; ``children`` are those that are shown."""

    key: str
    kind: str
    text: str
    children: list["Node"]


def tree(value: JSON) -> list[Node]:
    """The members of ``value`` (an object or a list), or the node of a plain value: 500 at most, and words for the rest."""
    budget = iter(range(MAX_NODES))
    if isinstance(value, dict | list):
        return _children(value, 0, budget)
    return [_node("", value, 0, budget)]


def _children(value: JSON, depth: int, budget: Iterator[int]) -> list[Node]:
    members = (
        list(value.items()) if isinstance(value, dict) else [(str(index), part) for index, part in enumerate(value)]
    )
    shown: list[Node] = []
    for key, part in members:
        if next(budget, None) is None:
            break
        shown.append(_node(str(key), part, depth, budget))
    if len(shown) < len(members):
        shown.append(Node("…", "cut", f"{counted(len(members) - len(shown), 'more member')}", []))
    return shown


def _node(key: str, value: JSON, depth: int, budget: Iterator[int]) -> Node:
    if isinstance(value, dict | list):
        kind = "object" if isinstance(value, dict) else "list"
        text = counted(len(value), "member" if kind == "object" else "item")
        if depth < MAX_DEPTH:
            return Node(key, kind, text, _children(value, depth + 1, budget))
        return Node(key, kind, f"{text}, nested too deeply to be shown here", [])
    if value is None or isinstance(value, bool):
        return Node(key, "word", {None: "null", True: "true", False: "false"}[value], [])
    return Node(key, "text" if isinstance(value, str) else "number", str(value), [])
