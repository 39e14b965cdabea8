"""Notices (webhooks) of Xero: verify on the raw bytes, answer the intent to receive, read who changed (pure).

A notice is a doorbell: what changed is read from the organisation. Xero repeats a delivery for a day and then
stops for good, so the sweep over changes stays the safety (ledgers.md 1.5).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

SIGNATURE_HEADER = "x-xero-signature"


class NoticeUnreadable(ValueError):
    """A verified body that is not Xero's."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One change in one organisation: `entity` in lower case as in `creditnote`, `verb` create or update."""

    event_id: str
    tenant_id: str
    entity: str
    verb: str
    ledger_id: str
    occurred: str


def is_genuine(headers: Mapping[str, str], raw: bytes, keys: Sequence[str]) -> bool:
    """Whether the raw bytes are signed with one of our webhook keys; no key = nothing is genuine."""
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        claimed = base64.b64decode(lowered.get(SIGNATURE_HEADER, ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    genuine = False
    for key in keys:
        expected = hmac.new(key.encode("utf-8"), raw, hashlib.sha256).digest()
        genuine |= bool(key) and hmac.compare_digest(expected, claimed)
    return genuine


def answer_status(headers: Mapping[str, str], raw: bytes, keys: Sequence[str]) -> int:
    """What Xero must hear, with an empty body and within 5 s: 200, or 401 for a wrong signature.

    The same for the intent to receive (a body without events, some of them signed wrongly on purpose): who
    answers those otherwise is sent nothing.
    """
    return 200 if is_genuine(headers, raw, keys) else 401


def read_notices(raw: bytes) -> tuple[Notice, ...]:
    """Every change a verified body tells of, none for an intent to receive. Raises `NoticeUnreadable`.

    An event has no id of its own: its facts are its identity, so that a repeated delivery is known again.
    """
    try:
        body = msgspec.json.decode(raw, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise NoticeUnreadable(f"not a notice of Xero: {problem}") from problem
    return tuple(
        Notice(
            event_id="|".join(
                (one.tenantId, one.eventCategory, one.resourceId, one.eventType, one.eventDateUtc)
            ),
            tenant_id=one.tenantId,
            entity=one.eventCategory.lower(),
            verb=one.eventType.lower(),
            ledger_id=one.resourceId,
            occurred=one.eventDateUtc,
        )
        for one in body.events
    )


class _Event(msgspec.Struct):
    resourceId: str  # noqa: N815  # their name
    tenantId: str  # noqa: N815  # their name
    eventCategory: str  # noqa: N815  # their name
    eventType: str  # noqa: N815  # their name
    eventDateUtc: str = ""  # noqa: N815  # their name


class _Body(msgspec.Struct):
    events: list[_Event]
