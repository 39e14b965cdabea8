"""Voids, applied credits, files and mails of documents that are in the company already.

Protects: a document that finance has edited, or that is paid, is never voided; nothing is mailed twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.errors import Conflict, OutcomeUnknown, Refused, Unrecognised
from connectors.ledgers.quickbooks import echo, queries
from connectors.ledgers.quickbooks.client import QuickBooksClient, Reply
from connectors.ledgers.quickbooks.fault_bodies import fault_of
from connectors.ledgers.quickbooks.faults import batch_refusal
from connectors.ledgers.quickbooks.followup_wire import MARKER_PREFIX, Aim, boundary
from connectors.ledgers.quickbooks.shapes import rows_in
from connectors.protocols import Held, Outcome, Posted, Shipment

_ENCODER = msgspec.json.Encoder()

Entity = Mapping[str, Any]


class FollowUps:
    """The follow-ups of one company's session; one at a time."""

    def __init__(self, client: QuickBooksClient) -> None:
        self._client = client

    def push(self, shipment: Shipment, not_after: float | None) -> Outcome:
        """A refusal of this one is its outcome; what concerns the call or the book is raised."""
        try:
            match shipment.kind:
                case "void":
                    return self._void(shipment, not_after)
                case "email":
                    return self._email(shipment, not_after)
                case "attachment":
                    return self._attach(shipment, not_after)
                case _:
                    return self._apply(shipment, not_after)
        except (Refused, Conflict, Unrecognised) as refused:
            return refused

    def find(self, shipment: Shipment) -> Held | None:
        """What a read shows of a follow-up: present when it has taken effect (one query)."""
        match shipment.kind:
            case "void":
                entity = self._document(msgspec.json.decode(shipment.body, type=Aim))
                return _held(shipment, entity) if entity is not None and _is_void(entity) else None
            case "email":
                entity = self._document(msgspec.json.decode(shipment.body, type=Aim))
                return _held(shipment, entity) if entity is not None and _is_sent(entity) else None
            case "attachment":
                return self._marked(shipment, "Attachable", "FileName", shipment.lookup, "Note")
            case _:
                day = str(msgspec.json.decode(shipment.body)["TxnDate"])
                return self._marked(shipment, "Payment", "TxnDate", day, "PrivateNote")

    def _void(self, shipment: Shipment, not_after: float | None) -> Outcome:
        """Look first, for the version and whether finance did anything to it; then void that version."""
        aim = msgspec.json.decode(shipment.body, type=Aim)
        entity = self._document(aim)
        if entity is None:
            return Refused("The book no longer holds it.", code="deleted_there", hint="Cancel the void.")
        if _is_void(entity):
            return _posted(entity)
        total, balance = echo.amount_of(entity, "TotalAmt"), echo.amount_of(entity, "Balance")
        wanted = shipment.expect.gross
        if wanted is not None and total != wanted.decimal:
            why = f"Somebody changed it there: its total is {total}, ours {wanted}."
            return Refused(
                why, code="edited_there", hint="Agree with finance; void it there by hand if right."
            )
        if balance != total:
            why = f"It is paid or settled there: {balance} of {total} is open."
            return Refused(why, code="paid_there", hint="Correct it by a credit note instead.")
        body = _ENCODER.encode({"Id": aim.id, "SyncToken": echo.text_of(entity, "SyncToken")})
        reply = self._client.void(aim.entity, body, requestid=shipment.key, not_after=not_after)
        return _answered(reply, aim.entity)

    def _email(self, shipment: Shipment, not_after: float | None) -> Outcome:
        aim = msgspec.json.decode(shipment.body, type=Aim)
        reply = self._client.send(aim.entity, aim.id, to=aim.to, requestid=shipment.key, not_after=not_after)
        entity = reply.payload.get(aim.entity)
        if not isinstance(entity, Mapping) or not _is_sent(entity):
            return OutcomeUnknown("QuickBooks does not say that it was mailed", trace_id=reply.trace_id)
        return _answered(reply, aim.entity)

    def _apply(self, shipment: Shipment, not_after: float | None) -> Outcome:
        reply = self._client.create("Payment", shipment.body, requestid=shipment.key, not_after=not_after)
        return _answered(reply, "Payment")

    def _attach(self, shipment: Shipment, not_after: float | None) -> Outcome:
        content_type = f"multipart/form-data; boundary={boundary(shipment.marker)}"
        reply = self._client.upload(
            shipment.body, content_type=content_type, requestid=shipment.key, not_after=not_after
        )
        answers = reply.payload.get("AttachableResponse")
        answer = answers[0] if isinstance(answers, list) and answers else {}
        errors = fault_of(answer)
        if errors:
            return batch_refusal(errors, trace_id=reply.trace_id)
        entity = answer.get("Attachable")
        if not isinstance(entity, Mapping) or not echo.text_of(entity, "Id"):
            return OutcomeUnknown("QuickBooks answered without the file", trace_id=reply.trace_id)
        return _posted(entity, reply.trace_id)

    def _document(self, aim: Aim) -> Entity | None:
        select = queries.by_id(aim.entity, aim.id)
        found = rows_in(self._client.query(select).payload, aim.entity)
        return found[0] if found else None

    def _marked(self, shipment: Shipment, entity: str, member: str, value: str, note: str) -> Held | None:
        answer = self._client.query(queries.by_value(entity, member, value)).payload
        for found in rows_in(answer, entity):
            if f"{MARKER_PREFIX}{shipment.marker}" in echo.text_of(found, note):
                return _held(shipment, found)
        return None


def _answered(reply: Reply, entity: str) -> Outcome:
    answered = reply.payload.get(entity)
    if not isinstance(answered, Mapping) or not echo.text_of(answered, "Id"):
        return OutcomeUnknown("QuickBooks answered without the record", trace_id=reply.trace_id)
    return _posted(answered, reply.trace_id)


def _posted(entity: Entity, trace_id: str = "") -> Posted:
    return Posted(echo.text_of(entity, "Id"), echo.text_of(entity, "SyncToken"), trace_id=trace_id)


def _held(shipment: Shipment, entity: Entity) -> Held:
    return Held(
        ledger_id=echo.text_of(entity, "Id"),
        version=echo.text_of(entity, "SyncToken"),
        lookup=shipment.lookup,
        marker=shipment.marker,
    )


def _is_void(entity: Entity) -> bool:
    note = echo.text_of(entity, "PrivateNote")
    return note.lower().startswith("voided") and not echo.amount_of(entity, "TotalAmt")


def _is_sent(entity: Entity) -> bool:
    return echo.text_of(entity, "EmailStatus") == "EmailSent"
