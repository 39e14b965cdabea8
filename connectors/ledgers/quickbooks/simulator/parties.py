"""Customers (with sub-customers), vendors and employees: names, currency, tax ids, activity."""

from __future__ import annotations

from connectors.ledgers.quickbooks.simulator.bounds import MASKED, NAME_LEVELS_BELOW_TOP
from connectors.ledgers.quickbooks.simulator.company import Company, reference_id
from connectors.ledgers.quickbooks.simulator.currencies import is_currency
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

DELETED_SUFFIX = " (deleted)"
_NAME_MEMBERS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_KEPT = ("DisplayName", "PrintOnCheckName", "CurrencyRef", "FullyQualifiedName", "Level", "Active")
_DEFAULTS: Body = {
    "Active": True,
    "Job": False,
    "BillWithParent": False,
    "Taxable": True,
    "PreferredDeliveryMethod": "Print",
    "IsProject": False,
}


def customer(company: Company, sent: Body, *, old: Row | None) -> Body:
    """A customer as it stands after the request.

    Raises a refusal: 6080 no name, 6240 name taken, 6000 currency or parent, 2500/610 references.
    """
    before = old.body if old else None
    body = _DEFAULTS | merged(RULES["Customer"], sent, old=before, keeps=_KEPT)
    _set_name(company, body, before)
    parent = _parent(company, body)
    _set_currency(company, body, before, parent)
    _place(body, parent)
    for member, entity in (
        ("SalesTermRef", "Term"),
        ("DefaultTaxCodeRef", "TaxCode"),
        ("ARAccountRef", "Account"),
    ):
        row = referenced(company, body, member, entity=entity)
        if row is not None:
            body[member] = reference_to(row)
    for member in MASKED["Customer"]:
        if member in body:
            body[member] = _masked(str(body[member]))
    body.setdefault("PrintOnCheckName", body.get("CompanyName") or body["DisplayName"])
    return body


def name_only(company: Company, entity: str, sent: Body, *, old: Row | None) -> Body:
    """A vendor or an employee."""
    body = {"Active": True} | merged(
        RULES[entity], sent, old=old.body if old else None, keeps=("DisplayName", "Active")
    )
    require(RULES[entity], body)
    _refuse_taken_name(company, str(body["DisplayName"]), own_id=str(body.get("Id", "")))
    return body


def _set_name(company: Company, body: Body, before: Body | None) -> None:
    """DisplayName given or put together; inactive customers carry the suffix and free their name."""
    name = str(
        body.get("DisplayName") or " ".join(str(body[part]) for part in _NAME_MEMBERS if body.get(part))
    )
    if not name.strip():
        raise refuse("6080", "No name provided : DisplayName, or one of the name parts, is needed")
    was_active = before is None or bool(before.get("Active", True))
    if not body["Active"]:
        body["DisplayName"] = name if name.endswith(DELETED_SUFFIX) else name + DELETED_SUFFIX
        return
    if not was_active:
        name = name.removesuffix(DELETED_SUFFIX)
    _refuse_taken_name(company, name, own_id=str(body.get("Id", "")))
    body["DisplayName"] = name


def _refuse_taken_name(company: Company, name: str, *, own_id: str) -> None:
    holder = company.party_named(name)
    if holder is not None and holder[1] != own_id:
        detail = (
            "The name supplied already exists. : Another customer, vendor or employee is already using this "
            f"name. Please use a different name. Id={holder[1]}"
        )
        raise refuse("6240", detail)


def _parent(company: Company, body: Body) -> Row | None:
    """A sub-customer has ParentRef and Job; QuickBooks keeps at most four levels below the top."""
    parent = referenced(company, body, "ParentRef", entity="Customer")
    if parent is None:
        if body["Job"] or body["BillWithParent"]:
            raise missing("ParentRef")
        return None
    if not body["Job"]:
        raise refuse("2020", "Required parameter Job is missing: a sub-customer has Job true", element="Job")
    chain = parent
    while chain is not None:
        if chain.id == body.get("Id"):
            raise broken_rule("A customer cannot be below itself.")
        above = reference_id(chain.body, "ParentRef")
        next_up = company.get("Customer", above) if above else None
        if next_up is None:
            break
        chain = next_up
    return parent


def _place(body: Body, parent: Row | None) -> None:
    if parent is None:
        body["FullyQualifiedName"] = body["DisplayName"]
        body.pop("Level", None)
        return
    level = int(str(parent.body.get("Level", 0))) + 1
    if level > NAME_LEVELS_BELOW_TOP:
        raise broken_rule(f"Only {NAME_LEVELS_BELOW_TOP} levels of sub-customers.")
    is_active = body["Active"]
    above = f"{parent.body['FullyQualifiedName']}:" if is_active else ""
    body["FullyQualifiedName"] = f"{above}{body['DisplayName']}"
    body["Level"] = level
    body["ParentRef"] = {"value": parent.id}


def _set_currency(company: Company, body: Body, before: Body | None, parent: Row | None) -> None:
    """Set once, never changed; a currency new to the company joins its list."""
    home = company.config.home_currency
    inherited = reference_id(parent.body, "CurrencyRef") if parent else home
    code = reference_id(body, "CurrencyRef") or inherited
    if before is not None and code != reference_id(before, "CurrencyRef"):
        raise broken_rule("The currency of a customer cannot be changed.")
    if parent is not None and code != inherited:
        raise broken_rule("A sub-customer has the currency of its parent.")
    if code != home and not company.config.multicurrency:
        raise broken_rule(f"Multicurrency is off; the currency is {home}.")
    if not is_currency(code):
        raise unknown_reference("Currency", code, member="CurrencyRef")
    body["CurrencyRef"] = currency_reference(code)


def _masked(identifier: str) -> str:
    return identifier if identifier.startswith("XXXXXX") else f"XXXXXX{identifier[-5:]}"
