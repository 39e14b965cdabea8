"""Notices (webhooks) of QuickBooks Online: verify on the raw bytes, then read who changed (pure).

A notice is a doorbell: what changed is read from the company. One delivery may mix companies and come
twice or out of order, so every notice carries an id to tell repeats by (qbo.md section 11).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

SIGNATURE_HEADER = "intuit-signature"

_VERBS: Mapping[str, str] = {"voided": "void"}
"""The portal and a captured delivery say `void`, other code expects `voided`: both are one."""
_LEGACY_VERBS: Mapping[str, str] = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "emailed": "emailed",
    "void": "void",
}


class NoticeUnreadable(ValueError):
    """A verified body that is neither an array of CloudEvents nor the legacy object."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One change in one company: `entity` in lower case as in `creditmemo`, `verb` as in `updated`.

    `merged_id` is the record that a merge took away, else "".
    """

    event_id: str
    realm_id: str
    entity: str
    verb: str
    ledger_id: str
    occurred: str
    merged_id: str = ""


def is_genuine(headers: Mapping[str, str], raw: bytes, verifier_tokens: Sequence[str]) -> bool:
    """Whether the raw bytes are signed with one of our verifier tokens; no token = nothing is genuine."""
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        claimed = base64.b64decode(lowered.get(SIGNATURE_HEADER, ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    genuine = False
    for token in verifier_tokens:
        expected = hmac.new(token.encode("utf-8"), raw, hashlib.sha256).digest()
        genuine |= bool(token) and hmac.compare_digest(expected, claimed)
    return genuine


def read_notices(raw: bytes) -> tuple[Notice, ...]:
    """Every change a verified body tells of; raises `NoticeUnreadable` for anything else."""
    try:
        decoded = msgspec.json.decode(raw, type=list[_CloudEvent] | _Legacy)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise NoticeUnreadable(f"not a notice of QuickBooks: {problem}") from problem
    if isinstance(decoded, _Legacy):
        return tuple(_from_legacy(decoded))
    return tuple(_from_cloud_event(event) for event in decoded)


class _CloudEvent(msgspec.Struct):
    id: str
    type: str
    intuitentityid: str
    intuitaccountid: str
    time: str = ""
    data: dict[str, object] = {}


class _LegacyEntity(msgspec.Struct):
    name: str
    id: str
    operation: str
    lastUpdated: str = ""  # noqa: N815  # their name
    deletedId: str = ""  # noqa: N815  # their name


class _LegacyChange(msgspec.Struct):
    entities: list[_LegacyEntity]


class _LegacyCompany(msgspec.Struct):
    realmId: str  # noqa: N815  # their name
    dataChangeEvent: _LegacyChange  # noqa: N815  # their name


class _Legacy(msgspec.Struct):
    eventNotifications: list[_LegacyCompany]  # noqa: N815  # their name


def _from_cloud_event(event: _CloudEvent) -> Notice:
    parts = event.type.split(".")
    if len(parts) < 3 or parts[0] != "qbo":
        raise NoticeUnreadable(f"{event.type!r} is not a type of QuickBooks, as in qbo.invoice.created.v1")
    merged = next((str(held) for name, held in event.data.items() if name.lower() == "deletedid"), "")
    return Notice(
        event_id=event.id,
        realm_id=event.intuitaccountid,
        entity=parts[1].lower(),
        verb=_VERBS.get(parts[2], parts[2]),
        ledger_id=event.intuitentityid,
        occurred=event.time,
        merged_id=merged,
    )


def _from_legacy(body: _Legacy) -> Iterator[Notice]:
    """The legacy form has no event id: the five facts that make a change are its identity."""
    for company in body.eventNotifications:
        for entity in company.dataChangeEvent.entities:
            facts = (company.realmId, entity.name, entity.id, entity.operation, entity.lastUpdated)
            yield Notice(
                event_id="|".join(facts),
                realm_id=company.realmId,
                entity=entity.name.lower(),
                verb=_LEGACY_VERBS.get(entity.operation.lower(), entity.operation.lower()),
                ledger_id=entity.id,
                occurred=entity.lastUpdated,
                merged_id=entity.deletedId,
            )
