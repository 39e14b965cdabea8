"""Payments: money received and credit memos, applied to invoices of the same customer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.company import ZERO, Company, reference_id
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in, rounded
from connectors.ledgers.quickbooks.simulator.documents import refuse_closed_period
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
from connectors.ledgers.quickbooks.simulator.validation import Body

_LINKABLE = ("Invoice", "CreditMemo")


def payment(company: Company, sent: Body, *, old: Row | None, now: datetime) -> Body:
    """A payment as it stands after the request, before its links are applied.

    Raises a refusal: 2020 missing, 6000 amounts, 620 for a target that cannot be linked.
    """
    body = merged(RULES["Payment"], sent, old=old.body if old else None)
    require(RULES["Payment"], body)
    customer = referenced(company, body, "CustomerRef", entity="Customer")
    if customer is None:
        raise broken_rule("You must select a customer for this transaction.")
    body["CustomerRef"] = reference_to(customer)
    code = reference_id(customer.body, "CurrencyRef")
    sent_code = reference_id(body, "CurrencyRef")
    if not sent_code and company.config.multicurrency:
        raise missing("CurrencyRef")
    if sent_code and sent_code != code:
        raise broken_rule(f"The payment's currency must be the customer's ({code}).")
    body["CurrencyRef"] = currency_reference(code)
    body.setdefault("TxnDate", now.date().isoformat())
    refuse_closed_period(company, str(body["TxnDate"]), old)
    account = referenced(company, body, "DepositToAccountRef", entity="Account")
    if account is not None:
        body["DepositToAccountRef"] = reference_to(account)
    applied = _applied(company, body, customer_id=customer.id, replaced=old)
    total = decimal_in(body["TotalAmt"])
    if total < 0 or total - applied < 0:
        raise broken_rule("The amount applied exceeds the amount of the payment.")
    body["UnappliedAmt"] = total - applied
    body.setdefault("ProcessPayment", False)
    return body


def apply_links(company: Company, row: Row, *, now: datetime) -> None:
    """Lower the balances of what a payment is applied to, and link both ways."""
    for kind, identifier, amount in _links(row.body):
        target = company.get(kind, identifier)
        if target is not None:
            _settle(company, target, -amount, payment_id=row.id, linked=True, now=now)


def undo_links(company: Company, row: Row, *, now: datetime) -> None:
    """The opposite, before a payment is changed, voided or deleted."""
    for kind, identifier, amount in _links(row.body):
        target = company.get(kind, identifier)
        if target is not None:
            _settle(company, target, amount, payment_id=row.id, linked=False, now=now)


def release_payments(company: Company, document: Row, *, now: datetime) -> None:
    """Before a document is voided: what was paid on it becomes unapplied money."""
    for row in company.all("Payment"):
        kept = [line for line in _lines(row.body) if _target(line) != (document.entity, document.id)]
        if len(kept) != len(_lines(row.body)):
            body = {**row.body, "Line": kept}
            applied = sum((_signed(kind, amount) for kind, _id, amount in _links(body)), ZERO)
            company.put("Payment", body | {"UnappliedAmt": decimal_in(body["TotalAmt"]) - applied}, now=now)


def voided_payment(row: Row) -> Body:
    note = str(row.body.get("PrivateNote", ""))
    emptied: Body = {"TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": []}
    return row.body | emptied | {"PrivateNote": f"Voided - {note}" if note else "Voided"}


def _applied(company: Company, body: Body, *, customer_id: str, replaced: Row | None) -> Decimal:
    """Invoices minus credits among the lines; each target must be live, theirs, and owe that much."""
    before = {(kind, key): amount for kind, key, amount in _links(replaced.body)} if replaced else {}
    applied = ZERO
    for line in _lines(body):
        linked = line.get("LinkedTxn")
        if not isinstance(linked, list) or len(linked) != 1:
            raise missing("LinkedTxn")
        kind, identifier = _target(line)
        amount = decimal_in(line.get("Amount"))
        target = company.get(kind, identifier) if kind in _LINKABLE else None
        if target is None or reference_id(target.body, "CustomerRef") != customer_id:
            raise refuse("620", "TxnID Cannot Be Linked : Cannot validate linked transactions")
        if amount <= 0 or amount > decimal_in(target.body["Balance"]) + before.get((kind, identifier), ZERO):
            raise broken_rule(f"{amount} cannot be applied to {kind} {identifier}.")
        applied += _signed(kind, amount)
    return applied


def _signed(kind: str, amount: Decimal) -> Decimal:
    return amount if kind == "Invoice" else -amount


def _lines(body: Body) -> list[Body]:
    lines = body.get("Line")
    return list(lines) if isinstance(lines, list) else []


def _target(line: Body) -> tuple[str, str]:
    linked = line.get("LinkedTxn")
    first = linked[0] if isinstance(linked, list) and linked else {}
    return str(first.get("TxnType", "")), str(first.get("TxnId", ""))


def _links(body: Body) -> list[tuple[str, str, Decimal]]:
    return [(*_target(line), decimal_in(line.get("Amount"))) for line in _lines(body)]


def _settle(
    company: Company, target: Row, amount: Decimal, *, payment_id: str, linked: bool, now: datetime
) -> None:
    balance = decimal_in(target.body["Balance"]) + amount
    others = target.body.get("LinkedTxn")
    links = [link for link in (others if isinstance(others, list) else []) if link.get("TxnId") != payment_id]
    if linked:
        links.append({"TxnId": payment_id, "TxnType": "Payment"})
    changed: Body = {"Balance": balance, "LinkedTxn": links}
    if target.entity == "CreditMemo":
        changed["RemainingCredit"] = balance
    elif "HomeBalance" in target.body:
        home = balance * decimal_in(target.body["ExchangeRate"])
        changed["HomeBalance"] = rounded(home, company.config.home_currency)
    company.put(target.entity, target.body | changed, now=now)
