"""Strict JSON for what others send us: nothing is guessed, nothing is read twice, numbers stay exact.

Refused: NaN and Infinity, a name given twice in one object, nesting too deep to read, numbers no business
figure can be, lone surrogates, NUL characters, UTF-16 and other encodings, text after the document. Numbers
with a point become `Decimal` from their own text, never float. msgspec is not used here because it keeps the
last of two equal names without a word.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

_DIGITS_MAX = 40
_EXPONENT_MAX = 40
_DEPTH_MAX = 64
_SUSPECT = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")


class JsonRefused(ValueError):
    """The bytes are not JSON we accept; the message is a sentence for the sender."""


def parse(raw: bytes, *, allow_bom: bool = False) -> object:
    """The document as dict, list, str, int, Decimal, bool or None. Raises `JsonRefused`."""
    text = _decode(raw, allow_bom=allow_bom)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise JsonRefused(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise JsonRefused(_TOO_DEEP) from None
    _check_depth(document)
    if _SUSPECT.search(raw):
        _check_characters(document)
    return document


_TOO_DEEP = f"is nested deeper than {_DEPTH_MAX} levels"


def _decode(raw: bytes, *, allow_bom: bool) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise JsonRefused("is UTF-16; save it as UTF-8")
    if raw.startswith(b"\xef\xbb\xbf"):
        if not allow_bom:
            raise JsonRefused("starts with a byte order mark, which JSON on the wire must not have")
        raw = raw[3:]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonRefused(f"is not UTF-8: byte {error.start + 1} cannot be read") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise JsonRefused(f"gives the name {counted.most_common(1)[0][0][:60]!r} twice in one object")
    return members


def _decimal(text: str) -> Decimal:
    if len(text) > _DIGITS_MAX + 10:
        raise JsonRefused(f"holds a number of {len(text)} characters, which is no business figure")
    number = Decimal(text)
    if len(number.as_tuple().digits) > _DIGITS_MAX or (number and abs(number.adjusted()) > _EXPONENT_MAX):
        raise JsonRefused(f"holds the number {text}, which is no business figure")
    return number


def _integer(text: str) -> int:
    if len(text) > _DIGITS_MAX:
        raise JsonRefused(f"holds a whole number of {len(text)} digits, which is no business figure")
    return int(text)


def _constant(text: str) -> object:
    raise JsonRefused(f"holds {text}, which is not a number")


def _children(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _check_depth(document: object) -> None:
    """By levels, not by recursion: the answer must not depend on the stack of the caller."""
    level: list[object] = [document]
    for _ in range(_DEPTH_MAX + 1):
        level = [child for value in level for child in _children(value) if isinstance(child, (dict, list))]
        if not level:
            return
    raise JsonRefused(_TOO_DEEP)


def _check_characters(document: object) -> None:
    waiting: list[object] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value:
                raise JsonRefused("holds a NUL character inside a text")
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise JsonRefused("holds half of a surrogate pair (\\ud800 to \\udfff) inside a text")
        else:
            waiting.extend(_children(value))
