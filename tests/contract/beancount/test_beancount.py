"""Beancount itself accepts every book of ours, and its balances are the documents' totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ledgers.beancount.grammar import ROOTS, is_account, kept
from connectors.protocols import Posted, ReadsBalances
from mappings.canonical.record import DocumentRecord
from tests.contract.beancount import oracle
from tests.unit.connectors.ledgers.beancount.documents import NAMES, ledger, record, shipment

RATES = {"EUR": "1", "USD": "0.921234567891", "JPY": "0.00612345", "KWD": "2.999999999999"}

any_text = st.text(max_size=40)
number = st.text(min_size=1, max_size=40).map(kept)
account_part = st.builds(
    str.__add__,
    st.characters(categories=("Lu", "Nd")),
    st.text(
        st.characters(categories=("Lu", "Ll", "Lt", "Lm", "Lo", "Nd"), include_characters="-"), max_size=12
    ),
)
accounts = st.builds(
    lambda root, parts: ":".join((root, *parts)),
    st.sampled_from(ROOTS),
    st.lists(account_part, min_size=1, max_size=3),
)


@st.composite
def documents(draw: st.DrawFn) -> list[DocumentRecord]:
    """Many documents of one book, as strange as they may be."""
    numbers = draw(st.lists(number, min_size=8, max_size=8, unique=True))
    names = {**NAMES, "8400": draw(accounts), "1776": draw(accounts)}
    assert all(is_account(name) for name in names.values() if ":" in name)
    return [draw(document(number, names)) for number in numbers]


@st.composite
def document(draw: st.DrawFn, number_text: str, names: dict[str, str]) -> DocumentRecord:
    currency = draw(st.sampled_from(sorted(RATES)))
    made = record(
        number_text,
        kind=draw(st.sampled_from(("invoice", "credit_note"))),
        currency=currency,
        rate=RATES[currency],
        nets=draw(st.lists(st.integers(-(10**9), 10**12), min_size=1, max_size=4)),
        percent=draw(st.sampled_from(("0", "7", "19", "8.875"))),
        payee=draw(any_text),
        description=draw(any_text),
        customer=draw(any_text),
        original=draw(any_text),
    )
    return replace(made, names=names)


def totals(of: Sequence[DocumentRecord]) -> dict[tuple[str, str], Decimal]:
    """What the accounts must hold, computed from the documents alone."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in of:
        sign = 1 if one.document.kind == "invoice" else -1
        signed = {"1400": one.document.gross, "8400": -one.document.net, "1776": -one.document.tax}
        for code, amount in signed.items():
            sums[one.names[code], one.document.currency] += sign * amount.decimal
    return {key: amount for key, amount in sums.items() if amount}


def posted(file: Path, of: Sequence[DocumentRecord]) -> ReadsBalances:
    by = ledger(file)
    outcomes = by.push([shipment(one, by) for one in of])
    assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes
    assert isinstance(by, ReadsBalances)
    return by


class TestBook:
    @settings(max_examples=12)
    @given(documents())
    def test_is_accepted_by_beancount_whatever_the_texts(self, of: list[DocumentRecord]) -> None:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "book.beancount"

            book = posted(file, of)

            assert oracle.complaints(file) == ""
            assert oracle.balances(file) == totals(of)
            ours = {(one.account, one.total.currency): one.total.decimal for one in book.balances()}
            assert {key: amount for key, amount in ours.items() if amount} == totals(of)

    def test_holds_every_document_under_its_own_texts(self, tmp_path: Path) -> None:
        strange = record(
            'INV "1"\\', payee='O\'Neil\n& Söhne; "AG" 株式会社', description='3 × "E5" {USD} #tag ^link'
        )

        posted(tmp_path / "book.beancount", [strange])

        assert oracle.complaints(tmp_path / "book.beancount") == ""

    def test_can_be_included_in_a_file_with_payments(self, tmp_path: Path) -> None:
        posted(tmp_path / "book.beancount", [record(nets=(10000,))])
        mine = tmp_path / "mine.beancount"
        mine.write_text(
            'include "book.beancount"\n'
            "1970-01-01 open Assets:Bank\n"
            '2026-02-20 * "Contoso Nordics AS" "Payment" ^INV-1\n'
            "  Assets:Bank  119.00 EUR\n"
            "  Assets:Receivable:Trade\n"
        )

        assert oracle.complaints(mine) == ""
        assert oracle.balances(mine)["Assets:Bank", "EUR"] == 119
