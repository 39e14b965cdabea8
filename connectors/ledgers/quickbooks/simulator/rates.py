"""Exchange rates: home units for one foreign unit, per currency and day. They have no Id in QuickBooks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in, is_currency
from connectors.ledgers.quickbooks.simulator.merging import require
from connectors.ledgers.quickbooks.simulator.problems import (
    broken_rule,
    unknown_reference,
)
from connectors.ledgers.quickbooks.simulator.rules import EXCHANGE_RATE
from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.ledgers.quickbooks.simulator.validation import Body, present


def exchange_rate(company: Company, sent: Body, *, now: datetime) -> Body:
    """The rate to keep under its currency and day; a refusal for an unknown currency or a rate <= 0."""
    body = present(sent)
    require(EXCHANGE_RATE, body)
    code = str(body["SourceCurrencyCode"])
    if not is_currency(code):
        raise unknown_reference("Currency", code, member="SourceCurrencyCode")
    if decimal_in(body["Rate"]) <= 0:
        raise broken_rule("The exchange rate must be positive.")
    day = str(body.get("AsOfDate") or now.date().isoformat())
    return {
        "Id": f"{code}@{day}",
        "SourceCurrencyCode": code,
        "TargetCurrencyCode": company.config.home_currency,
        "Rate": body["Rate"],
        "AsOfDate": day,
    }


def rate_on(company: Company, code: str, *, day: date) -> Row | None:
    """The newest rate of a currency on or before a day."""
    known = [
        row
        for row in company.all("ExchangeRate")
        if row.body["SourceCurrencyCode"] == code and str(row.body["AsOfDate"]) <= day.isoformat()
    ]
    return max(known, key=lambda row: str(row.body["AsOfDate"]), default=None)


def rendered_rate(company: Company, row: Row | None, *, code: str, day: date) -> Body:
    """As the exchangerate endpoint answers: 1 for the home currency and where nothing is known."""
    if row is None:
        home = company.config.home_currency
        fallback: Body = {"SourceCurrencyCode": code, "TargetCurrencyCode": home, "Rate": Decimal(1)}
        return fallback | {"AsOfDate": day.isoformat(), "domain": "QBO", "sparse": False}
    return company.rendered(row)
