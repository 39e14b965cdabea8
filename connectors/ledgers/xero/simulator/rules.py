"""Members of the records we use, by the official spec, and which of them a request may set.

Stricter than Xero, which ignores members it does not know: here a misspelt one is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one record: the members a request may send, and the longest texts."""

    members: frozenset[str]
    lengths: Mapping[str, int]


def _rules(members: str, **lengths: int) -> Rules:
    return Rules(frozenset(members.split()), lengths)


_DOCUMENT = (
    "Type Contact LineItems Date DueDate LineAmountTypes Reference BrandingThemeID CurrencyCode CurrencyRate "
    "Status SentToContact "
)

RULES: Mapping[str, Rules] = {
    "Invoices": _rules(
        _DOCUMENT + "InvoiceID InvoiceNumber Url ExpectedPaymentDate PlannedPaymentDate",
        InvoiceNumber=255,
        Reference=255,
    ),
    "CreditNotes": _rules(_DOCUMENT + "CreditNoteID CreditNoteNumber", CreditNoteNumber=255, Reference=255),
    "LineItems": _rules(
        "LineItemID Description Quantity UnitAmount ItemCode AccountCode AccountID TaxType TaxAmount "
        "LineAmount Tracking DiscountRate DiscountAmount",
        Description=4000,
        ItemCode=30,
    ),
    "Contacts": _rules(
        "ContactID ContactNumber AccountNumber ContactStatus Name FirstName LastName CompanyNumber "
        "EmailAddress BankAccountDetails TaxNumber Addresses Phones DefaultCurrency",
        ContactNumber=50,
        AccountNumber=50,
        Name=255,
        FirstName=255,
        LastName=255,
        CompanyNumber=50,
        EmailAddress=255,
        TaxNumber=50,
    ),
    "Addresses": _rules(
        "AddressType AddressLine1 AddressLine2 AddressLine3 AddressLine4 City Region PostalCode Country "
        "AttentionTo",
        AddressLine1=500,
        AddressLine2=500,
        AddressLine3=500,
        AddressLine4=500,
        City=255,
        Region=255,
        PostalCode=50,
        Country=50,
        AttentionTo=255,
    ),
    "Items": _rules(
        "Code Name IsSold IsPurchased Description PurchaseDescription PurchaseDetails SalesDetails ItemID",
        Code=30,
        Name=50,
        Description=4000,
        PurchaseDescription=4000,
    ),
    "Allocations": _rules("AllocationID Invoice Amount Date"),
}

SCHEMAS: Mapping[str, str] = {
    "Invoices": "Invoice",
    "CreditNotes": "CreditNote",
    "LineItems": "LineItem",
    "Contacts": "Contact",
    "Addresses": "Address",
    "Items": "Item",
    "Allocations": "Allocation",
}
"""The spec's schema of each."""


def misfits(kind: str, sent: Mapping[str, object]) -> list[str]:
    """What is wrong with the members of a record, as validation messages."""
    rules = RULES[kind]
    found = [f"{name} is not a member of {SCHEMAS[kind]}" for name in sent if name not in rules.members]
    for name, length in rules.lengths.items():
        value = sent.get(name)
        if value is not None and not isinstance(value, str):
            found.append(f"{name} must be text")
        elif isinstance(value, str) and len(value) > length:
            found.append(f"The field {name} exceeds its maximum length of {length}")
    return found
