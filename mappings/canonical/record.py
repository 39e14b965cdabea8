"""What a book is asked to hold: records in our codes, as a delivery freezes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias, get_args

from mappings.canonical.document import Document, DocumentKind
from mappings.canonical.money import Money
from mappings.canonical.party import Address, Registration

FollowUpKind = Literal["void", "application", "attachment", "email"]
RecordKind = Literal[
    "customer", "item", "invoice", "credit_note", "void", "application", "attachment", "email"
]
ReferenceKind = Literal[
    "customer", "item", "account", "tax_code", "term", "class", "invoice", "credit_note",
    "void", "application", "attachment", "email",
]  # fmt: skip
FOLLOW_UPS: tuple[FollowUpKind, ...] = get_args(FollowUpKind)
"""What is done about a document once it is in a book; each goes alone, after the document."""


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A thing of ours that has, or needs, an id in a book: (kind, our code)."""

    kind: ReferenceKind
    code: str

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A (party, currency) as a customer of a book. `parent` is the code of the customer above, or ""."""

    code: str
    currency: str
    display_name: str
    legal_name: str
    billing_address: Address
    shipping_address: Address
    emails: tuple[str, ...] = ()
    tax_ids: tuple[Registration, ...] = ()
    parent: str = ""
    resale_certificate: str = ""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What a line sells, as an item of a book, with the revenue account it earns on."""

    code: str
    name: str
    description: str
    revenue_account: str
    sku: str = ""


@dataclass(frozen=True, slots=True)
class LineTarget:
    """Where one line lands: item, revenue account, tax code and class, in codes of the chart."""

    item: str
    revenue_account: str
    tax_code: str
    class_: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A released document with its targets in one book (one `LineTarget` per line, same order).

    `names` gives the ledger's own name of each account and tax code used (code -> name).
    """

    document: Document
    customer: str
    targets: tuple[LineTarget, ...]
    receivable_account: str
    tax_account: str
    rounding_account: str
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A document that is in a book, by our reference; what a follow-up is about."""

    kind: DocumentKind
    ref: str
    number: str
    gross: Money

    @property
    def reference(self) -> Reference:
        return Reference(self.kind, self.ref)


@dataclass(frozen=True, slots=True)
class VoidRecord:
    """An invoice that is to stay in the book at zero. Its number stays used."""

    document: Target
    reason: str


@dataclass(frozen=True, slots=True)
class ApplicationRecord:
    """A part of a credit note that settles a part of an invoice of the same customer, on a day."""

    document: Target
    invoice: Target
    amount: Money
    customer: str
    on: date


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    """A file that is to hang on a document."""

    document: Target
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class EmailRecord:
    """A document that the ledger is to mail to these addresses."""

    document: Target
    recipients: tuple[str, ...]


FollowUp: TypeAlias = VoidRecord | ApplicationRecord | AttachmentRecord | EmailRecord
Record: TypeAlias = CustomerRecord | ItemRecord | DocumentRecord | FollowUp


def customer_code(party: str, currency: str) -> str:
    """Our code of a book's customer: a customer record is (party, currency) (design section 8)."""
    return f"{party}/{currency}"


def currency_of_customer(code: str) -> str:
    """The currency in a `customer_code`."""
    return code.rpartition("/")[2]
