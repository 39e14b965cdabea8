"""Builders: a British Xero organisation, and the records we put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from connectors.ledgers.xero.organisation import Organisation, organisation_of
from connectors.ledgers.xero.wire import rendered
from connectors.protocols import Shipment
from mappings.canonical.book import Book
from mappings.canonical.document import Line
from mappings.canonical.record import (
    ApplicationRecord,
    AttachmentRecord,
    CustomerRecord,
    DocumentRecord,
    ItemRecord,
    Record,
    RecordKind,
    Reference,
    VoidRecord,
)
from mappings.identity import DeliveryIdentity
from tests.unit.connectors.ledgers.quickbooks import records as neutral

TENANT = "ae75d056-4af7-484d-b709-94439130faa4"
ACME = "b1f0c0aa-0000-4000-8000-000000000101"
ACME_EUR = "b1f0c0aa-0000-4000-8000-000000000102"
ACME_JPY = "b1f0c0aa-0000-4000-8000-000000000103"

BOUND: Mapping[Reference, str] = {
    Reference("customer", "ACME/GBP"): ACME,
    Reference("customer", "ACME/EUR"): ACME_EUR,
    Reference("customer", "ACME/JPY"): ACME_JPY,
    Reference("item", "M365"): "M365",
    Reference("account", "4000"): "200",
    Reference("tax_code", "S"): "OUTPUT2",
    Reference("class", "EMEA"): "Region=North",
}


def book(code: str = "UK-BOOK", *, api_base: str = "http://127.0.0.1:1", **settings: str) -> Book:
    return Book(
        code=code,
        issuer="UK",
        ledger="xero",
        chart="CHART",
        home_currency="GBP",
        settings={
            "tenant_id": TENANT,
            "environment": "simulator",
            "client_id": "simulator-client",
            "client_secret": "canary-client-secret",
            "api_base": api_base,
            "token_endpoint": f"{api_base}/connect/token",
            **settings,
        },
    )


def organisation(**settings: str) -> Organisation:
    return organisation_of(book(**settings))


def line(net: int = 12000, *, currency: str = "GBP", percent: str = "20", **facts: Any) -> Line:
    return neutral.line(net, currency=currency, percent=percent, **facts)


def document(
    number: str = "INV-2026-00001",
    *,
    kind: Literal["invoice", "credit_note"] = "invoice",
    lines: Sequence[Sequence[Line]] = (),
    currency: str = "GBP",
    **facts: Any,
) -> DocumentRecord:
    """One line of 120.00 with 20 % tax, unless told otherwise; the base currency is pounds."""
    given = lines or ((line(currency=currency),),)
    return neutral.document(number, kind=kind, lines=given, currency=currency, home_currency="GBP", **facts)


def customer(code: str = "ACME/GBP", **facts: Any) -> CustomerRecord:
    return neutral.customer(code, **facts)


def item(code: str = "M365", **facts: Any) -> ItemRecord:
    return neutral.item(code, **facts)


def shipment(
    record: Record,
    *,
    bound: Mapping[Reference, str] = BOUND,
    revision: int = 0,
    ref: str = "",
    of: Organisation | None = None,
) -> Shipment:
    """A record as the write-ahead stores it, with the identity of its delivery."""
    kind, own_ref = kind_and_ref(record)
    identity = DeliveryIdentity("UK-BOOK", kind, ref or own_ref, revision)
    made = rendered(record, marker=identity.marker, bound=bound, organisation=of or organisation())
    return Shipment(kind, identity.key, identity.marker, made.lookup, made.body, made.expect)


def kind_and_ref(record: Record) -> tuple[RecordKind, str]:
    match record:
        case CustomerRecord() | ItemRecord():
            return ("customer" if isinstance(record, CustomerRecord) else "item"), record.code
        case VoidRecord():
            return "void", record.document.ref
        case ApplicationRecord():
            return "application", record.document.ref
        case AttachmentRecord():
            return "attachment", record.document.ref
        case DocumentRecord():
            return record.document.kind, record.document.ref
    raise TypeError(record)
