"""The lines of a sale: each checked, numbered, and reduced to what tax and totals need."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.company import ZERO, Company, reference_id
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in, rounded
from connectors.ledgers.quickbooks.simulator.problems import (
    Refusal,
    broken_rule,
    missing,
    refuse,
)
from connectors.ledgers.quickbooks.simulator.references import reference_to, referenced
from connectors.ledgers.quickbooks.simulator.tax import TAXABLE, Taxed
from connectors.ledgers.quickbooks.simulator.validation import Body

NOT_TAXABLE = "NON"
_SUBTOTAL_TEXT = "Subtotal:"


@dataclass(frozen=True, slots=True)
class SaleLines:
    """The lines as kept, the net amounts to tax, and the sums before tax."""

    lines: tuple[Body, ...]
    taxed: tuple[Taxed, ...]
    subtotal: Decimal
    discount: Decimal


def sale_lines(company: Company, sent: list[Body], *, currency: str, tax_mode: str) -> SaleLines:
    """All lines of a document.

    `tax_mode`: us | global | inclusive | none. Raises a refusal: 2020 without a priced line, 6070 for wrong
    arithmetic, 6100/6000 for a tax code, 2500/610 for references.
    """
    kept: list[Body] = []
    taxed: list[Taxed] = []
    subtotal = since_subtotal = discount = ZERO
    has_sale = False
    next_id = _next_line_id(sent)
    for line in sent:
        kind = line.get("DetailType")
        if kind == "SubTotalLineDetail":
            continue
        identifier = str(line.get("Id") or next_id)
        next_id += identifier == str(next_id)
        if kind == "SalesItemLineDetail" and _item_id(line):
            line = _sales_line(company, line, currency=currency, tax_mode=tax_mode)
            amount = _amount(line)
            has_sale = True
            subtotal += amount
            since_subtotal += amount
            taxed.append(_taxed(line, amount))
        elif kind in ("DescriptionOnly", "SalesItemLineDetail"):
            line = _text_line(line)
            if line.get("Description") == _SUBTOTAL_TEXT:
                line["Amount"], since_subtotal, has_sale = since_subtotal, ZERO, True
        elif kind == "DiscountLineDetail":
            if not company.config.allow_discount:
                raise broken_rule("Discounts are turned off in this company.")
            line = _discount_line(company, line, subtotal=subtotal, currency=currency)
            discount += _amount(line)
        else:
            raise _unusable_kind(kind)
        kept.append({**line, "Id": identifier})
    if not has_sale:
        raise missing("Line")
    kept.append({"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    return SaleLines(tuple(kept), tuple(taxed), subtotal, discount)


def voided_line(line: Body) -> Body:
    """Amounts and quantities 0, texts and prices as they were."""
    emptied = dict(line)
    if "Amount" in line:
        emptied["Amount"] = ZERO
    detail = line.get("SalesItemLineDetail")
    if isinstance(detail, dict):
        kept = {name: value for name, value in detail.items() if name != "TaxInclusiveAmt"}
        emptied["SalesItemLineDetail"] = kept | {"Qty": ZERO}
    return emptied


def _unusable_kind(kind: object) -> Refusal:
    if kind is None:
        return missing("DetailType")
    return refuse("5030", f"Feature Not Supported Error : the simulator keeps no lines of type {kind}")


def _next_line_id(sent: list[Body]) -> int:
    numbers = [int(str(line["Id"])) for line in sent if str(line.get("Id", "")).isdigit()]
    return max(numbers, default=0) + 1


def _item_id(line: Body) -> str:
    detail = line.get("SalesItemLineDetail")
    return reference_id(detail, "ItemRef") if isinstance(detail, dict) else ""


def _amount(line: Body) -> Decimal:
    return decimal_in(line.get("Amount"))


def _taxed(line: Body, amount: Decimal) -> Taxed:
    detail = line["SalesItemLineDetail"]
    if not isinstance(detail, dict):
        raise TypeError("a sales line without its detail")
    gross = decimal_in(detail["TaxInclusiveAmt"]) if "TaxInclusiveAmt" in detail else None
    return Taxed(reference_id(detail, "TaxCodeRef"), amount, gross=gross)


def _sales_line(company: Company, line: Body, *, currency: str, tax_mode: str) -> Body:
    """A priced line. Without Qty and UnitPrice (or both 0: python-quickbooks) Amount stands alone."""
    if "Amount" not in line:
        raise missing("Amount")
    given = line["SalesItemLineDetail"]
    detail: Body = dict(given) if isinstance(given, dict) else {}
    item = referenced(company, detail, "ItemRef", entity="Item")
    if item is not None and item.body["Type"] == "Category":
        raise broken_rule("A category cannot be sold.")
    if item is not None:
        detail["ItemRef"] = reference_to(item)
    klass = referenced(company, detail, "ClassRef", entity="Class")
    if klass is not None and not company.config.class_per_line:
        raise broken_rule("Classes per line are turned off in this company.")
    if klass is not None:
        detail["ClassRef"] = reference_to(klass)
    _check_arithmetic(line, detail, currency)
    _set_tax_code(company, detail, tax_mode)
    return {**line, "SalesItemLineDetail": detail}


def _check_arithmetic(line: Body, detail: Body, currency: str) -> None:
    quantity, price = decimal_in(detail.get("Qty")), decimal_in(detail.get("UnitPrice"))
    if not detail.get("TaxInclusiveAmt"):
        detail.pop("TaxInclusiveAmt", None)
    if not quantity and not price and _amount(line):
        detail.pop("Qty", None)
        detail.pop("UnitPrice", None)
    if "Qty" in detail and "UnitPrice" in detail and rounded(quantity * price, currency) != _amount(line):
        text = f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']}"
        raise refuse("6070", text, element="Amount")


def _set_tax_code(company: Company, detail: Body, tax_mode: str) -> None:
    code = reference_id(detail, "TaxCodeRef")
    if tax_mode == "us":
        code = code or NOT_TAXABLE
        if code not in (TAXABLE, NOT_TAXABLE):
            raise refuse(
                "6100", f"Line TaxCode invalid for US : {code}; use TAX or NON", element="TaxCodeRef"
            )
        detail["TaxCodeRef"] = {"value": code}
    elif tax_mode in ("global", "inclusive"):
        if not code:
            raise broken_rule("Make sure all your lines have a tax code before you save.")
        row = referenced(company, detail, "TaxCodeRef", entity="TaxCode")
        detail["TaxCodeRef"] = {"value": row.id if row else code}


def _text_line(line: Body) -> Body:
    """Text only: a sales line without item becomes one, its amount is ignored."""
    dropped = ("Amount", "SalesItemLineDetail")
    kept: Body = {name: value for name, value in line.items() if name not in dropped}
    return kept | {
        "DetailType": "DescriptionOnly",
        "DescriptionLineDetail": line.get("DescriptionLineDetail") or {},
    }


def _discount_line(company: Company, line: Body, *, subtotal: Decimal, currency: str) -> Body:
    given = line.get("DiscountLineDetail")
    detail: Body = dict(given) if isinstance(given, dict) else {}
    percent = decimal_in(detail.get("DiscountPercent"))
    account = referenced(company, detail, "DiscountAccountRef", entity="Account")
    if account is not None:
        detail["DiscountAccountRef"] = reference_to(account)
    if detail.get("PercentBased") and percent:
        return {**line, "Amount": rounded(subtotal * percent / 100, currency), "DiscountLineDetail": detail}
    if "Amount" not in line:
        raise refuse("6090", "Discount line lacks amount or percent", element="Amount")
    return {**line, "DiscountLineDetail": detail}
