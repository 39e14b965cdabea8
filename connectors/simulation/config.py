"""A simulator's set-up file: JSON read as frozen dataclasses; whatever does not fit is refused by name."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

Config = TypeVar("Config")


class BadConfig(Exception):
    """The set-up makes no sense; the message names the key and what was expected."""


def read_values(path: Path, wanted: type[Config]) -> Config:
    """The dataclass in a JSON file; unknown keys, wrong types and unreadable files are refused by name."""
    try:
        raw = msgspec.json.decode(path.read_bytes())
        _refuse_unknown_keys(raw, wanted, at="config")
        return msgspec.convert(raw, wanted)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as wrong:
        raise BadConfig(f"{path}: {wrong}") from wrong


def _refuse_unknown_keys(raw: object, wanted: Any, *, at: str) -> None:
    """msgspec ignores unknown keys of dataclasses; a misspelt setting must not pass silently."""
    if isinstance(raw, list):
        inner = typing.get_args(wanted)[:1]
        for index, entry in enumerate(raw):
            if inner:
                _refuse_unknown_keys(entry, inner[0], at=f"{at}[{index}]")
        return
    if not (isinstance(raw, dict) and dataclasses.is_dataclass(wanted)):
        return
    types = typing.get_type_hints(wanted)
    for key, value in raw.items():
        if key not in types:
            raise BadConfig(f"{at}: unknown key {key!r}; known: {', '.join(sorted(types))}")
        _refuse_unknown_keys(value, types[key], at=f"{at}.{key}")
