"""Reads the bodies QuickBooks puts a refusal in (pure): JSON in both cases, XML, or nothing usable.

Seen: `Fault.Error[]` from the API, `fault.error[]` in lower case from the gateway (401, 403), XML though
JSON was asked for (429), HTML (503), and a Fault inside an HTTP 200 (qbo.md section 9).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

import msgspec

BODY_READ_MAX = 256 * 1024

_XML_ERROR = re.compile(r"<Error\b([^>]*)>(.*?)</Error>", re.DOTALL)
_XML_ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*["']([^"']*)["']""")
_PADDED_CODE = re.compile(r"errorCode=0*(\d+)")


@dataclass(frozen=True, slots=True)
class FaultError:
    """One error of a fault, as they told it; `code` without leading zeros, "" when there is none."""

    code: str = ""
    message: str = ""
    detail: str = ""
    element: str = ""

    @property
    def told(self) -> str:
        """Message and detail in one sentence."""
        parts = [part for part in (self.message, self.detail) if part]
        where = f" [{self.element}]" if self.element else ""
        return ": ".join(parts) + where


def read_fault(body: bytes) -> tuple[FaultError, ...]:
    """The errors of a whole answer, () when it carries no fault that can be read."""
    if body.lstrip()[:1] == b"<":
        return _from_xml(body[:BODY_READ_MAX].decode("utf-8", "replace"))
    if b"ault" not in body:
        return ()
    try:
        return fault_of(msgspec.json.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ()


def fault_of(answer: object) -> tuple[FaultError, ...]:
    """The errors of a decoded answer or batch item, () when it has no `Fault` member of its own."""
    fault = _member(answer, "fault")
    if not isinstance(fault, Mapping):
        return ()
    listed = _member(fault, "error")
    errors = listed if isinstance(listed, list) else []
    read = tuple(_from_json(error) for error in errors if isinstance(error, Mapping))
    return read or (FaultError(message=_text(fault, "type") or "a fault without errors"),)


def _from_json(error: Mapping[str, object]) -> FaultError:
    message = _text(error, "message")
    return FaultError(
        code=_code(_text(error, "code"), message),
        message=message,
        detail=_text(error, "detail"),
        element=_text(error, "element"),
    )


def _from_xml(text: str) -> tuple[FaultError, ...]:
    """Errors of an XML fault by pattern: no parser, so no entity or DTD can do harm (R13)."""
    found = []
    for attributes, inside in _XML_ERROR.findall(text):
        named = dict(_XML_ATTRIBUTE.findall(attributes))
        message = _xml_text(inside, "Message")
        found.append(
            FaultError(
                code=_code(named.get("code", ""), message),
                message=message,
                detail=_xml_text(inside, "Detail"),
                element=named.get("element", ""),
            )
        )
    return tuple(found)


def _xml_text(inside: str, name: str) -> str:
    match = re.search(rf"<{name}>(.*?)</{name}>", inside, re.DOTALL)
    return unescape(match[1]).strip() if match else ""


def _code(code: str, message: str) -> str:
    """The code without zeros in front; from `errorCode=003001` in the message where it is missing."""
    padded = _PADDED_CODE.search(message)
    return code.lstrip("0") or (padded[1] if padded else "")


def _member(value: object, name: str) -> object:
    """A member of a JSON object whatever the case of its name, or None."""
    if not isinstance(value, Mapping):
        return None
    return next((held for key, held in value.items() if str(key).lower() == name), None)


def _text(value: Mapping[str, object], name: str) -> str:
    held = _member(value, name)
    return "" if held is None else str(held)
