"""What a ledger, a source, a clock and a token store promise. Nothing here knows rows, queues or retries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from connectors.errors import ConnectorError
from mappings.canonical.book import Book
from mappings.canonical.document import DocumentKind
from mappings.canonical.money import Money
from mappings.canonical.record import Record, RecordKind, Reference
from mappings.canonical.subscription import SubscriptionState

TaxMode = Literal["ours", "ledger"]


class Clock(Protocol):
    """The one way to time. Instants are timezone-aware UTC."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token with its refresh token; `version` grows with every stored pair.

    The refresh token ends at `refresh_expires_at` unless it is used before, and at `hard_expires_at` in any
    case; None = the provider did not say.
    """

    access_token: str
    refresh_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime | None = None
    hard_expires_at: datetime | None = None
    version: int = 0

    def __repr__(self) -> str:
        return f"Token(version={self.version}, access_expires_at={self.access_expires_at}, secrets hidden)"


class StaleToken(Exception):
    """Somebody else stored a newer pair meanwhile: re-read it."""


class TokenStore(Protocol):
    """The tokens of one book, encrypted at rest. `refreshing` lets one refresher in at a time, anywhere.

    `save` replaces the pair only if it is still of the expected version (0 = none yet), else `StaleToken`.
    """

    def read(self) -> Token | None: ...

    def read_previous(self) -> Token | None: ...

    def save(self, token: Token, *, expected_version: int) -> Token: ...

    def refreshing(self) -> AbstractContextManager[object]: ...


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls a book allows: per second, per minute, and batch calls per minute; 0 = no limit."""

    per_second: float = 0
    per_minute: float = 0
    batches_per_minute: float = 0
    in_flight: int = 1


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one ledger product can and cannot do; pages, checks and limits read it, never a ledger's name.

    `batch_mixes_kinds` False: a batch call takes records of one kind only. `app_calls_per_minute` and
    `reads_per_month` are what one application may do over all its books together; 0 = not limited.
    """

    records: frozenset[RecordKind]
    batch_size: int = 1
    batch_mixes_kinds: bool = True
    rates: Rates = Rates()
    app_calls_per_minute: int = 0
    reads_per_month: int = 0
    number_length_max: int = 0
    name_length_max: int = 0
    text_length_max: int = 0
    lines_max: int = 0
    decimals_max: int = 4
    tax_mode: TaxMode = "ours"
    caller_sets_number: bool = True
    metered_reads: bool = False
    server_limit_s: float = 0
    recheck_s: float = 0
    throttle_default_s: float = 60
    key_guard: Literal["ledger", "number", "marker"] = "ledger"
    needs_release: Literal["approve", "auto"] = "approve"
    default_create_missing: Literal["never", "always"] = "never"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the ledger must hold afterwards: compared with every echo and every find.

    `gross` is provisional where the ledger sets the tax: it may differ by `gross_within` minor units; None
    where we know nothing of the tax. `customer_id` is the ledger's id ("" for non-documents).
    """

    net: Money | None = None
    gross: Money | None = None
    customer_id: str = ""
    lines: int = 0
    gross_within: int = 0


@dataclass(frozen=True, slots=True)
class Shipment:
    """One record on its way: exact bytes, identity and what to expect back.

    `key` idempotency key (32 hex), `marker` (20 base32) is inside `body`; `lookup` is the document
    number, or the display name or code of a customer or item.
    """

    kind: RecordKind
    key: str
    marker: str
    lookup: str
    body: bytes
    expect: Expectation = Expectation()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A record in the ledger's own bytes, with its lookup and expectation."""

    body: bytes
    lookup: str
    expect: Expectation


@dataclass(frozen=True, slots=True)
class Posted:
    """The ledger holds the record: its id and version there, and the totals it answered with."""

    ledger_id: str
    version: str = ""
    lookup: str = ""
    net: Money | None = None
    gross: Money | None = None
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What a read found under a shipment's number or name. `marker` is "" when it is not ours."""

    ledger_id: str
    version: str
    lookup: str
    marker: str
    currency: str = ""
    customer_id: str = ""
    net: Money | None = None
    gross: Money | None = None
    lines: int = 0
    live: bool = True


Outcome: TypeAlias = Posted | ConnectorError


@dataclass(frozen=True, slots=True)
class BookState:
    """What `check` saw: who the book belongs to, and plain sentences on what is wrong (empty = fine).

    `closed_until` is the last day of the closed period, None where nothing is closed or nobody can tell;
    `reads` how many metered reads it took.
    """

    company_id: str
    company_name: str
    home_currency: str
    problems: tuple[str, ...] = ()
    closed_until: date | None = None
    reads: int = 0


class Ledger(Protocol):
    """One book's session; knows nothing of retries, rows, queues.

    `push` raises a `ConnectorError` when the whole call failed, else returns one outcome per shipment
    in order. More than one shipment goes by the ledger's batch call under `batch_key`. `not_after`
    (monotonic seconds of the clock) is checked right before request bytes leave: past it nothing is
    sent and `Unreachable` is raised.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def check(self) -> BookState: ...

    def needs(self, record: Record) -> tuple[Reference, ...]: ...

    def render(self, record: Record, *, marker: str, bound: Mapping[Reference, str]) -> Rendered: ...

    def push(
        self, shipments: Sequence[Shipment], *, batch_key: str = "", not_after: float | None = None
    ) -> Sequence[Outcome]: ...

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]: ...


@runtime_checkable
class ReadsNumbers(Protocol):
    """Optional ability: of the numbers behind each prefix, the one that counts highest, or ""."""

    def highest_numbers(self, prefixes: Sequence[str]) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Balance:
    """The total of one ledger account in one currency; debits are positive."""

    account: str
    total: Money


@runtime_checkable
class ReadsBalances(Protocol):
    """Optional ability: totals per account, and a shell command that shows the book to a person."""

    def balances(self) -> tuple[Balance, ...]: ...

    def view_command(self) -> str: ...


@dataclass(frozen=True, slots=True)
class HeldName:
    """A customer or item as a book lists it; `marker` is "" when it is not ours.

    `tax_id` is "" where the ledger hides it. `currency` and `emails` are a customer's, `sku` an item's.
    """

    kind: Literal["customer", "item"]
    ledger_id: str
    name: str
    is_active: bool
    marker: str = ""
    currency: str = ""
    emails: tuple[str, ...] = ()
    tax_id: str = ""
    sku: str = ""


@runtime_checkable
class ReadsReferenceData(Protocol):
    """Optional ability: every customer or item of the book, inactive ones too; each page is one read."""

    def reference_data(self, kind: Literal["customer", "item"]) -> Iterator[Sequence[HeldName]]: ...


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it is in the book after somebody, or we, changed it. `is_there` False = deleted or merged.

    `is_live` False = voided; `balance` is what is still to be paid of an invoice; `is_active` is of customers
    and items.
    """

    kind: Literal["customer", "item", "invoice", "credit_note"]
    ledger_id: str
    version: str = ""
    lookup: str = ""
    marker: str = ""
    is_there: bool = True
    is_live: bool = True
    is_active: bool = True
    customer_id: str = ""
    net: Money | None = None
    gross: Money | None = None
    balance: Money | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since an instant; `until` is where to ask from next. Not `is_complete`: there was more."""

    changes: tuple[Change, ...]
    until: datetime
    reads: int
    is_complete: bool = True


@runtime_checkable
class MetersReads(Protocol):
    """A session that knows how many metered reads it has made so far; without it a look-up counts as one."""

    @property
    def reads_made(self) -> int: ...


@runtime_checkable
class ReportsChanges(Protocol):
    """Optional ability: what changed in the book since an instant, at most `look_back` ago."""

    @property
    def look_back(self) -> timedelta: ...

    def changes(self, since: datetime) -> Changes: ...


@runtime_checkable
class LinksToDocuments(Protocol):
    """Optional ability: the address of a document in the ledger's own pages, "" where there is none."""

    def link(self, kind: DocumentKind, ledger_id: str) -> str: ...


class Consent(Protocol):
    """Optional ability: an administrator of the book lets us in, and we get a token pair for it.

    `answer` is the query of the address they came back to, its `code` at least; `Refused` when it is for
    another company than the book's.
    """

    def address(self, book: Book, *, redirect_uri: str, state: str) -> str: ...

    def exchange(
        self, book: Book, *, answer: Mapping[str, str], redirect_uri: str, clock: Clock
    ) -> Token: ...

    def from_refresh_token(self, refresh_token: str, *, clock: Clock) -> Token: ...


@dataclass(frozen=True, slots=True)
class Event:
    """A stored webhook or file entry: its source's event id and the raw body."""

    source: str
    event_id: str
    body: bytes


class Source(Protocol):
    """Turns an event into the state of the subscription it is about."""

    @property
    def name(self) -> str: ...

    def event_id(self, headers: Mapping[str, str], raw: bytes) -> str: ...

    def verify(
        self, headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[str], now: datetime
    ) -> bool: ...

    def read(self, event: Event) -> tuple[SubscriptionState, ...]: ...
