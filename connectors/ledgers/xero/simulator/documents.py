"""Invoices and credit notes: created, voided, settled; numbers are unique, locked days are refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from connectors.ledgers.xero.simulator.lines import decimal_in, lines
from connectors.ledgers.xero.simulator.organisation import IDS, NUMBERS, Body, Organisation, Row
from connectors.ledgers.xero.simulator.rules import misfits
from connectors.ledgers.xero.simulator.wire_dates import day_in, day_stamp

TYPES = {"Invoices": ("ACCREC", "ACCPAY"), "CreditNotes": ("ACCRECCREDIT", "ACCPAYCREDIT")}
OPEN = {"Invoices": "AmountDue", "CreditNotes": "RemainingCredit"}
_MODES = ("Exclusive", "Inclusive", "NoTax")
_FIRST_STATES = ("DRAFT", "SUBMITTED", "AUTHORISED")
_ZERO = Decimal("0.00")


def create(
    organisation: Organisation,
    kind: str,
    sent: Mapping[str, object],
    *,
    now: datetime,
    unit_decimals: int,
    may_repeat_number: bool = False,
) -> tuple[Row | None, list[str]]:
    """A new document, or what is wrong with it. PUT never changes one that is there."""
    errors = misfits(kind, sent)
    status, mode = str(sent.get("Status") or "DRAFT"), str(sent.get("LineAmountTypes") or "Exclusive")
    if sent.get("Type") not in TYPES[kind]:
        errors.append(f"Type {sent.get('Type')} is not valid for this document")
    if status not in _FIRST_STATES:
        errors.append(f"Status {status} is not valid for a new document")
    if mode not in _MODES:
        errors.append(f"LineAmountTypes {mode} is not valid")
    is_final = status == "AUTHORISED"
    contact, wrong = _contact(organisation, sent.get("Contact"))
    made, bad_lines = lines(
        organisation,
        sent.get("LineItems"),
        kind=kind,
        mode=mode,
        is_final=is_final,
        unit_decimals=unit_decimals,
    )
    errors += wrong + bad_lines + _dates(organisation, kind, sent, now, is_final=is_final)
    currency, rate, bad_currency = _currency(organisation, sent)
    errors += bad_currency
    number = str(sent.get(NUMBERS[kind]) or _next_number(organisation, kind))
    if not may_repeat_number and _is_taken(organisation, kind, number, str(sent.get("Type"))):
        name = "Invoice #" if kind == "Invoices" else "Credit note #"
        errors.append(f"{name} must be unique.")
    if errors or contact is None:
        return None, list(dict.fromkeys(errors))
    body = _body(kind, sent, contact, made, now, number=number, currency=currency, rate=rate)
    return organisation.put(kind, body, now=now), []


def void(organisation: Organisation, kind: str, row: Row, *, now: datetime) -> list[str]:
    """Take an approved document back; its number stays used. Returns what keeps it from that."""
    name = "Invoice" if kind == "Invoices" else "Credit note"
    if row.body["Status"] in ("VOIDED", "DELETED"):
        return [f"{name} not of valid status for modification"]
    if row.body[OPEN[kind]] != row.body["Total"]:
        return [
            f"{name} not of valid status for modification This document cannot be edited as it has a "
            "payment or credit note allocated to it."
        ]
    locked = _locked(organisation, day_in(row.body["Date"]))
    if locked:
        return locked
    status = "VOIDED" if row.body["Status"] == "AUTHORISED" else "DELETED"
    organisation.put(kind, {**row.body, "Status": status, OPEN[kind]: _ZERO}, now=now)
    return []


def settle(organisation: Organisation, row: Row, amount: Decimal, *, member: str, now: datetime) -> Row:
    """A payment or credit reduces what is open; nothing left = PAID. `member` counts it."""
    left = Decimal(str(row.body[OPEN[row.kind]])) - amount
    counted = Decimal(str(row.body.get(member, _ZERO))) + amount
    status = "PAID" if left == 0 else "AUTHORISED"
    body = {**row.body, OPEN[row.kind]: left, member: counted, "Status": status}
    return organisation.put(row.kind, body, now=now)


def _body(
    kind: str,
    sent: Mapping[str, object],
    contact: Row,
    made: list[Body],
    now: datetime,
    *,
    number: str,
    currency: str,
    rate: Decimal,
) -> Body:
    net = sum((Decimal(str(line.get("LineAmount", 0))) for line in made), _ZERO)
    tax = sum((Decimal(str(line.get("TaxAmount", 0))) for line in made), _ZERO)
    if sent.get("LineAmountTypes") == "Inclusive":
        net -= tax
    dated = day_in(sent.get("Date")) or now.date()
    body: Body = {
        "Type": sent["Type"],
        NUMBERS[kind]: number,
        "Reference": sent.get("Reference") or "",
        "Contact": {"ContactID": contact.id, "Name": contact.body["Name"]},
        "Date": day_stamp(dated),
        "DateString": f"{dated}T00:00:00",
        "Status": sent.get("Status") or "DRAFT",
        "LineAmountTypes": sent.get("LineAmountTypes") or "Exclusive",
        "LineItems": made,
        "SubTotal": net,
        "TotalTax": tax,
        "Total": net + tax,
        "CurrencyCode": currency,
        "CurrencyRate": rate,
        "HasAttachments": False,
        OPEN[kind]: net + tax,
    }
    if kind == "Invoices":
        due = day_in(sent.get("DueDate")) or dated
        body |= {"DueDate": day_stamp(due), "AmountPaid": _ZERO, "AmountCredited": _ZERO, "CreditNotes": []}
        body |= {"Url": sent["Url"]} if sent.get("Url") else {}
    else:
        body["Allocations"] = []
    return body


def _contact(organisation: Organisation, told: object) -> tuple[Row | None, list[str]]:
    if not isinstance(told, dict) or not (
        told.get("ContactID") or told.get("ContactNumber") or told.get("Name")
    ):
        return None, ["A Contact must be specified for this type of transaction"]
    for row in organisation.all("Contacts"):
        for member in ("ContactID", "ContactNumber", "Name"):
            if told.get(member) and row.body.get(member) == told[member]:
                if row.body["ContactStatus"] != "ACTIVE":
                    return None, ["The contact is archived and cannot be used."]
                return row, []
    return None, ["The contact could not be found"]


def _dates(
    organisation: Organisation, kind: str, sent: Mapping[str, object], now: datetime, *, is_final: bool
) -> list[str]:
    errors = [
        f"{name} is not a date" for name in ("Date", "DueDate") if sent.get(name) and not day_in(sent[name])
    ]
    if kind == "Invoices" and is_final and not sent.get("DueDate"):
        errors.append("Due Date cannot be empty for an approved invoice")
    return errors + _locked(organisation, day_in(sent.get("Date")) or now.date())


def _locked(organisation: Organisation, dated: date | None) -> list[str]:
    lock = organisation.config.lock_date
    if lock is None or dated is None or dated > lock[0]:
        return []
    day, name = lock
    return [f"The document date cannot be before the {name} lock date, currently set at {day:%d %B %Y}"]


def _currency(organisation: Organisation, sent: Mapping[str, object]) -> tuple[str, Decimal, list[str]]:
    base = organisation.config.base_currency
    currency = str(sent.get("CurrencyCode") or base)
    if currency not in organisation.currencies:
        return currency, Decimal(1), [f"Organisation is not subscribed to currency {currency}"]
    if currency == base:
        return currency, Decimal(1), []
    if "CurrencyRate" not in sent:
        return currency, Decimal("1.234567"), []  # the day's rate of a rate provider: anything but ours
    rate = decimal_in(sent["CurrencyRate"])
    if rate is None or rate <= 0:
        return currency, Decimal(1), ["CurrencyRate must be greater than zero"]
    return currency, rate.quantize(Decimal("0.000001")), []


def _is_taken(organisation: Organisation, kind: str, number: str, type_: str) -> bool:
    """Sales numbers are unique among what was not deleted; a supplier's bill may carry any number."""
    if type_ not in ("ACCREC", "ACCRECCREDIT"):
        return False
    held = organisation.by_number(kind, number)
    return any(row.body["Type"] == type_ and row.body["Status"] != "DELETED" for row in held)


def _next_number(organisation: Organisation, kind: str) -> str:
    prefix = "INV" if kind == "Invoices" else "CN"
    return f"{prefix}-{sum(1 for _ in organisation.all(kind)) + 1:04}"


def find(organisation: Organisation, kind: str, identifier: str) -> Row | None:
    """A document by its id, or by its number as Xero allows it too."""
    row = organisation.get(kind, identifier)
    return row or next(iter(organisation.by_number(kind, identifier)), None)


def allocate(
    organisation: Organisation, credit: Row, sent: Mapping[str, object], *, now: datetime
) -> tuple[Body | None, list[str]]:
    """A part of a credit note onto an invoice, or what is wrong with it."""
    errors = misfits("Allocations", sent)
    told, amount, dated = sent.get("Invoice"), decimal_in(sent.get("Amount")), day_in(sent.get("Date"))
    invoice = organisation.get("Invoices", str(told.get("InvoiceID"))) if isinstance(told, dict) else None
    if amount is None or amount <= 0 or dated is None or invoice is None:
        return None, [*errors, "Invoice, Amount and Date must be specified"]
    if "AUTHORISED" not in (credit.body["Status"],) or invoice.body["Status"] != "AUTHORISED":
        errors.append("Credit note not of valid status for modification")
    if credit.body["CurrencyCode"] != invoice.body["CurrencyCode"]:
        errors.append("The currencies of the credit note and the invoice differ")
    if amount > Decimal(str(credit.body["RemainingCredit"])) or amount > Decimal(
        str(invoice.body["AmountDue"])
    ):
        errors.append("The amount to allocate exceeds the amount outstanding on this document.")
    errors += _locked(organisation, dated)
    if errors:
        return None, errors
    settled = settle(organisation, invoice, amount, member="AmountCredited", now=now)
    used = settle(organisation, credit, amount, member="AppliedAmount", now=now)
    body: Body = {
        "AllocationID": f"{credit.id[:23]}-{invoice.id[24:]}",
        "Amount": amount,
        "Date": day_stamp(dated),
        "Invoice": {"InvoiceID": settled.id, "InvoiceNumber": settled.body["InvoiceNumber"]},
    }
    held = used.body["Allocations"]
    used.body["Allocations"] = [*(held if isinstance(held, list) else ()), body]
    return {**body, "CreditNote": {IDS["CreditNotes"]: credit.id}}, []


def pay(organisation: Organisation, invoice: Row, *, now: datetime) -> Row:
    """Somebody records the full payment of an invoice."""
    return settle(
        organisation, invoice, Decimal(str(invoice.body["AmountDue"])), member="AmountPaid", now=now
    )
