"""Voids, applied credits and files of documents that are in the organisation already.

Protects: a document that finance has edited, or that is paid, is never voided; no credit is applied twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import Conflict, OutcomeUnknown, Refused, Unrecognised
from connectors.ledgers.xero import echo
from connectors.ledgers.xero.client import Reply, XeroClient
from connectors.ledgers.xero.fault_bodies import is_refused, messages_of
from connectors.ledgers.xero.faults import record_refusal
from connectors.ledgers.xero.followup_wire import Aim, aim_of, file_of
from connectors.protocols import Held, Outcome, Posted, Shipment

Entity = Mapping[str, Any]

_OPEN: Mapping[str, str] = {"Invoices": "AmountDue", "CreditNotes": "RemainingCredit"}


class FollowUps:
    """The follow-ups of one organisation's session; one at a time."""

    def __init__(self, client: XeroClient) -> None:
        self._client = client

    def push(self, shipment: Shipment, not_after: float | None) -> Outcome:
        """A refusal of this one is its outcome; what concerns the call or the book is raised."""
        aim = aim_of(shipment.body)
        try:
            match shipment.kind:
                case "void":
                    return self._void(shipment, aim, not_after)
                case "attachment":
                    content = file_of(shipment.body)
                    reply = self._client.attach(aim, content, key=shipment.key, not_after=not_after)
                    return _attached(reply, aim)
                case _:
                    reply = self._client.allocate(aim, key=shipment.key, not_after=not_after)
                    return _allocated(reply, aim)
        except (Refused, Conflict, Unrecognised) as refused:
            return refused

    def find(self, shipment: Shipment) -> Held | None:
        """What a read shows of a follow-up: present when it has taken effect."""
        aim = aim_of(shipment.body)
        match shipment.kind:
            case "void":
                entity = self._document(aim)
                return _held(shipment, entity, aim) if entity is not None and _is_void(entity) else None
            case "attachment":
                return self._file(shipment, aim)
            case _:
                return self._allocation(shipment, aim)

    def _void(self, shipment: Shipment, aim: Aim, not_after: float | None) -> Outcome:
        """Look first, whether finance did anything to it; then void it."""
        entity = self._document(aim)
        if entity is None:
            return Refused("The book no longer holds it.", code="deleted_there", hint="Cancel the void.")
        if _is_void(entity):
            return _posted(entity, aim)
        total, still_open = echo.amount_of(entity, "Total"), echo.amount_of(entity, _OPEN[aim.path])
        wanted = shipment.expect.gross
        if wanted is not None and total != wanted.decimal:
            why = f"Somebody changed it there: its total is {total}, ours {wanted}."
            return Refused(
                why, code="edited_there", hint="Agree with finance; void it there by hand if right."
            )
        if still_open != total:
            why = f"It is paid or settled there: {still_open} of {total} is open."
            return Refused(why, code="paid_there", hint="Correct it by a credit note instead.")
        reply = self._client.void(aim.path, aim.id, key=shipment.key, not_after=not_after)
        answered = next(iter(reply.records(aim.path)), None)
        if answered is not None and is_refused(answered):
            return record_refusal(messages_of(answered), trace_id=reply.trace_id)
        if answered is None or not _is_void(answered):
            return OutcomeUnknown("Xero does not say that it is voided", trace_id=reply.trace_id)
        return _posted(answered, aim, reply.trace_id)

    def _document(self, aim: Aim) -> Entity | None:
        try:
            reply = self._client.document(aim.path, aim.id)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return next(iter(reply.records(aim.path)), None)

    def _file(self, shipment: Shipment, aim: Aim) -> Held | None:
        """The file by its name; one of another size is somebody else's."""
        size = len(file_of(shipment.body))
        for found in self._client.attachments(aim.path, aim.id).records("Attachments"):
            if echo.text_of(found, "FileName") == aim.file:
                is_ours = echo.amount_of(found, "ContentLength") == size
                return Held(
                    ledger_id=echo.text_of(found, "AttachmentID"),
                    version="",
                    lookup=shipment.lookup,
                    marker=shipment.marker if is_ours else "",
                )
        return None

    def _allocation(self, shipment: Shipment, aim: Aim) -> Held | None:
        """The allocation by invoice, amount and day: there is no text to mark it by."""
        entity = self._document(aim)
        allocations = entity.get("Allocations") if entity is not None else None
        for found in allocations if isinstance(allocations, list) else ():
            invoice = found.get("Invoice") if isinstance(found, Mapping) else None
            if (
                isinstance(invoice, Mapping)
                and echo.text_of(invoice, "InvoiceID") == aim.invoice
                and echo.amount_of(found, "Amount") == aim.amount
                and str(echo.day_of(found.get("Date"))) == aim.on
            ):
                return _held(shipment, found, aim)
        return None


def _attached(reply: Reply, aim: Aim) -> Outcome:
    for found in reply.records("Attachments"):
        if echo.text_of(found, "FileName") == aim.file and echo.text_of(found, "AttachmentID"):
            return Posted(echo.text_of(found, "AttachmentID"), trace_id=reply.trace_id)
    return OutcomeUnknown("Xero answered without the file", trace_id=reply.trace_id)


def _allocated(reply: Reply, aim: Aim) -> Outcome:
    answered = next(iter(reply.records("Allocations")), None)
    if answered is None:
        return OutcomeUnknown("Xero answered without the allocation", trace_id=reply.trace_id)
    messages = messages_of(answered)
    if messages or is_refused(answered):
        return record_refusal(messages, trace_id=reply.trace_id)
    return _posted(answered, aim, reply.trace_id)


def _id(entity: Entity, aim: Aim) -> str:
    """An allocation's own id where it is told; else the two documents, which name it as well."""
    own = echo.text_of(entity, "AllocationID")
    return own or (f"{aim.id}/{aim.invoice}" if aim.invoice else aim.id)


def _posted(entity: Entity, aim: Aim, trace_id: str = "") -> Posted:
    return Posted(_id(entity, aim), echo.version_of(entity), trace_id=trace_id)


def _held(shipment: Shipment, entity: Entity, aim: Aim) -> Held:
    return Held(
        ledger_id=_id(entity, aim),
        version=echo.version_of(entity),
        lookup=shipment.lookup,
        marker=shipment.marker,
    )


def _is_void(entity: Entity) -> bool:
    return echo.text_of(entity, "Status") == "VOIDED"
