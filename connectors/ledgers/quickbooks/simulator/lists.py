"""The plain lists: items, accounts, classes, departments, terms, currencies, notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.ledgers.quickbooks.simulator.company import Company, reference_id
from connectors.ledgers.quickbooks.simulator.currencies import currency_name, is_currency
from connectors.ledgers.quickbooks.simulator.merging import merged, require
from connectors.ledgers.quickbooks.simulator.problems import (
    broken_rule,
    missing,
    refuse,
    unknown_reference,
)
from connectors.ledgers.quickbooks.simulator.references import (
    currency_reference,
    reference_to,
    referenced,
)
from connectors.ledgers.quickbooks.simulator.rules import RULES
from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.ledgers.quickbooks.simulator.validation import Body

_CLASSIFICATION: Mapping[str, str] = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
}
_ATTACHABLE_TO = frozenset({"Invoice", "CreditMemo", "Payment", "Customer", "Item"})
_CHILD_FLAG = {"Class": "SubClass", "Department": "SubDepartment", "Item": "SubItem", "Account": "SubAccount"}


def list_entry(company: Company, entity: str, sent: Body, *, old: Row | None) -> Body:
    """One entry of a list as it stands after the request; raises a refusal."""
    rule = RULES[entity]
    body = {"Active": True} | merged(rule, sent, old=old.body if old else None, keeps=("Active",))
    require(rule, body)
    _BUILDERS[entity](company, body)
    return body


def _refuse_taken_name(company: Company, entity: str, body: Body, *, member: str = "Name") -> None:
    """Names of one list differ among active entries with the same parent."""
    name, parent = str(body[member]).casefold(), reference_id(body, "ParentRef")
    for row in company.all(entity):
        same = (
            str(row.body.get(member, "")).casefold() == name and reference_id(row.body, "ParentRef") == parent
        )
        if same and row.id != body.get("Id") and row.body.get("Active", True):
            detail = f"The name supplied already exists. : Another {entity} uses this name. Id={row.id}"
            raise refuse("6240", detail, element=member)


def _nest(company: Company, entity: str, body: Body) -> None:
    """FullyQualifiedName from the parents, and the flag that says whether there is one."""
    _refuse_taken_name(company, entity, body)
    parent = referenced(company, body, "ParentRef", entity=entity)
    if parent is not None and parent.id == body.get("Id"):
        raise refuse("700", f"Invalid parent reference : {entity} {parent.id} cannot be below itself")
    body[_CHILD_FLAG[entity]] = parent is not None
    above = f"{parent.body['FullyQualifiedName']}:" if parent else ""
    body["FullyQualifiedName"] = f"{above}{body['Name']}"


def _item(company: Company, body: Body) -> None:
    kind = str(body.setdefault("Type", "Service"))
    if kind not in ("Service", "NonInventory", "Category"):
        raise refuse("5030", f"Feature Not Supported Error : the simulator keeps no items of type {kind}")
    _nest(company, "Item", body)
    account = referenced(company, body, "IncomeAccountRef", entity="Account")
    if account is None and kind != "Category":
        raise missing("IncomeAccountRef")
    if account is not None and account.body["AccountType"] not in ("Income", "Other Income"):
        raise broken_rule("Select an income account for this item.")
    if account is not None:
        body["IncomeAccountRef"] = reference_to(account)
    code = referenced(company, body, "SalesTaxCodeRef", entity="TaxCode")
    if code is not None:
        body["SalesTaxCodeRef"] = reference_to(code)
    for member, value in (
        ("Taxable", False),
        ("UnitPrice", 0),
        ("PurchaseCost", 0),
        ("TrackQtyOnHand", False),
    ):
        body.setdefault(member, value)


def _account(company: Company, body: Body) -> None:
    if not body.get("AccountType") and not body.get("AccountSubType"):
        raise refuse("6010", "AccountType or AccountSubType required", element="AccountType")
    body.setdefault("AccountType", "Income")
    body["Classification"] = _CLASSIFICATION.get(str(body["AccountType"]), "Expense")
    _nest(company, "Account", body)
    code = reference_id(body, "CurrencyRef") or company.config.home_currency
    body["CurrencyRef"] = currency_reference(code)
    body["CurrentBalance"] = 0


def _class(company: Company, body: Body) -> None:
    _nest(company, "Class", body)


def _department(company: Company, body: Body) -> None:
    _nest(company, "Department", body)


def _term(company: Company, body: Body) -> None:
    _refuse_taken_name(company, "Term", body)
    if "DueDays" not in body and "DayOfMonthDue" not in body:
        raise missing("DueDays")
    body["Type"] = "STANDARD" if "DueDays" in body else "DATE_DRIVEN"
    body.setdefault("DiscountPercent", 0)
    body.setdefault("DiscountDays", 0)


def _company_currency(company: Company, body: Body) -> None:
    code = str(body["Code"])
    if not company.config.multicurrency:
        raise broken_rule("Multicurrency is off in this company.")
    if not is_currency(code):
        raise unknown_reference("Currency", code, member="Code")
    _refuse_taken_name(company, "CompanyCurrency", body, member="Code")
    body["Name"] = currency_name(code)


def _attachable(company: Company, body: Body) -> None:
    body.pop("Active", None)
    references = body.get("AttachableRef")
    for reference in references if isinstance(references, list) else []:
        target = reference.get("EntityRef") or {}
        kind = str(target.get("type", ""))
        if kind not in _ATTACHABLE_TO:
            raise refuse("6050", f"The entity reference type {kind!r} is unsupported for Attachable")
        referenced(company, reference, "EntityRef", entity=kind)
    if not body.get("Note") and not body.get("FileName"):
        raise missing("Note")


_BUILDERS: Mapping[str, Callable[[Company, Body], None]] = {
    "Item": _item,
    "Account": _account,
    "Class": _class,
    "Department": _department,
    "Term": _term,
    "CompanyCurrency": _company_currency,
    "Attachable": _attachable,
}


def ensure_currency(company: Company, code: str) -> Body | None:
    """The CompanyCurrency entry to add because a customer uses a currency new to the company."""
    if code == company.config.home_currency:
        return None
    if any(row.body.get("Code") == code for row in company.all("CompanyCurrency")):
        return None
    return {"Code": code, "Name": currency_name(code), "Active": True}
