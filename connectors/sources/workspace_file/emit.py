"""Plain data -> YAML text that our reader and any other YAML reader understand alike.

Text that another reader could take for something else (8.40, no, null, 007) is quoted; dates and whole
numbers are not, because people write them so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from connectors.sources.workspace_file.tree import Plain

_BARE = re.compile(
    r"[A-Za-z_/](?:[A-Za-z0-9_./@+-]|:(?=[A-Za-z0-9]))*(?: [A-Za-z0-9_./@+()-]+)*|[1-9][0-9]{0,14}|0"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


def yaml_text(data: dict[str, Plain]) -> str:
    """One block per section, keys in the order of the data."""
    return "\n\n".join("\n".join(_pair(key, value, 0)) for key, value in data.items()) + "\n"


def _pair(key: str, value: Plain, indent: int) -> Iterator[str]:
    head = f"{' ' * indent}{_scalar(key)}:"
    if isinstance(value, dict) and value:
        yield head
        yield from _pairs(value, indent + 2)
    elif isinstance(value, list) and value:
        yield head
        for item in value:
            yield from _item(item, indent + 2)
    else:
        yield f"{head} {_leaf(value)}"


def _pairs(data: dict[str, Plain], indent: int) -> Iterator[str]:
    for key, value in data.items():
        yield from _pair(key, value, indent)


def _item(value: Plain, indent: int) -> Iterator[str]:
    if isinstance(value, dict) and value:
        lines = _pairs(value, indent + 2)
        yield f"{' ' * indent}- {next(lines)[indent + 2 :]}"
        yield from lines
    else:
        yield f"{' ' * indent}- {_leaf(value)}"


def _leaf(value: Plain) -> str:
    if isinstance(value, str):
        return _scalar(value)
    return "[]" if isinstance(value, list) else "{}"


def _scalar(text: str) -> str:
    is_bare = _BARE.fullmatch(text) is not None and text.lower() not in _WORDS
    if is_bare or _DAY.fullmatch(text) is not None:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in quoted)
