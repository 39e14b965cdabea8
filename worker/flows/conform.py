"""Trying a ledger by the conformance kit: on its practice book, or on a book of the installation.

Protects: a trial writes some forty documents, so a book that holds documents of ours is never tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from connectors import registry
from connectors.conformance import suite
from connectors.conformance.own_book import OwnBook
from connectors.conformance.row import Result, Row
from connectors.conformance.rows import ROWS
from connectors.conformance.safeties import Safety, safeties
from connectors.conformance.stage import Ground, Stage
from connectors.conformance.trial import Trial
from connectors.protocols import Clock, Ledger, TokenStore
from mappings.canonical.book import Book, Chart
from mappings.canonical.party import Issuer
from mappings.canonical.record import Reference
from mappings.canonical.workspace import Setup
from mappings.chart import names_of
from worker.flows.ports import Ports
from worker.store import deliveries, references, setup

TellsRow = Callable[[int, int], None]


class BookInUse(Exception):
    """The book holds documents of ours: a trial would put its own among them."""


class UnknownRow(ValueError):
    """There is no row of this name."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial showed. `book` is "" for the ledger's practice book."""

    ledger: str
    title: str
    book: str
    results: tuple[Result, ...]
    has: tuple[str, ...]
    lacks: tuple[str, ...]
    safeties: tuple[Safety, ...]

    @property
    def is_conform(self) -> bool:
        return not any(one.verdict == "failed" for one in self.results)


def chosen(names: Iterable[str]) -> tuple[Row, ...]:
    """The rows of these names, in the kit's order; none named = every row. Raises `UnknownRow`."""
    wanted = frozenset(names)
    unknown = wanted - {row.name for row in ROWS}
    if unknown:
        raise UnknownRow(f"There is no row {', '.join(sorted(unknown))}.")
    return tuple(row for row in ROWS if not wanted or row.name in wanted)


def practice(ledger: str, *, folder: Path, clock: Clock, rows: Sequence[Row], tell: TellsRow) -> Report:
    """Try a ledger on a practice book of its own in an empty folder. Raises `UnknownLedger`."""
    kind = registry.ledger(ledger)
    with kind.stage(folder, clock=clock) as stage:
        return tried(stage, ledger, clock=clock, rows=rows, tell=tell)


def own_book(
    ports: Ports,
    book: Book,
    *,
    open_session: Callable[[TokenStore | None], Ledger],
    tokens: TokenStore | None,
) -> OwnBook:
    """A book of the installation as a stage; nothing is written yet. Raises `BookInUse`."""
    with ports.store.read() as connection:
        if deliveries.has_any(connection, book.code):
            raise BookInUse(f"book {book.code} has documents of yours, and a trial writes its own into it")
        known = setup.load_setup(connection)
        bound = references.bound(connection, (book.code,))[book.code]
    ground = ground_of(known, book, bound, on=ports.clock.now().date())
    return OwnBook(ground, open_session=open_session, tokens=tokens, clock=ports.clock)


def tried(stage: Stage, ledger: str, *, clock: Clock, rows: Sequence[Row], tell: TellsRow) -> Report:
    """Run rows on a stage of a ledger and put together what they showed."""
    kind = registry.ledger(ledger)
    results: list[Result] = []
    tell(0, len(rows))
    for result in suite.run(Trial(stage, clock=clock), rows):
        results.append(result)
        tell(len(results), len(rows))
    has = registry.abilities(kind)
    return Report(
        ledger=kind.name,
        title=kind.title,
        book="" if stage.is_practice else stage.ground.book.code,
        results=tuple(results),
        has=has,
        lacks=tuple(one for one in registry.every_ability() if one not in has),
        safeties=safeties(kind.capabilities),
    )


def ground_of(known: Setup, book: Book, bound: Mapping[Reference, str], *, on: date) -> Ground:
    """What the kit's documents stand on in a book: accounts, tax code and rate as its issuer uses them."""
    issuer = next(one for one in known.issuers if one.code == book.issuer)
    chart = next(one for one in known.charts if one.code == book.chart)
    rule = next((one for one in chart.rules if one.product in ("", "*")), chart.rules[0])
    ours = issuer.domestic_tax_code
    foreign = sorted({one.currency for one in known.price_lists} - {book.home_currency})
    return Ground(
        book=book,
        day=on,
        address=issuer.address,
        revenue_account=rule.revenue_account,
        receivable_account=chart.receivable_account,
        tax_account=chart.tax_account,
        rounding_account=chart.rounding_account,
        tax_code=chart.tax_codes.get(ours, ""),
        tax_percent=_percent(issuer, ours, on),
        untaxed_code=_untaxed(issuer, chart, on),
        foreign_currency=foreign[0] if foreign else "",
        names=names_of(chart),
        bound=bound,
    )


def _percent(issuer: Issuer, code: str, on: date) -> Decimal:
    for rate in issuer.tax_rates:
        is_due = (rate.from_ is None or rate.from_ <= on) and (rate.until is None or on < rate.until)
        if rate.code == code and is_due:
            return Decimal(rate.percent)
    return Decimal(0)


def _untaxed(issuer: Issuer, chart: Chart, on: date) -> str:
    """The chart's code for lines without tax: what exports or exempt sales get, if that is no tax."""
    for code in (issuer.export_tax_code, issuer.exempt_tax_code):
        if code in chart.tax_codes and not _percent(issuer, code, on):
            return chart.tax_codes[code]
    return ""
