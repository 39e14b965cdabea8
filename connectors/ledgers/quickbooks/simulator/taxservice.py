"""POST /taxservice/taxcode: the only way to make a tax code and its rates."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.config import TaxCodeSeed, TaxRateSeed
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in
from connectors.ledgers.quickbooks.simulator.problems import missing, refuse, unknown_reference
from connectors.ledgers.quickbooks.simulator.rules_parts import ENUMERATIONS
from connectors.ledgers.quickbooks.simulator.seeds import put_tax_code, put_tax_rate


def create_tax_code(company: Company, body: object, *, now: datetime) -> dict[str, object]:
    """The new code with its rates. Refused: 2020, 2500 for an unknown rate, 6240 for a taken name."""
    if not isinstance(body, dict) or not body.get("TaxCode"):
        raise missing("TaxCode")
    name, details = str(body["TaxCode"]), body.get("TaxRateDetails")
    if not isinstance(details, list) or not details:
        raise missing("TaxRateDetails")
    if any(row.body["Name"] == name for row in company.all("TaxCode")):
        raise refuse("6240", f"The name supplied already exists. : Another tax code is called {name}.")
    wanted = [_rate(company, detail) for detail in details]
    rates = [
        rate if rate.id else TaxRateSeed(put_tax_rate(company, rate, now=now), rate.name, rate.percent)
        for rate in wanted
    ]
    code_id = put_tax_code(company, TaxCodeSeed("", name, name, rates=tuple(rates)), now=now)
    shown = [
        {
            "TaxRateName": rate.name,
            "TaxRateId": rate.id,
            "RateValue": rate.percent,
            "TaxAgencyId": "1",
            "TaxApplicableOn": "Sales",
        }
        for rate in rates
    ]
    return {"TaxCode": name, "TaxCodeId": code_id, "TaxRateDetails": shown}


def _rate(company: Company, detail: object) -> TaxRateSeed:
    """An existing rate by id, or the description of a new one (id "")."""
    if not isinstance(detail, dict):
        raise missing("TaxRateDetails")
    applies = detail.get("TaxApplicableOn", "Sales")
    if applies not in ENUMERATIONS["TaxRateApplicableOnEnum"]:
        raise refuse("2170", f"Invalid Enumeration : {applies}", element="TaxApplicableOn")
    identifier = str(detail.get("TaxRateId") or "")
    if identifier:
        row = company.get("TaxRate", identifier)
        if row is None:
            raise unknown_reference("TaxRate", identifier, member="TaxRateId")
        return TaxRateSeed(row.id, str(row.body["Name"]), decimal_in(row.body["RateValue"]))
    for member in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if detail.get(member) in (None, ""):
            raise missing(member)
    try:
        percent = Decimal(str(detail["RateValue"]))
    except InvalidOperation as wrong:
        raise refuse("2080", f"RateValue is not a number: {detail['RateValue']!r}") from wrong
    return TaxRateSeed("", str(detail["TaxRateName"]), percent)
