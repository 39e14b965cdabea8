"""What is done about a document that is in the organisation already, as stored bytes (pure).

Each begins with a line that says where it goes; an attachment's file follows as it is. What only the server
can tell (whether it is paid) is looked at when a void is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import quote

import msgspec

from connectors.errors import Refused
from connectors.ledgers.xero import limits
from connectors.protocols import Expectation, Rendered
from mappings.canonical.record import (
    ApplicationRecord,
    AttachmentRecord,
    EmailRecord,
    FollowUp,
    Reference,
    VoidRecord,
)

PATHS: Mapping[str, str] = {"invoice": "Invoices", "credit_note": "CreditNotes"}

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Aim(msgspec.Struct, frozen=True, omit_defaults=True):
    """The stored head of a follow-up: whose document, and what else it needs to be sent and found again."""

    path: str
    id: str
    invoice: str = ""
    amount: Decimal = Decimal(0)
    on: str = ""
    file: str = ""
    media_type: str = ""


def needed(record: FollowUp) -> tuple[Reference, ...]:
    """The documents that must have an id in the organisation."""
    references = [record.document.reference]
    if isinstance(record, ApplicationRecord):
        references.append(record.invoice.reference)
    return tuple(references)


def rendered(record: FollowUp, marker: str, bound: Mapping[Reference, str]) -> Rendered:
    """The stored bytes. Raises `Refused` for a follow-up that Xero does not do for us."""
    path, ledger_id = PATHS[record.document.kind], bound[record.document.reference]
    lookup = record.document.number
    if isinstance(record, VoidRecord):
        expected = Expectation(gross=record.document.gross)
        return Rendered(_ENCODER.encode(Aim(path, ledger_id)), lookup, expected)
    if isinstance(record, ApplicationRecord):
        aim = Aim(
            path,
            ledger_id,
            invoice=bound[record.invoice.reference],
            amount=record.amount.decimal,
            on=record.on.isoformat(),
        )
        return Rendered(_ENCODER.encode(aim), lookup, Expectation())
    if isinstance(record, EmailRecord):
        raise Refused(
            "Xero mails a document to the addresses of its contact, not to those we name.",
            code="no_email",
            hint="Mail it from Xero's pages.",
        )
    return _attachment(record, path, ledger_id)


def aim_of(body: bytes) -> Aim:
    """The head of stored bytes."""
    return msgspec.json.decode(body.partition(b"\n")[0], type=Aim)


def file_of(body: bytes) -> bytes:
    """The file behind the head."""
    return body.partition(b"\n")[2]


def attachment_path(aim: Aim) -> str:
    """Where a file is put: its name is the last part of the address."""
    return f"{aim.path}/{aim.id}/Attachments/{quote(aim.file, safe='')}"


def _attachment(record: AttachmentRecord, path: str, ledger_id: str) -> Rendered:
    if len(record.content) > limits.FILE_BYTES_MAX:
        raise Refused(
            f"Xero takes files of at most {limits.FILE_BYTES_MAX // 1_000_000} MB; {record.name} is larger.",
            code="413",
            hint="Make the file smaller.",
        )
    name = limits.fitted_file_name(record.name)
    head = _ENCODER.encode(Aim(path, ledger_id, file=name, media_type=record.media_type))
    return Rendered(head + b"\n" + record.content, name, Expectation())
