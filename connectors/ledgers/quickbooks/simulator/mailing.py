"""Sending a document by e-mail: nothing leaves; the document says it was sent."""

from __future__ import annotations

from datetime import datetime

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.problems import broken_rule, refuse
from connectors.ledgers.quickbooks.simulator.references import DELETED
from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.simulation.clock import local_text


def send(company: Company, entity: str, identifier: str, *, to: str, now: datetime) -> Row:
    """Mark as sent to `to`, or to the document's own address. Raises a refusal: 610, 6000 without address."""
    if entity not in ("Invoice", "CreditMemo"):
        raise refuse("500", f"Unsupported Operation : {entity} cannot be sent")
    row = company.get(entity, identifier)
    if row is None:
        raise refuse("610", DELETED)
    if not to and not row.body.get("BillEmail"):
        raise broken_rule("An email address is needed to send this document.")
    stamp = local_text(now, offset_minutes=company.config.utc_offset_minutes)
    sent: dict[str, object] = {
        "EmailStatus": "EmailSent",
        "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": stamp},
    }
    if to:
        sent["BillEmail"] = {"Address": to}
    return company.put(entity, row.body | sent, now=now, verb="emailed")
