"""A document's tax totals as amounts of its lines (pure): Xero keeps tax per line, and ours must add up."""

from __future__ import annotations

from fractions import Fraction

from mappings.canonical.document import Document, Line, TaxTotal
from mappings.canonical.money import Money, apportion


def tax_amounts(document: Document) -> tuple[Money | None, ...]:
    """Our tax of each line, in order; None where the ledger sets it.

    Each total is divided over its own lines by their exact tax, so that Xero's sum is ours to the last cent
    (it would round each line and add; a `TaxAmount` overrides that: ledgers.md 1.3).
    """
    lines = document.lines
    if document.tax_mode != "ours":
        return (None,) * len(lines)
    shares = [Money(0, document.currency)] * len(lines)
    for tax in document.taxes:
        places = [place for place, line in enumerate(lines) if _is_of(line, tax)]
        for place, share in zip(places, _split(tax, [lines[place] for place in places]), strict=True):
            shares[place] = Money(share, document.currency)
    if sum(share.minor for share in shares) != document.tax.minor:
        raise ValueError(f"document {document.ref}: the tax of its lines is not its tax {document.tax}")
    return tuple(shares)


def _is_of(line: Line, tax: TaxTotal) -> bool:
    mine = (line.tax_code, line.tax_percent, line.tax_treatment, line.tax_reason)
    return mine == (tax.code, tax.percent, tax.treatment, tax.reason)


def _split(tax: TaxTotal, lines: list[Line]) -> tuple[int, ...]:
    if not lines:
        return ()
    exact = [Fraction(line.net.minor) * Fraction(tax.percent) / 100 for line in lines]
    return apportion(tax.tax.minor, exact)
