"""Create, update, delete and void: the one place that says which entity can do what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.documents import refuse_closed_period, sale, voided
from connectors.ledgers.quickbooks.simulator.lists import ensure_currency, list_entry
from connectors.ledgers.quickbooks.simulator.parties import customer, name_only
from connectors.ledgers.quickbooks.simulator.payments import (
    apply_links,
    payment,
    release_payments,
    undo_links,
    voided_payment,
)
from connectors.ledgers.quickbooks.simulator.problems import (
    refuse,
)
from connectors.ledgers.quickbooks.simulator.rates import exchange_rate
from connectors.ledgers.quickbooks.simulator.references import require_token
from connectors.ledgers.quickbooks.simulator.rules import RULES, TRANSACTIONS
from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.ledgers.quickbooks.simulator.validation import Body, cleaned

_SALES = ("Invoice", "CreditMemo")
_READ_ONLY = ("TaxCode", "TaxRate", "CompanyInfo", "Preferences")


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may ask for beside the body."""

    allow_duplicate_number: bool = False


def save(company: Company, entity: str, sent: object, *, now: datetime, options: Options) -> Row:
    """Create (no Id) or update (Id and SyncToken). Raises a refusal; then nothing has changed."""
    if entity in _READ_ONLY:
        raise refuse("500", f"Unsupported Operation : {entity} cannot be written through this endpoint")
    given = cleaned(RULES[entity], sent)
    if entity == "ExchangeRate":
        return company.put(entity, exchange_rate(company, given, now=now), now=now)
    old = _known(company, entity, given) if given.get("Id") else None
    if entity in _SALES:
        allow = options.allow_duplicate_number
        body = sale(company, entity, given, old=old, now=now, allow_duplicate=allow)
        return company.put(entity, body, now=now)
    if entity == "Payment":
        return _save_payment(company, given, old=old, now=now)
    if entity == "Customer":
        return _save_customer(company, given, old=old, now=now)
    if entity in ("Vendor", "Employee"):
        return company.put(entity, name_only(company, entity, given, old=old), now=now)
    return company.put(entity, list_entry(company, entity, given, old=old), now=now)


def delete(company: Company, entity: str, sent: object, *, now: datetime) -> Row:
    """Delete a transaction or a note; lists are only made inactive."""
    if entity not in TRANSACTIONS and entity != "Attachable":
        raise refuse("500", f"Unsupported Operation : {entity} is made inactive, not deleted")
    row = _known(company, entity, cleaned(RULES[entity], sent))
    if entity in TRANSACTIONS:
        refuse_closed_period(company, str(row.body["TxnDate"]), None)
    if entity in _SALES and row.body.get("LinkedTxn"):
        raise refuse(
            "800", "Object cannot be deleted, dependencies exist : unlink its payments first, or void it"
        )
    if entity == "Payment":
        undo_links(company, row, now=now)
    company.remove(row, now=now)
    return row


def void(company: Company, entity: str, sent: object, *, now: datetime) -> Row:
    """Void an invoice or a payment. Credit memos know no void: they are deleted."""
    if entity not in ("Invoice", "Payment"):
        raise refuse("500", f"Unsupported Operation : {entity} cannot be voided")
    row = _known(company, entity, cleaned(RULES[entity], sent))
    if entity == "Payment":
        refuse_closed_period(company, str(row.body["TxnDate"]), None)
        undo_links(company, row, now=now)
        return company.put(entity, voided_payment(row), now=now, verb="void")
    body = voided(company, row)
    release_payments(company, row, now=now)
    return company.put(entity, body, now=now, verb="void")


def _known(company: Company, entity: str, given: Body) -> Row:
    return require_token(company.get(entity, str(given.get("Id"))), given, entity=entity, company=company)


def _save_customer(company: Company, given: Body, *, old: Row | None, now: datetime) -> Row:
    body = customer(company, given, old=old)
    reference = body["CurrencyRef"]
    code = str(reference["value"]) if isinstance(reference, dict) else ""
    currency = ensure_currency(company, code)
    if currency is not None:
        company.put("CompanyCurrency", currency, now=now)
    return company.put("Customer", body, now=now)


def _save_payment(company: Company, given: Body, *, old: Row | None, now: datetime) -> Row:
    body = payment(company, given, old=old, now=now)
    if old is not None:
        undo_links(company, old, now=now)
    row = company.put("Payment", body, now=now)
    apply_links(company, row, now=now)
    return row
