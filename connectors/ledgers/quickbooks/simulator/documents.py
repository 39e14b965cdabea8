"""Invoices and credit memos: what must be true of one, and what QuickBooks computes for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.bounds import LINES_MAX
from connectors.ledgers.quickbooks.simulator.company import ZERO, Company, reference_id
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in, rounded
from connectors.ledgers.quickbooks.simulator.lines import SaleLines, sale_lines, voided_line
from connectors.ledgers.quickbooks.simulator.merging import merged, require
from connectors.ledgers.quickbooks.simulator.problems import (
    broken_rule,
    missing,
    refuse,
)
from connectors.ledgers.quickbooks.simulator.references import (
    currency_reference,
    reference_to,
    referenced,
)
from connectors.ledgers.quickbooks.simulator.rules import RULES
from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.ledgers.quickbooks.simulator.tax import Taxed, global_tax, override_in, us_tax
from connectors.ledgers.quickbooks.simulator.validation import Body

_COMPUTED = ("TotalAmt", "HomeTotalAmt", "Balance", "HomeBalance", "RemainingCredit")
_KEPT_NUMBERED = ("LinkedTxn", "TxnDate", "DocNumber")
_INVOICE_DEFAULTS: Body = {
    "AllowIPNPayment": False,
    "AllowOnlinePayment": False,
    "AllowOnlineCreditCardPayment": False,
    "AllowOnlineACHPayment": False,
    "FreeFormAddress": True,
}
_DEFAULTS: Body = {"ApplyTaxAfterDiscount": False, "PrintStatus": "NotSet", "EmailStatus": "NotSet"}


def sale(
    company: Company, entity: str, sent: Body, *, old: Row | None, now: datetime, allow_duplicate: bool
) -> Body:
    """An invoice or credit memo as it stands after the request.

    Checks go from the outside in: who, in which currency, under which number, in which period, for what.
    Raises a refusal with the first rule that is broken.
    """
    keeps = ("LinkedTxn", "TxnDate") if company.config.custom_txn_numbers else _KEPT_NUMBERED
    body = merged(RULES[entity], sent, old=old.body if old else None, keeps=keeps)
    require(RULES[entity], body)
    customer = referenced(company, body, "CustomerRef", entity="Customer")
    if customer is None:
        raise broken_rule("You must select a customer for this transaction.")
    body["CustomerRef"] = reference_to(customer)
    _set_currency(company, body, customer)
    _set_dates(company, entity, body, customer, now)
    refuse_closed_period(company, str(body["TxnDate"]), old)
    _set_number(company, entity, body, allow_duplicate=allow_duplicate)
    _set_header_references(company, body)
    _set_custom_fields(company, body)
    if body.get("EmailStatus") == "NeedToSend" and not body.get("BillEmail"):
        raise missing("BillEmail")
    mode = _tax_mode(company, body)
    currency = reference_id(body, "CurrencyRef")
    priced = sale_lines(company, _list(body["Line"]), currency=currency, tax_mode=mode)
    body["Line"] = list(priced.lines)
    _limit_lines(priced)
    _set_tax(company, body, priced, mode=mode, customer=customer, sent=sent, old=old)
    body["LinkedTxn"] = _list(old.body.get("LinkedTxn")) if old else []
    _set_totals(company, entity, body, priced, old)
    return (_INVOICE_DEFAULTS if entity == "Invoice" else {}) | _DEFAULTS | body


def voided(company: Company, row: Row) -> Body:
    """A voided document stays with its number; amounts and quantities are 0, the note says so in front."""
    refuse_closed_period(company, str(row.body["TxnDate"]), None)
    body = {name: value for name, value in row.body.items() if name not in ("HomeTotalAmt", "HomeBalance")}
    note = str(body.get("PrivateNote", ""))
    body["PrivateNote"] = f"Voided - {note}" if note else "Voided"
    body["Line"] = [voided_line(line) for line in _list(body["Line"])]
    body["LinkedTxn"] = []
    body["TxnTaxDetail"] = {"TotalTax": ZERO}
    return body | {name: ZERO for name in _COMPUTED if name in row.body}


def refuse_closed_period(company: Company, txn_date: str, old: Row | None) -> None:
    """6210 when the document's day, now or before the change, lies in a closed period."""
    closed = company.config.book_close_date
    if closed is None:
        return
    days = [txn_date] + ([str(old.body["TxnDate"])] if old else [])
    if any(date.fromisoformat(day) <= closed for day in days):
        raise refuse("6210")


def _set_currency(company: Company, body: Body, customer: Row) -> None:
    config = company.config
    own = reference_id(customer.body, "CurrencyRef")
    code = reference_id(body, "CurrencyRef")
    if not code and config.multicurrency:
        raise missing("CurrencyRef")
    code = code or config.home_currency
    if code != own:
        raise broken_rule(
            f"The currency of the transaction ({code}) must be the currency of "
            f"the customer and its accounts receivable account ({own}).",
        )
    body["CurrencyRef"] = currency_reference(code)
    rate = decimal_in(body.get("ExchangeRate"))
    if rate < 0:
        raise broken_rule("The exchange rate must be positive.")
    if not config.multicurrency:
        body.pop("ExchangeRate", None)
    elif code == config.home_currency or not rate:
        body["ExchangeRate"] = Decimal(1)


def _set_dates(company: Company, entity: str, body: Body, customer: Row, now: datetime) -> None:
    """TxnDate defaults to the company's today; DueDate to TxnDate plus the days of the terms."""
    zone = timezone(timedelta(minutes=company.config.utc_offset_minutes))
    body.setdefault("TxnDate", now.astimezone(zone).date().isoformat())
    term = referenced(company, body, "SalesTermRef", entity="Term")
    if term is not None:
        body["SalesTermRef"] = reference_to(term)
    if entity != "Invoice" or "DueDate" in body:
        return
    own = reference_id(customer.body, "SalesTermRef")
    term = term or (company.get("Term", own) if own else None)
    days = int(str(term.body.get("DueDays", 0))) if term else 0
    body["DueDate"] = (date.fromisoformat(str(body["TxnDate"])) + timedelta(days=days)).isoformat()


def _set_number(company: Company, entity: str, body: Body, *, allow_duplicate: bool) -> None:
    number = body.get("DocNumber")
    if number is None:
        if not company.config.custom_txn_numbers:
            body["DocNumber"] = str(company.next_number)
        return
    if allow_duplicate or not company.config.refuses_duplicate_numbers:
        return
    for row in company.by_number(entity, str(number)):
        if row.id != body.get("Id"):
            detail = (
                "Duplicate Document Number Error : You must specify a different number. This number has "
                f"already been used. DocNumber={number} is assigned to TxnType={entity} with TxnId={row.id}"
            )
            raise refuse("6140", detail)


def _set_header_references(company: Company, body: Body) -> None:
    config = company.config
    department = referenced(company, body, "DepartmentRef", entity="Department")
    if department is not None and not config.track_departments:
        raise broken_rule("Locations are turned off in this company.")
    klass = referenced(company, body, "ClassRef", entity="Class")
    if klass is not None and not config.class_per_transaction:
        raise broken_rule("Classes per transaction are turned off in this company.")
    account = referenced(company, body, "DepositToAccountRef", entity="Account")
    for member, row in (("DepartmentRef", department), ("ClassRef", klass), ("DepositToAccountRef", account)):
        if row is not None:
            body[member] = reference_to(row)


def _set_custom_fields(company: Company, body: Body) -> None:
    """DefinitionId 1..n are the company's own text fields; answers carry their names."""
    named: list[Body] = []
    for field in _list(body.get("CustomField")):
        definition = str(field.get("DefinitionId", ""))
        index = int(definition) - 1 if definition.isdigit() else -1
        if not 0 <= index < len(company.config.custom_fields):
            raise broken_rule(f"Custom field {definition!r} is not defined.")
        named.append({"Name": company.config.custom_fields[index], **field})
    if named:
        body["CustomField"] = named


def _tax_mode(company: Company, body: Body) -> str:
    """us | global | inclusive | none. GlobalTaxCalculation is required outside the US, ignored inside."""
    if not company.config.uses_sales_tax:
        return "none"
    if company.config.is_us:
        body.pop("GlobalTaxCalculation", None)
        return "us"
    calculation = body.get("GlobalTaxCalculation")
    if calculation is None:
        raise missing("GlobalTaxCalculation")
    return {"TaxInclusive": "inclusive", "NotApplicable": "none"}.get(str(calculation), "global")


def _limit_lines(priced: SaleLines) -> None:
    if len(priced.lines) - 1 > LINES_MAX:
        raise broken_rule(f"A taxable transaction holds at most {LINES_MAX} lines.")


def _set_tax(
    company: Company, body: Body, priced: SaleLines, *, mode: str, customer: Row, sent: Body, old: Row | None
) -> None:
    """The tax of the document. An update that sends no lines and no tax keeps the tax it had."""
    if old is not None and "Line" not in sent and "TxnTaxDetail" not in sent:
        body["TxnTaxDetail"] = old.body["TxnTaxDetail"]
        return
    asked = override_in(sent)
    taxed = _after_discount(priced) if body.get("ApplyTaxAfterDiscount") or mode != "us" else priced.taxed
    currency = reference_id(body, "CurrencyRef")
    if mode == "none":
        body["TxnTaxDetail"] = {"TotalTax": ZERO}
    elif mode == "us":
        is_exempt = not customer.body.get("Taxable", True) or "TaxExemptionReasonId" in customer.body
        code = _document_code(company, sent)
        body["TxnTaxDetail"] = us_tax(
            company, taxed, override=asked, code=code, is_exempt=is_exempt, currency=currency
        )
    else:
        body["TxnTaxDetail"] = global_tax(
            company, taxed, override=asked, inclusive=mode == "inclusive", currency=currency
        )


def _document_code(company: Company, sent: Body) -> str:
    """Under automated sales tax the engine's own code, whatever was sent; else the document's."""
    if company.config.automated_sales_tax:
        return next((row.id for row in company.all("TaxCode") if row.id.isdigit()), "")
    detail = sent.get("TxnTaxDetail")
    return reference_id(detail, "TxnTaxCodeRef") if isinstance(detail, dict) else ""


def _after_discount(priced: SaleLines) -> tuple[Taxed, ...]:
    if not priced.discount or not priced.subtotal:
        return priced.taxed
    left = 1 - priced.discount / priced.subtotal
    return tuple(Taxed(line.code, line.net * left, gross=None) for line in priced.taxed)


def _set_totals(company: Company, entity: str, body: Body, priced: SaleLines, old: Row | None) -> None:
    currency, home = reference_id(body, "CurrencyRef"), company.config.home_currency
    tax = decimal_in(_object(body["TxnTaxDetail"]).get("TotalTax"))
    total = rounded(priced.subtotal - priced.discount + tax, currency)
    if total < 0:
        raise broken_rule("The total of a transaction must be 0 or more.")
    applied = decimal_in(old.body.get("TotalAmt")) - decimal_in(old.body.get("Balance")) if old else ZERO
    if old is not None and entity == "Invoice":
        applied -= decimal_in(old.body.get("Deposit"))
    if entity == "Invoice":
        body["Deposit"] = decimal_in(body.get("Deposit"))
        applied += decimal_in(body["Deposit"])
    balance = total - applied
    if balance < 0:
        raise broken_rule("The total cannot be less than what is already applied.")
    body["TotalAmt"], body["Balance"] = total, balance
    if entity == "CreditMemo":
        body["RemainingCredit"] = balance
    if company.config.multicurrency:
        rate = decimal_in(body.get("ExchangeRate"))
        body["HomeTotalAmt"] = rounded(total * rate, home)
        if entity == "Invoice":
            body["HomeBalance"] = rounded(balance * rate, home)


def _object(value: object) -> Body:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Body]:
    return list(value) if isinstance(value, list) else []
