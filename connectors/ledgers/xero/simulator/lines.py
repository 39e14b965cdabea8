"""The lines of a document: checked one by one, amounts and tax computed as Xero does, line by line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from connectors.ledgers.xero.simulator.organisation import Body, Organisation
from connectors.ledgers.xero.simulator.rules import misfits

_CENT = Decimal("0.01")


def decimal_in(value: object) -> Decimal | None:
    """A JSON number (or a number in a text, which Xero reads too), None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def rounded(value: Decimal, step: Decimal = _CENT) -> Decimal:
    """Half up to two decimals: in every currency, for Xero keeps no others."""
    return value.quantize(step, ROUND_HALF_UP)


def lines(
    organisation: Organisation, sent: object, *, kind: str, mode: str, is_final: bool, unit_decimals: int
) -> tuple[list[Body], list[str]]:
    """The lines as a record holds them, and what is wrong with them.

    `mode` is LineAmountTypes, `is_final` that the document is to be approved, which needs accounts and taxes.
    """
    if not isinstance(sent, list) or not sent:
        return [], ["One or more line items must be specified"]
    made: list[Body] = []
    errors: list[str] = []
    for entry in sent:
        if not isinstance(entry, dict):
            errors.append("A line item must be an object")
            continue
        errors += misfits("LineItems", entry)
        if not str(entry.get("Description") or "").strip():
            errors.append("Description must be at least 1 character")
        if "Quantity" not in entry and "UnitAmount" not in entry and "LineAmount" not in entry:
            made.append({"Description": entry.get("Description"), "LineItemID": str(uuid.uuid4())})
            continue
        line, wrong = _line(organisation, entry, kind=kind, mode=mode, unit_decimals=unit_decimals)
        errors += wrong + (_missing(entry, mode) if is_final else [])
        made.append(line)
    return made, errors


def _line(
    organisation: Organisation, entry: Mapping[str, object], *, kind: str, mode: str, unit_decimals: int
) -> tuple[Body, list[str]]:
    errors = _unknown(organisation, entry, kind)
    quantity, unit = decimal_in(entry.get("Quantity", 1)), decimal_in(entry.get("UnitAmount"))
    if quantity is None or unit is None:
        return {}, [*errors, "Quantity and UnitAmount must be numbers"]
    unit = rounded(unit, Decimal(1).scaleb(-unit_decimals))
    quantity = rounded(quantity, Decimal("0.0001"))
    discount = decimal_in(entry.get("DiscountRate", 0)) or Decimal(0)
    if discount and kind == "CreditNotes":
        errors.append("Credit notes do not support discounts")
    amount = rounded(quantity * unit * (100 - discount) / 100)
    told = decimal_in(entry.get("LineAmount"))
    if told is not None and told != amount:
        errors.append(f"The line total {told} does not match the expected line total {amount}")
    tax_type = "NONE" if mode == "NoTax" else str(entry.get("TaxType") or "NONE")
    tax, wrong = _tax(organisation, entry, tax_type, amount, mode)
    body: Body = {
        "Description": entry.get("Description"),
        "Quantity": quantity,
        "UnitAmount": unit,
        "LineAmount": amount,
        "TaxType": tax_type,
        "TaxAmount": tax,
        "Tracking": entry.get("Tracking") or [],
        "LineItemID": str(uuid.uuid4()),
    }
    body |= {name: entry[name] for name in ("AccountCode", "ItemCode", "DiscountRate") if entry.get(name)}
    return body, errors + wrong


def _tax(
    organisation: Organisation, entry: Mapping[str, object], tax_type: str, amount: Decimal, mode: str
) -> tuple[Decimal, list[str]]:
    """The tax of a line: a TaxAmount overrides what the rate gives, except where there is no tax."""
    rate = next((one.percent for one in organisation.config.tax_rates if one.type == tax_type), Decimal(0))
    if mode == "Inclusive":
        computed = rounded(amount - amount / (1 + rate / 100))
    else:
        computed = rounded(amount * rate / 100)
    told = decimal_in(entry.get("TaxAmount"))
    if told is None:
        return computed, []
    if rate == 0 and told != 0:
        return Decimal("0.00"), [f"The tax amount {told} cannot be used with the tax rate {tax_type}"]
    return rounded(told), []


def _unknown(organisation: Organisation, entry: Mapping[str, object], kind: str) -> list[str]:
    """Accounts, taxes, items and tracking that the organisation does not have."""
    config, errors = organisation.config, []
    account = entry.get("AccountCode")
    held = next((one for one in config.accounts if one.code == account), None)
    if account and (held is None or held.type == "BANK"):
        errors.append(f"Account code '{account}' is not a valid code for this document.")
    tax = entry.get("TaxType")
    if tax and not any(one.type == tax for one in config.tax_rates):
        errors.append(
            f"The TaxType code {tax} does not exist or cannot be used for this type of transaction."
        )
    item = entry.get("ItemCode")
    if item and not any(row.body["Code"] == item for row in organisation.by_number("Items", str(item))):
        errors.append(f"Item code '{item}' is not valid")
    tracking = entry.get("Tracking") or []
    if not isinstance(tracking, list) or len(tracking) > 2:
        return [*errors, "A line item can have at most two Tracking elements"]
    for one in tracking:
        known = {category.name: category.options for category in config.tracking}
        name, option = (one.get("Name"), one.get("Option")) if isinstance(one, dict) else (None, None)
        if option not in known.get(str(name), ()):
            errors.append(f"The Tracking option {name}/{option} could not be found")
    return errors


def _missing(entry: Mapping[str, object], mode: str) -> list[str]:
    """What an approved document's line needs."""
    errors = [] if entry.get("AccountCode") else ["Account code must be specified"]
    if mode != "NoTax" and not entry.get("TaxType"):
        errors.append("The TaxType field is mandatory")
    return errors
