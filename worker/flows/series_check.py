"""Numbers that a book has already: a series at or below them would give them a second time.

A book that had documents before us, or gets some by hand, may be ahead of our count (billing rules,
"Cut-over": series).
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from connectors import registry
from connectors.protocols import Ledger, ReadsNumbers
from mappings.canonical.book import Book
from mappings.canonical.party import Series
from mappings.numbering import highest_in, next_number, prefixes, render, reset_key
from worker.flows.ports import Ports
from worker.store import metering, releasing, setup

READS_EACH = 2
"""A ledger needs at most two reads to find the highest number behind a prefix."""


def series_problems(ports: Ports, book: Book, ledger: Ledger) -> tuple[str, ...]:
    """One sentence for each series of the book whose next number is not above all that the book has.

    Raises a `ConnectorError` when the book cannot be asked.
    """
    if not isinstance(ledger, ReadsNumbers):
        return ()
    with ports.store.read() as connection:
        issuers = {one.code: one for one in setup.load_shared(connection).issuers}
        ours = releasing.next_numbers(connection, book.issuer)
    issuer = issuers.get(book.issuer)
    if issuer is None:
        return ()
    on = ports.clock.now().astimezone(ZoneInfo(issuer.timezone)).date()
    given = [one for one in issuer.series if one.book in ("", book.code)]
    wanted = tuple(dict.fromkeys(prefix for series in given for prefix in prefixes(series, on=on)))
    if not wanted:
        return ()
    if registry.ledger(book.ledger).capabilities.metered_reads:
        reads = READS_EACH * len(wanted)
        now = ports.clock.now()
        ports.store.transact(lambda connection: metering.count_reads(connection, book.code, reads, now=now))
    found = ledger.highest_numbers(wanted)
    problems = []
    for series in given:
        highest = highest_in(series, found.values(), on=on)
        following = max(ours.get((series.code, reset_key(series, on=on)), 0), series.first_number)
        if highest is not None and highest >= following:
            problems.append(_behind(series, highest, following, book, on))
    return tuple(problems)


def _behind(series: Series, highest: int, following: int, book: Book, on: date) -> str:
    held, ours = render(series, highest, on=on), render(series, following, on=on)
    return (
        f"book {book.code} has number {held} already, and series {series.code} would go on with {ours}. Set"
        f" first_number of the series to {next_number(series, highest=highest)} or more."
    )
