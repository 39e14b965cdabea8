"""What the demo shows between its acts: the books, the group as one picture, and one invoice explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.money import Money, minor_digits, to_money, zero
from mappings.canonical.party import FxRate, Party
from worker.billing.explain import explain
from worker.demo import scenario
from worker.demo.books import HeldBook
from worker.demo.claims import claim
from worker.demo.report import amount, count, figure
from worker.demo.stage import Stage
from worker.flows.overview import DocumentFacts

REPORT_CURRENCY = "EUR"


def show_books(stage: Stage, books: tuple[HeldBook, ...]) -> None:
    """Per book: documents, totals per currency and calls; and our own figures have to agree."""
    claim_equal(stage, books)
    names = {book.code: book for book in stage.app.books()}
    rows = []
    for book in books:
        made = str(stage.calls(book.code))
        for at, one in enumerate(book.totals()):
            first = (book.code, names[book.code].ledger) if at == 0 else ("", "")
            counts = str(one.invoices + one.credit_notes)
            figures = map(figure, (one.net, one.tax, one.gross))
            rows.append((*first, one.gross.currency, counts, *figures, made if at == 0 else ""))
    columns = ("book", "ledger", "currency", "documents", "net", "tax", "gross", "calls")
    stage.report.table(columns, rows, right=",".join(columns[3:]))
    stage.report.tell("Read from the books themselves; credit notes are subtracted, and our own sums agree.")


def claim_equal(stage: Stage, books: tuple[HeldBook, ...]) -> None:
    """The books hold exactly what we released, to the last minor unit."""
    ours = {facts.line.number: facts.line for facts in stage.released()}
    held = {one.number: one for book in books for one in book.documents}
    claim("the books hold the documents we released, and no others", ours.keys() == held.keys())
    wrong = sorted(
        number
        for number, line in ours.items()
        if (line.net, line.gross) != (held[number].net, held[number].gross)
    )
    claim(f"the books hold the amounts we released (different: {', '.join(wrong) or 'none'})", not wrong)


@dataclass
class _Operator:
    """What one operator was billed for so far, and to whom."""

    party: Party
    bill_to: set[str]
    net: Money


def show_group(stage: Stage) -> Money:
    """Every operator with what it cost so far, in its own currency and in one; returns the sum."""
    setup = stage.workspace().setup
    parties = {party.code: party for party in setup.parties}
    rates = _rates(setup.fx_rates)
    rows = []
    whole = zero(REPORT_CURRENCY)
    for one in _operators(stage.released(), parties):
        converted = _converted(one.net, rates)
        whole = whole + converted
        payers = ", ".join(_payer(code, one.party, parties) for code in sorted(one.bill_to))
        country = one.party.bill_to_address.country
        rows.append((one.party.name, country, payers, amount(one.net), figure(converted)))
    rows.append(("The group", "", "", "", figure(whole)))
    columns = ("operator", "in", "billed to", "net", f"net in {REPORT_CURRENCY}")
    stage.report.table(columns, rows, right=",".join(columns[3:]))
    return whole


def _payer(code: str, party: Party, parties: Mapping[str, Party]) -> str:
    return "itself" if code == party.code else parties[code].name


def _operators(released: Sequence[DocumentFacts], parties: Mapping[str, Party]) -> Iterator[_Operator]:
    found: dict[str, _Operator] = {}
    for facts in released:
        sign = -1 if facts.content.kind == "credit_note" else 1
        for section in facts.content.sections:
            party = parties[section.party]
            known = found.setdefault(party.code, _Operator(party, set(), zero(section.net.currency)))
            known.bill_to.add(facts.content.bill_to.code)
            known.net = known.net + Money(sign * section.net.minor, section.net.currency)
    yield from sorted(found.values(), key=lambda one: one.party.name)


def _rates(rates: Sequence[FxRate]) -> Mapping[str, Decimal]:
    """Currency -> newest rate to the currency of the group's picture."""
    newest = sorted((one for one in rates if one.home == REPORT_CURRENCY), key=lambda one: one.on)
    return {one.currency: Decimal(one.rate) for one in newest} | {REPORT_CURRENCY: Decimal(1)}


def _converted(money: Money, rates: Mapping[str, Decimal]) -> Money:
    exact = Fraction(money.minor, 10 ** minor_digits(money.currency)) * Fraction(rates[money.currency])
    return to_money(exact, REPORT_CURRENCY, "half_up")


def show_invoice(stage: Stage) -> str:
    """One invoice line by line with the steps of each amount; returns its number."""
    facts = next(
        one
        for one in stage.released()
        if (one.content.bill_to.code, one.content.document_date) == scenario.EXPLAINED
    )
    document, report = facts.content, stage.report
    report.tell(
        f"{document.number} of {document.document_date}, {document.issuer.legal_name} to "
        f"{document.bill_to.legal_name}, {count(len(document.sections), 'section')}"
    )
    section = ""
    for line in explain(document):
        if line.section != section:
            section = line.section
            report.tell(f"[{section}]")
        report.tell(f"  {amount(line.net):>16}  {line.description}, {line.service}")
        for step in line.steps:
            report.tell(f"{'':20}{step}")
    for tax in document.taxes:
        report.tell(f"  {amount(tax.tax):>16}  tax {tax.code}, {tax.percent:f} % of {amount(tax.base)}")
    report.tell(f"  {amount(document.gross):>16}  to pay by {document.due_date}")
    return document.number
