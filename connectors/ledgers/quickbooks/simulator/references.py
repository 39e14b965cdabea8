"""References between records: they must exist, be active, and read back with the name they point to."""

from __future__ import annotations

from connectors.ledgers.quickbooks.simulator.company import Company, is_active, reference_id
from connectors.ledgers.quickbooks.simulator.currencies import currency_name
from connectors.ledgers.quickbooks.simulator.problems import (
    refuse,
)
from connectors.ledgers.quickbooks.simulator.store import Row

INACTIVE = (
    "Object Not Found : Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
DELETED = "Object Not Found : Another user has deleted this transaction."


def referenced(company: Company, body: dict[str, object], member: str, *, entity: str) -> Row | None:
    """The record behind a reference; None when the reference is absent.

    Raises a refusal: 2500 for an id nobody has, 610 for one that was made inactive, merged or deleted.
    """
    identifier = reference_id(body, member)
    if not identifier:
        return None
    row = company.get(entity, identifier)
    if row is None and company.is_deleted(entity, identifier):
        raise refuse("610", INACTIVE, element=member)
    if row is None:
        detail = f"Invalid Reference Id : {entity} element id {identifier} not found"
        raise refuse("2500", detail, element=member)
    if not is_active(row):
        raise refuse("610", INACTIVE, element=member)
    return row


def reference_to(row: Row) -> dict[str, object]:
    """A reference with the name, as answers show it."""
    name = row.body.get("FullyQualifiedName") or row.body.get("Name") or row.body.get("DisplayName") or ""
    return {"value": row.id, "name": name}


def currency_reference(code: str) -> dict[str, object]:
    return {"value": code, "name": currency_name(code)}


def require_token(row: Row | None, body: dict[str, object], *, entity: str, company: Company) -> Row:
    """The record an update, void or delete is about, when the caller holds its newest version.

    Raises a refusal: 2020 without Id or SyncToken, 610 when it is gone, 5010 for an older SyncToken.
    """
    for member in ("Id", "SyncToken"):
        if body.get(member) is None:
            raise refuse("2020", f"Required parameter {member} is missing in the request", element=member)
    identifier = str(body["Id"])
    if row is None:
        deleted = company.is_deleted(entity, identifier)
        raise refuse(
            "610", DELETED if deleted else f"Object Not Found : {entity} {identifier} does not exist"
        )
    if str(body["SyncToken"]) != row.body["SyncToken"]:
        raise refuse("5010")
    return row
