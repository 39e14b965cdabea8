"""What is done about a document that is in the company already, as stored bytes (pure).

A void and a mail name their document; what only the server can tell (the newest SyncToken) is added when
they are sent (decision 0004). An application is a payment of nothing that links a credit memo and an invoice;
a file is one multipart request whose boundary is the marker, so that its bytes never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.errors import Refused
from connectors.ledgers.quickbooks import limits
from connectors.protocols import Expectation, Rendered
from mappings.canonical.record import (
    ApplicationRecord,
    AttachmentRecord,
    EmailRecord,
    FollowUp,
    Reference,
    VoidRecord,
)

MARKER_PREFIX = "subledger:"
ENTITY_OF_DOCUMENT: Mapping[str, str] = {"invoice": "Invoice", "credit_note": "CreditMemo"}

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Aim(msgspec.Struct, frozen=True):
    """The stored bytes of a void or a mail: whose document, and where it goes to."""

    entity: str
    id: str
    to: str = ""


def needed(record: FollowUp) -> tuple[Reference, ...]:
    """The documents, and for an application the customer, that must have an id in the company."""
    references = [record.document.reference]
    if isinstance(record, ApplicationRecord):
        references += [record.invoice.reference, Reference("customer", record.customer)]
    return tuple(references)


def rendered(record: FollowUp, marker: str, bound: Mapping[Reference, str]) -> Rendered:
    """The stored bytes. Raises `Refused` for a follow-up that QuickBooks does not know."""
    entity, ledger_id = ENTITY_OF_DOCUMENT[record.document.kind], bound[record.document.reference]
    if isinstance(record, VoidRecord):
        if entity != "Invoice":
            raise Refused(
                "QuickBooks voids no credit memos.", code="no_void", hint="Delete it there by hand."
            )
        body = _ENCODER.encode(Aim(entity, ledger_id))
        return Rendered(body, record.document.number, Expectation(gross=record.document.gross))
    if isinstance(record, EmailRecord):
        body = _ENCODER.encode(Aim(entity, ledger_id, _recipients(record)))
        return Rendered(body, record.document.number, Expectation())
    if isinstance(record, AttachmentRecord):
        name = limits.cut(record.name.replace('"', "'"), limits.FILE_NAME_MAX)
        return Rendered(_upload(record, name, marker, entity, ledger_id), name, Expectation())
    return Rendered(_ENCODER.encode(_payment(record, marker, bound)), record.document.number, Expectation())


def boundary(marker: str) -> str:
    """The line between the parts of an upload."""
    return f"subledger-{marker}"


def _payment(record: ApplicationRecord, marker: str, bound: Mapping[Reference, str]) -> dict[str, Any]:
    def line(txn_id: str, kind: str) -> dict[str, Any]:
        return {"Amount": record.amount.decimal, "LinkedTxn": [{"TxnId": txn_id, "TxnType": kind}]}

    return {
        "CustomerRef": {"value": bound[Reference("customer", record.customer)]},
        "CurrencyRef": {"value": record.amount.currency},
        "TotalAmt": 0,
        "TxnDate": record.on.isoformat(),
        "PrivateNote": f"{MARKER_PREFIX}{marker} {record.document.number} settles {record.invoice.number}",
        "Line": [
            line(bound[record.invoice.reference], "Invoice"),
            line(bound[record.document.reference], "CreditMemo"),
        ],
    }


def _recipients(record: EmailRecord) -> str:
    """As many addresses as fit, parted by commas; at least the first."""
    told = ""
    for address in record.recipients:
        longer = f"{told},{address}" if told else address
        if len(longer) > limits.EMAIL_MAX:
            break
        told = longer
    if not told:
        raise Refused("No address fits into QuickBooks.", code="2210", hint="Correct the party's e-mails.")
    return told


def _upload(record: AttachmentRecord, name: str, marker: str, entity: str, ledger_id: str) -> bytes:
    line = boundary(marker).encode("ascii")
    metadata = _ENCODER.encode(
        {
            "AttachableRef": [{"EntityRef": {"type": entity, "value": ledger_id}}],
            "FileName": name,
            "ContentType": record.media_type,
            "Note": f"{MARKER_PREFIX}{marker}",
        }
    )
    disposition = f'Content-Disposition: form-data; name="file_content_01"; filename="{name}"'
    return b"\r\n".join(
        (
            b"--" + line,
            b'Content-Disposition: form-data; name="file_metadata_01"; filename="attachment.json"',
            b"Content-Type: application/json",
            b"",
            metadata,
            b"--" + line,
            disposition.encode(),
            f"Content-Type: {record.media_type}".encode("ascii"),
            b"",
            record.content,
            b"--" + line + b"--",
            b"",
        )
    )
