"""Contacts and items: names, keys and codes are unique."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.ledgers.xero.simulator.organisation import Body, Organisation, Row
from connectors.ledgers.xero.simulator.rules import misfits


def create_contact(
    organisation: Organisation, sent: Mapping[str, object], *, now: datetime
) -> tuple[Row | None, list[str]]:
    """A new contact, or what is wrong with it. A name is free again once its contact is archived."""
    errors = misfits("Contacts", sent)
    name = " ".join(str(sent.get("Name") or "").split())
    number = sent.get("ContactNumber")
    if not name:
        errors.append("The Contact Name must be specified")
    if "<" in name or ">" in name:
        errors.append("The Contact Name cannot contain angle brackets")
    if sent.get("EmailAddress") and not str(sent["EmailAddress"]).isascii():
        errors.append("Email address must be valid.")
    if any(row.body["ContactStatus"] == "ACTIVE" for row in organisation.by_number("Contacts", name)):
        errors.append(
            f"The contact name {name} is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        )
    if number and any(row.body.get("ContactNumber") == number for row in organisation.all("Contacts")):
        errors.append(f"The contact number {number} is already assigned to another contact.")
    currency = sent.get("DefaultCurrency")
    if currency and currency not in organisation.currencies:
        errors.append(f"Organisation is not subscribed to currency {currency}")
    addresses = sent.get("Addresses") or []
    for address in addresses if isinstance(addresses, list) else ():
        errors += misfits("Addresses", address)
        if address.get("AddressType") not in ("POBOX", "STREET", "DELIVERY"):
            errors.append("AddressType must be POBOX, STREET or DELIVERY")
    if errors:
        return None, errors
    body: Body = {**sent, "Name": name, "ContactStatus": "ACTIVE", "IsSupplier": False, "IsCustomer": False}
    return organisation.put("Contacts", body, now=now), []


def create_item(
    organisation: Organisation, sent: Mapping[str, object], *, now: datetime
) -> tuple[Row | None, list[str]]:
    """A new untracked item, or what is wrong with it."""
    errors = misfits("Items", sent)
    code = str(sent.get("Code") or "")
    if not code:
        errors.append("Price List Item Code must be supplied")
    if organisation.by_number("Items", code):
        errors.append(f"Price List Item with Code '{code}' already exists")
    details = sent.get("SalesDetails")
    account = details.get("AccountCode") if isinstance(details, dict) else None
    if account and not any(one.code == account for one in organisation.config.accounts):
        errors.append(f"Account code '{account}' is not a valid code for this document.")
    if errors:
        return None, errors
    body: Body = {"IsSold": True, "IsPurchased": True, "IsTrackedAsInventory": False, **sent}
    body.setdefault("Name", code)
    return organisation.put("Items", body, now=now), []


def archive(organisation: Organisation, contact: Row, *, is_active: bool, now: datetime) -> Row:
    """Take a contact out of use, or back."""
    status = "ACTIVE" if is_active else "ARCHIVED"
    return organisation.put("Contacts", {**contact.body, "ContactStatus": status}, now=now)
