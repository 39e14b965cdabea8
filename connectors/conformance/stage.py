"""What a ledger's folder provides for its trial: a book, the ground of documents, and trouble by name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol

from connectors.protocols import Clock, Ledger, TokenStore
from mappings.canonical.book import Book
from mappings.canonical.party import Address
from mappings.canonical.record import Reference

Trouble = Literal[
    "lost_answer",
    "lost_request",
    "throttled",
    "unknown_answer",
    "version_conflict",
    "token_expired",
    "consent_withdrawn",
    "period_closed",
    "customer_inactive",
    "edited_there",
]
"""What a row may ask for. The first five strike the next write, once:

- lost_answer: it is carried out, and the connection breaks before its answer
- lost_request: the connection breaks after our bytes left, and it is not carried out
- throttled: it is refused for coming too soon, with a time to wait if the ledger tells one
- unknown_answer: it is refused with a code that no fault table has
- version_conflict: it is refused because somebody else changed the record meanwhile

The others last until the block ends:

- token_expired: the access token of sessions opened from now on is worthless; a refresh gives another pair
- consent_withdrawn: every token is refused for good; at the end of the block consent is given again
- period_closed: the ground's day lies in a closed period
- customer_inactive: the customer with the ledger's id `about` is inactive
- edited_there: a person changes a text (no amount) of the invoice with the ledger's id `about`
"""


class NotOffered(Exception):
    """The ledger does not have this, or cannot get into this trouble; the message says why."""


class NotPossible(Exception):
    """This book cannot be made to show it; the message says why."""


class StageMissing(Exception):
    """The practice book cannot be started on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the kit's documents stand on in one book, in our codes.

    `bound` has the ledger's ids of the accounts and tax codes named here, as far as the ledger needs them;
    customers and items the kit makes itself. `names` are the ledger's own names (code -> name). `tax_percent`
    is what `tax_code` means there; `untaxed_code` is for lines without tax ("" = `tax_code` at 0 %). `day` is
    an open day for documents. `address` is of issuer and customers. `foreign_currency` is one that the book
    takes beside its home currency, "" = none.
    """

    book: Book
    day: date
    address: Address
    revenue_account: str
    receivable_account: str
    tax_account: str
    rounding_account: str
    tax_code: str
    tax_percent: Decimal
    untaxed_code: str = ""
    foreign_currency: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[Reference, str] = field(default_factory=dict)


class Stage(Protocol):
    """One book for trials. Documents of earlier rows stay in it; rows never use a number twice."""

    @property
    def ground(self) -> Ground: ...

    @property
    def is_practice(self) -> bool:
        """False for a book of somebody's own: calls are paced, and nobody is mailed."""

    @property
    def tokens(self) -> TokenStore | None:
        """Where sessions keep their tokens; None without a sign-in."""

    def open(self) -> Ledger:
        """A new session, as another process would have it."""

    def trouble(self, what: Trouble, *, about: str = "") -> AbstractContextManager[None]:
        """See `Trouble`. Entering raises `NotOffered` or `NotPossible`, each with why."""

    def count(self, number: str) -> int | None:
        """How many invoices and credit notes the book has under a number, voided ones too.

        Not through the connector under trial, so that a duplicate shows. None = this book cannot be counted.
        """


class StageOpener(Protocol):
    """A practice book in an empty folder, until the block ends. Raises `StageMissing`."""

    def __call__(self, folder: Path, *, clock: Clock) -> AbstractContextManager[Stage]: ...
