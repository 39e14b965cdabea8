"""What release decides about one draft: hold it, wait for an approval, or freeze it for its books. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol

from connectors import registry
from connectors.protocols import Capabilities
from mappings.canonical.book import Book, Chart
from mappings.canonical.document import Document
from mappings.canonical.party import Issuer, Party, Series
from mappings.canonical.record import CustomerRecord, DocumentRecord, ItemRecord
from mappings.canonical.workspace import Setup
from mappings.numbering import render, reset_key, series_for
from mappings.resolve import Gap, paying_parties, records_for, resolve
from worker.billing.finalise import finalise
from worker.billing.values import Check
from worker.store.planning import PlannedDocument
from worker.store.releasing import Candidate, Pile

_CHECK_OF_GAP = {"product": "unmapped_product", "rule": "unmapped_product", "tax_code": "unmapped_tax_code"}


class Numbers(Protocol):
    """The running numbers of a series: looked at first, taken only when the document is released."""

    def peek(self, reset_key: str) -> int: ...

    def take(self, reset_key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft as it is frozen, with its delivery into each book. `notes` say what release decided of it."""

    draft: Candidate
    document: Document
    plans: tuple[PlannedDocument, ...]
    notes: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A draft that cannot be released now."""

    draft: Candidate
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Unapproved:
    """A draft that waits for a person."""

    draft: Candidate


Decision = Ready | Held | Unapproved


@dataclass(frozen=True, slots=True)
class Target:
    """A book that gets the documents, with its chart (None: the set-up has none of that code)."""

    book: Book
    chart: Chart | None


def release_policy(book: Book) -> Literal["approve", "auto"]:
    """Real books are never surprised: without a word of its own a book that is no practice asks first."""
    if book.release:
        return book.release
    return "auto" if registry.is_practice(book) else registry.ledger(book.ledger).capabilities.needs_release


def create_missing_policy(book: Book) -> Literal["never", "always"]:
    """Whether customers and items that a book lacks are created in it."""
    if book.create_missing:
        return book.create_missing
    known = registry.ledger(book.ledger).capabilities
    return "always" if registry.is_practice(book) else known.default_create_missing


class Planner:
    """Decides for the drafts of one issuer and kind.

    A document has one number: of the series for its issuer's first book (by code; a series that names
    the book wins). It goes to every book that this series is for.
    """

    def __init__(self, shared: Setup, pile: Pile, *, closed: Mapping[str, date] | None = None) -> None:
        """`closed` has the last closed day of the books that have one."""
        self._pile = pile
        self._closed = closed or {}
        self.issuer: Issuer = next(one for one in shared.issuers if one.code == pile.issuer)
        self._products = {product.code: product for product in shared.products}
        homes = {self.issuer.home_currency, self.issuer.tax_currency}
        self._rates = tuple(rate for rate in shared.fx_rates if rate.home in homes)
        charts = {chart.code: chart for chart in shared.charts}
        books = sorted((one for one in shared.books if one.issuer == pile.issuer), key=lambda one: one.code)
        self.series = self._series(books)
        self.targets = tuple(
            Target(book, charts.get(book.chart))
            for book in books
            if self.series is not None and self.series.book in ("", book.code)
        )
        self.needs_approval = any(release_policy(one.book) == "approve" for one in self.targets)
        self._parties: dict[str, Mapping[str, Party]] = {}
        self._payers: dict[str, frozenset[tuple[str, str]]] = {}

    def use(self, setups: Mapping[str, Setup]) -> None:
        """The set-ups of the groups whose drafts come next."""
        self._parties = {
            code: {party.code: party for party in setup.parties} for code, setup in setups.items()
        }
        self._payers = {code: paying_parties(setup) for code, setup in setups.items()}

    def decide(
        self,
        draft: Candidate,
        *,
        on: date,
        numbers: Numbers,
        approved: Collection[tuple[str, str]],
        latest: date | None,
    ) -> Decision:
        """What becomes of a draft on the day `on`; only a `Ready` one takes its number.

        `approved` holds (reference, fingerprint) pairs, `latest` the last document date of the series.
        """
        series = self.series
        if series is None or not self.targets:
            return Held(draft, (self._nowhere(),))
        if self.needs_approval and (draft.document.ref, draft.fingerprint) not in approved:
            return Unapproved(draft)
        dated = self._dated(on if self.issuer.document_date == "release_date" else draft.as_of, on=on)
        if isinstance(dated, Check):
            return Held(draft, (dated,))
        document_date, notes = dated
        if series.chronology == "strict" and latest is not None and document_date < latest:
            return Held(draft, (_out_of_order(series, document_date, latest),))
        key = reset_key(series, on=document_date)
        document = finalise(
            draft.document,
            number=render(series, numbers.peek(key), on=document_date),
            series=series.code,
            on=document_date,
            as_of=document_date,
            issuer=self.issuer,
            rates=self._rates,
        )
        if isinstance(document, Check):
            return Held(draft, (document,))
        plans: list[PlannedDocument] = []
        checks: list[Check] = []
        for target in self.targets:
            planned = self._plan(draft, document, target)
            if isinstance(planned, PlannedDocument):
                plans.append(planned)
            else:
                checks.extend(planned)
        if checks:
            return Held(draft, tuple(checks))
        numbers.take(key)
        return Ready(draft, document, tuple(plans), notes)

    def _dated(self, wanted: date, *, on: date) -> tuple[date, tuple[Check, ...]] | Check:
        """The day a document is dated where its books are open; else a check, or another day and why.

        Its own date never changes once it is released, so this is the last moment.
        """
        day, why = wanted, []
        for target in self.targets:
            book, closed = target.book, self._closed.get(target.book.code)
            if closed is None or wanted > closed:
                continue
            until = f"book {book.code} is closed until {closed}"
            if book.closed_period != "redate":
                return Check("closed_period", f"It would be dated {wanted}, but {until}.")
            if closed >= on:
                return Check("closed_period", f"It would be dated {wanted}, but {until}, which is not over.")
            day = max(day, closed + timedelta(days=1))
            why.append(until)
        if not why:
            return wanted, ()
        return day, (Check("redated", f"Dated {day} instead of {wanted}: {', '.join(why)}."),)

    def _series(self, books: list[Book]) -> Series | None:
        if not books:
            return None
        return series_for(self.issuer.series, kind=self._pile.kind, book=books[0].code)

    def _nowhere(self) -> Check:
        kind = self._pile.kind.replace("_", " ")
        if self.series is None and not any(one.kind == self._pile.kind for one in self.issuer.series):
            return Check("series_missing", f"Issuer {self.issuer.code} has no series for a {kind}. Add one.")
        return Check("book_missing", f"Issuer {self.issuer.code} has no book that takes a {kind}. Add one.")

    def _plan(self, draft: Candidate, document: Document, target: Target) -> PlannedDocument | list[Check]:
        book, chart = target.book, target.chart
        if chart is None:
            return [Check("chart_missing", f"Book {book.code}: there is no chart {book.chart}. Add it.")]
        known = registry.ledger(book.ledger).capabilities
        misfits = too_large_for(document, book, known)
        if misfits:
            return misfits
        record = resolve(document, chart, self._products)
        if not isinstance(record, DocumentRecord):
            return [_unmapped(book, gap) for gap in record]
        return PlannedDocument(
            book=book.code,
            document_id=draft.id,
            record=record,
            companions=self._companions(draft, document, chart),
            create_missing=create_missing_policy(book),
            takes=known.records,
            sort_key=draft.sort_key,
        )

    def _companions(
        self, draft: Candidate, document: Document, chart: Chart
    ) -> tuple[CustomerRecord | ItemRecord, ...]:
        payers = self._payers[draft.group]
        return records_for(
            document,
            chart=chart,
            parties=self._parties[draft.group],
            products=self._products,
            is_customer=lambda party, currency: (party, currency) in payers,
        )


def too_large_for(document: Document, book: Book, known: Capabilities) -> list[Check]:
    """What of the document its book has no room for."""
    found: list[Check] = []
    if known.number_length_max and len(document.number) > known.number_length_max:
        why = f"Book {book.code} takes numbers of at most {known.number_length_max} characters;"
        help_ = f" {document.number} is longer. Shorten the pattern of series {document.series}."
        found.append(Check("number_too_long", why + help_))
    if known.lines_max and len(document.lines) > known.lines_max:
        why = f"Book {book.code} takes at most {known.lines_max} lines, this has {len(document.lines)}."
        found.append(Check("too_many_lines", f"{why} Bill its entities apart."))
    return found


def _unmapped(book: Book, gap: Gap) -> Check:
    return Check(_CHECK_OF_GAP.get(gap.kind, f"unmapped_{gap.kind}"), f"Book {book.code}: {gap.sentence}")


def _out_of_order(series: Series, document_date: date, latest: date) -> Check:
    return Check(
        "chronology",
        f"Series {series.code} keeps its dates in order and has a document of {latest}; this one would be"
        f" dated {document_date}. Release it with a later date.",
    )
