"""Editing the arguments of a dead task: the editor starts from what is shown, secrets redacted, and sends what changed."""

import json

from penstock.envelope import JSON, MAX_DEPTH, is_deeper
from penstock.errors import InvalidArguments
from penstock.redaction import REDACTED, has_redacted


def patch_of(shown: JSON, text: str) -> dict[str, JSON]:
    """The JSON merge patch that makes ``text`` of ``shown``; what is not changed, as a redacted value, is not in it.

    InvalidArguments where ``text`` is no JSON object, changes nothing, or changes a list with a redacted value in it (a merge
    patch replaces lists as a whole), or sets null (which means "remove" in a merge patch: https://www.rfc-editor.org/rfc/rfc7396).
    """
    try:
        edited = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArguments(f"the arguments are not JSON: {error}") from None
    if not isinstance(edited, dict):
        raise InvalidArguments('the arguments must be a JSON object: {"args": [...], "kwargs": {...}}')
    if is_deeper(edited, MAX_DEPTH + 2):  # an argument is the second level of the call
        raise InvalidArguments(f"the arguments are nested too deeply: one may be {MAX_DEPTH} levels deep")
    patch = _changes(shown if isinstance(shown, dict) else {}, edited, "")
    if not patch:
        raise InvalidArguments("nothing is changed: to run the task with the same arguments, retry it")
    if has_redacted(patch):
        raise InvalidArguments(
            f"a changed part holds {REDACTED}: write the value itself there, for the hidden one cannot be put into another place"
        )
    return patch


def _changes(before: dict[str, JSON], after: dict[str, JSON], path: str) -> dict[str, JSON]:
    patch: dict[str, JSON] = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key in before and _text(before[key]) == _text(value):
            continue
        if value is None:
            raise InvalidArguments(
                f"{path}{key} cannot be changed to null by an edit: leave it out for its default value"
            )
        if isinstance(value, dict):
            old = before.get(key)
            patch[key] = _changes(old if isinstance(old, dict) else {}, value, f"{path}{key}.")
        else:
            patch[key] = value
    return patch


def _text(value: JSON) -> str:
    # Python says that 1, 1.0 and True are the same.
    return json.dumps(value, sort_keys=True)
