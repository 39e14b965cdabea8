"""Reads the bodies Xero puts a refusal in (pure): validation errors, problem pages, or nothing usable.

Seen: `Elements[].ValidationErrors[].Message` with status 400, the same inside an answered batch (200),
`Title`/`Detail` of 401 and 403, `Message` alone, and text of gateways (ledgers.md 1.4, the official spec).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

BODY_READ_MAX = 256 * 1024

_DEPTH_MAX = 4


def read_messages(body: bytes) -> tuple[str, ...]:
    """What a whole answer tells against a request, () when nothing of it can be read."""
    try:
        told = msgspec.json.decode(body[:BODY_READ_MAX])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ()
    if not isinstance(told, dict):
        return ()
    elements = told.get("Elements")
    found = tuple(
        message
        for element in (elements if isinstance(elements, list) else ())
        if isinstance(element, dict)
        for message in messages_of(element)
    )
    return found or tuple(
        str(told[name]) for name in ("Title", "Detail", "Message", "error") if told.get(name)
    )


def messages_of(element: Mapping[str, Any]) -> tuple[str, ...]:
    """The validation errors of one record, of its lines and contact too, each once."""
    return tuple(dict.fromkeys(_messages(element, 0)))


def is_refused(element: Mapping[str, Any]) -> bool:
    """Whether a record in an answer says that it was turned down."""
    return (
        element.get("StatusAttributeString") == "ERROR"
        or element.get("HasErrors") is True
        or element.get("HasValidationErrors") is True
    )


def _messages(value: object, depth: int) -> Iterator[str]:
    if depth > _DEPTH_MAX or not isinstance(value, Mapping):
        return
    errors = value.get("ValidationErrors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, Mapping) and error.get("Message"):
            yield str(error["Message"])
    for member in value.values():
        for inner in member if isinstance(member, list) else (member,):
            yield from _messages(inner, depth + 1)
