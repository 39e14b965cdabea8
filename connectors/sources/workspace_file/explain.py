"""Every wrong type, missing key and unknown key of a file at once, each as a sentence.

The decoder stops at its first error and speaks of regular expressions; this walk runs only after it failed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from connectors.sources.workspace_file.finding import Path, Problem, shown
from connectors.sources.workspace_file.tree import Plain

_WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date such as 2026-01-31",
}


def type_problems(data: Plain, kind: Any, path: Path = ()) -> Iterator[Problem]:
    """What keeps `data` from being a `kind` (a struct, tuple, dict, union with None or scalar type)."""
    kind = _without_none(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct_problems(data, kind, path)
    elif get_origin(kind) is tuple and isinstance(data, list):
        for position, item in enumerate(data):
            yield from type_problems(item, get_args(kind)[0], (*path, position))
    else:
        try:
            msgspec.convert(data, kind, strict=False)
        except msgspec.ValidationError:
            yield _wrong(data, kind, path)


def _struct_problems(data: Plain, kind: type[msgspec.Struct], path: Path) -> Iterator[Problem]:
    if not isinstance(data, dict):
        yield _wrong(data, kind, path)
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in data.items():
        if key in fields:
            yield from type_problems(value, fields[key].type, (*path, key))
        else:
            yield Problem(
                (*path, key), f"the key {shown(key)} is not known here.", _nearest(key, tuple(fields))
            )
    for key, field in fields.items():
        if field.required and key not in data:
            yield Problem((*path, key), f"{key} is missing.", f"Add it: {_expected(field.type)}.")


def _wrong(data: Plain, kind: Any, path: Path) -> Problem:
    hint = f"Write {_expected(kind)}."
    if isinstance(data, str):
        options = [str(option) for option in get_args(kind)] if get_origin(kind) is Literal else []
        near = difflib.get_close_matches(data, options, n=1)
        return Problem(
            path, f"{shown(data)} does not fit here.", f"{hint} Did you mean {near[0]}?" if near else hint
        )
    if isinstance(data, dict):
        return Problem(path, "there is a group of keys here.", hint)
    return Problem(
        path, "there is a list here." if isinstance(data, list) else "there is nothing here.", hint
    )


def _nearest(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known keys are {', '.join(known)}."


def _expected(kind: Any) -> str:
    kind = _without_none(kind)
    if get_origin(kind) is Annotated:
        base, *notes = get_args(kind)
        told = [note.extra["expected"] for note in notes if note.extra and "expected" in note.extra]
        return str(told[0]) if told else _expected(base)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(str(option) or '""' for option in get_args(kind))
    if get_origin(kind) is tuple:
        return "a list, each item on a line that begins with `- `"
    if get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return "a group of keys, each on a line `key: value`"
    return _WORDS.get(kind, "text")


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return next(option for option in get_args(kind) if option is not type(None))
    return kind
