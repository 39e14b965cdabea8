"""JSON with exact decimal numbers, both ways: no float exists in here."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class NotJson(Exception):
    """The text is not JSON (or not UTF-8); the message says where."""


def decode(raw: bytes | str) -> object:
    """Objects, lists, text, booleans, None, int, and `Decimal` for every number with a fraction."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError, ValueError) as wrong:
        raise NotJson(str(wrong)) from wrong


def encode(value: object) -> bytes:
    return _ENCODER.encode(value)
