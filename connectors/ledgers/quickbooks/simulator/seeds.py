"""What a fresh company holds: its own description, accounts, terms, tax codes, and the configured records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.config import (
    AccountSeed,
    CompanyConfig,
    TaxCodeSeed,
    TaxRateSeed,
    TermSeed,
)
from connectors.ledgers.quickbooks.simulator.currencies import currency_name
from connectors.ledgers.quickbooks.simulator.lines import NOT_TAXABLE
from connectors.ledgers.quickbooks.simulator.operations import Options, save
from connectors.ledgers.quickbooks.simulator.references import currency_reference
from connectors.ledgers.quickbooks.simulator.tax import TAXABLE
from connectors.ledgers.quickbooks.simulator.validation import Body

_ACCOUNTS = (
    AccountSeed("35", "Checking", type="Bank", subtype="Checking"),
    AccountSeed("84", "Accounts Receivable (A/R)", type="Accounts Receivable", subtype="AccountsReceivable"),
    AccountSeed("79", "Sales of Product Income"),
    AccountSeed("80", "Services", subtype="ServiceFeeIncome"),
    AccountSeed("86", "Discounts given", subtype="DiscountsRefundsGiven"),
    AccountSeed("4", "Undeposited Funds", type="Other Current Asset", subtype="UndepositedFunds"),
)
_TERMS = (
    TermSeed("1", "Due on receipt", due_days=0),
    TermSeed("2", "Net 15", due_days=15),
    TermSeed("3", "Net 30"),
)
_STANDARD_PERCENT: Mapping[str, str] = {
    "AT": "20",
    "AU": "10",
    "BE": "21",
    "CA": "5",
    "CH": "8.1",
    "DE": "19",
    "ES": "21",
    "FR": "20",
    "GB": "20",
    "IE": "23",
    "IT": "22",
    "NL": "21",
    "PL": "23",
    "SE": "25",
}


def default_tax_codes(config: CompanyConfig) -> tuple[TaxCodeSeed, ...]:
    """US: one location's code. Elsewhere: standard, zero and exempt at the country's standard rate."""
    if config.is_us:
        rate = TaxRateSeed("11", "California", config.us_tax_percent)
        return (TaxCodeSeed("8", "California", "California state and local", rates=(rate,)),)
    percent = Decimal(_STANDARD_PERCENT.get(config.country, "20"))
    name = f"{percent}% S"
    return (
        TaxCodeSeed("2", name, "Standard", rates=(TaxRateSeed("4", name, percent),)),
        TaxCodeSeed("3", "0% Z", "Zero rated", rates=(TaxRateSeed("5", "0% Z", Decimal(0)),)),
        TaxCodeSeed("4", "Exempt", "Exempt", rates=(TaxRateSeed("6", "Exempt", Decimal(0)),)),
    )


def seed(company: Company, *, now: datetime) -> None:
    """Fill an empty company. Raises a refusal when the configured records contradict each other."""
    config = company.config
    describe(company, now=now)
    for account in config.accounts or _ACCOUNTS:
        _put(company, "Account", account.id, _account(account, config), now)
    for term in config.terms or _TERMS:
        body: Body = {"Name": term.name, "Active": True, "Type": "STANDARD", "DiscountPercent": 0}
        _put(company, "Term", term.id, body | {"DueDays": term.due_days, "DiscountDays": 0}, now)
    for pseudo in (TAXABLE, NOT_TAXABLE) if config.is_us else ():
        _put(company, "TaxCode", pseudo, {"Name": pseudo, "Active": True, "Taxable": pseudo == TAXABLE}, now)
    for code in config.tax_codes or default_tax_codes(config):
        _tax_code(company, code, now)
    for entity, entries in (("Class", config.classes), ("Department", config.departments)):
        for entry in entries:
            name: Body = {
                "Name": entry.name,
                "FullyQualifiedName": entry.name,
                "Active": True,
                f"Sub{entity}": False,
            }
            _put(company, entity, entry.id, name, now)
    for entity, entries in (("Vendor", config.vendors), ("Employee", config.employees)):
        for entry in entries:
            _put(company, entity, entry.id, {"DisplayName": entry.name, "Active": True}, now)
    for code_ in config.currencies:
        if code_ != config.home_currency:
            _put(
                company,
                "CompanyCurrency",
                "",
                {"Code": code_, "Name": currency_name(code_), "Active": True},
                now,
            )
    _configured_records(company, now)


def describe(company: Company, *, now: datetime) -> None:
    """CompanyInfo and Preferences as the config says; written again when the config changes."""
    config = company.config
    info: Body = {
        "CompanyName": config.name,
        "LegalName": config.name,
        "Country": config.country,
        "CompanyAddr": {"Id": "1", "Line1": "1 Example Way", "Country": config.country},
        "FiscalYearStartMonth": "January",
        "SupportedLanguages": "en",
        "NameValue": [{"Name": "NeoEnabled", "Value": "true"}],
    }
    _put(company, "CompanyInfo", "1", info, now)
    _put(company, "Preferences", "1", _preferences(config), now)


def _preferences(config: CompanyConfig) -> Body:
    accounting: Body = {
        "FirstMonthOfFiscalYear": "January",
        "ClassTrackingPerTxn": config.class_per_transaction,
        "ClassTrackingPerTxnLine": config.class_per_line,
        "TrackDepartments": config.track_departments,
        "CustomerTerminology": "Customers",
    }
    if config.book_close_date is not None:
        accounting["BookCloseDate"] = config.book_close_date.isoformat()
    fields: list[Body] = []
    for number, name in enumerate(config.custom_fields, start=1):
        use = {"Name": f"SalesFormsPrefs.UseSalesCustom{number}", "Type": "BooleanType", "BooleanValue": True}
        named = {
            "Name": f"SalesFormsPrefs.SalesCustomName{number}",
            "Type": "StringType",
            "StringValue": name,
        }
        fields += [{"CustomField": [use]}, {"CustomField": [named]}]
    return {
        "AccountingInfoPrefs": accounting,
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": False,
        },
        "SalesFormsPrefs": {
            "CustomTxnNumbers": config.custom_txn_numbers,
            "AllowDiscount": config.allow_discount,
            "AllowServiceDate": True,
            "AllowDeposit": False,
            "AutoApplyCredit": False,
            "AutoApplyPayments": False,
            "CustomField": fields,
        },
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": config.multicurrency,
            "HomeCurrency": {"value": config.home_currency},
        },
        "TaxPrefs": {
            "UsingSalesTax": config.uses_sales_tax,
            "PartnerTaxEnabled": config.is_us and config.automated_sales_tax,
        },
    }


def _account(account: AccountSeed, config: CompanyConfig) -> Body:
    asset = account.type in ("Bank", "Accounts Receivable", "Other Current Asset")
    return {
        "Name": account.name,
        "FullyQualifiedName": account.name,
        "Active": True,
        "SubAccount": False,
        "Classification": "Asset" if asset else "Revenue" if "Income" in account.type else "Expense",
        "AccountType": account.type,
        "AccountSubType": account.subtype,
        "CurrentBalance": 0,
        "CurrencyRef": currency_reference(account.currency or config.home_currency),
    }


def _tax_code(company: Company, code: TaxCodeSeed, now: datetime) -> None:
    for rate in code.rates:
        put_tax_rate(company, rate, now=now)
    put_tax_code(company, code, now=now)


def put_tax_rate(company: Company, rate: TaxRateSeed, *, now: datetime) -> str:
    """A TaxRate record; an empty id takes the next one, which is returned."""
    body: Body = {
        "Name": rate.name,
        "Description": rate.name,
        "Active": True,
        "RateValue": rate.percent,
        "AgencyRef": {"value": "1"},
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
    }
    return _put(company, "TaxRate", rate.id, body, now)


def put_tax_code(company: Company, code: TaxCodeSeed, *, now: datetime) -> str:
    """A TaxCode record over existing rates; an empty id takes the next one, which is returned."""
    details = [
        {
            "TaxRateRef": {"value": rate.id, "name": rate.name},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": order,
        }
        for order, rate in enumerate(code.rates)
    ]
    body: Body = {
        "Name": code.name,
        "Description": code.description or code.name,
        "Active": True,
        "Hidden": False,
        "Taxable": True,
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": details},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
    }
    return _put(company, "TaxCode", code.id, body, now)


def _configured_records(company: Company, now: datetime) -> None:
    """Items and customers go through the same checks as a caller's."""
    for item in company.config.items:
        sent: Body = {
            "Name": item.name,
            "Type": item.type,
            "IncomeAccountRef": {"value": item.income_account_id},
        }
        _renamed(company, "Item", save(company, "Item", sent, now=now, options=Options()).id, item.id, now)
    for customer in company.config.customers:
        sent = {"DisplayName": customer.name}
        if customer.currency:
            sent["CurrencyRef"] = {"value": customer.currency}
        if customer.parent_id:
            sent |= {"Job": True, "ParentRef": {"value": customer.parent_id}}
        own = save(company, "Customer", sent, now=now, options=Options()).id
        _renamed(company, "Customer", own, customer.id, now)


def _renamed(company: Company, entity: str, given: str, wanted: str, now: datetime) -> None:
    """Move a freshly made record to the id the config asks for."""
    row = company.get(entity, given)
    if row is None or given == wanted:
        return
    company.erase(row)
    _put(company, entity, wanted, row.body, now)


def _put(company: Company, entity: str, identifier: str, body: Body, now: datetime) -> str:
    return company.put(entity, body | ({"Id": identifier} if identifier else {}), now=now).id
