"""Records that use everything a document can carry, with ids the official spec accepts."""

from __future__ import annotations

from dataclasses import replace

from connectors.protocols import Shipment
from mappings.canonical.record import Reference, Target
from tests.unit.connectors.ledgers.xero import records as make

INVOICE_ID = "ed255415-e141-4150-aab7-89c3bbbb851c"
CREDIT_ID = "f9256f04-5a99-4680-acb9-6b4639cc439a"
TARGET = Target("invoice", "REF", "INV-1", make.document().document.gross)
CREDIT = replace(TARGET, kind="credit_note", number="CN-1")
IDS = {
    **make.BOUND,
    Reference("customer", "ACME/GBP"): "430fa14a-f945-44d3-9f97-5df5e28441b8",
    Reference("invoice", "REF"): INVOICE_ID,
    Reference("credit_note", "REF"): CREDIT_ID,
}


def documents(number: str) -> tuple[Shipment, ...]:
    """With tracking and references, in another currency, of two sections, without tax, with a link."""
    plain = make.document(number, purchase_order="PO-1", class_="EMEA")
    foreign = make.document(f"{number}-EUR", currency="EUR", rate="0.87")
    sections = make.document(f"{number}-S", lines=[[make.line()], [make.line(percent="0")]])
    untaxed = make.document(f"{number}-N", lines=[[make.line(percent="0")]], tax_code="")
    linked = make.shipment(plain, bound=IDS, of=make.organisation(source_url="https://billing.example"))
    return (*(make.shipment(one, bound=IDS) for one in (plain, foreign, sections, untaxed)), linked)
