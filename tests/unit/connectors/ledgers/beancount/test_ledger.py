"""One Beancount book as a ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.errors import Conflict, Refused
from connectors.protocols import Balance, Held, Ledger, Posted, ReadsBalances
from mappings.canonical.money import Money
from mappings.canonical.record import ItemRecord
from tests.unit.connectors.ledgers.beancount.documents import ledger, record, shipment


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "book.beancount"


@pytest.fixture
def book(file: Path) -> Ledger:
    return ledger(file)


class TestPush:
    def test_writes_many_in_one_append_with_one_outcome_each(self, book: Ledger, file: Path) -> None:
        shipments = [shipment(record(f"INV-{index}"), book) for index in range(3)]

        outcomes = book.push(shipments)

        assert [outcome.lookup for outcome in outcomes if isinstance(outcome, Posted)] == [
            "INV-0",
            "INV-1",
            "INV-2",
        ]
        assert file.read_text().count("open Income:Licences") == 1

    def test_answers_a_repeat_with_what_is_there(self, book: Ledger, file: Path) -> None:
        sent = [shipment(record(), book)]
        first, text = book.push(sent), file.read_text()

        assert list(book.push([*sent, *sent])) == [*first, *first]
        assert list(ledger(file).push(sent)) == list(first)
        assert file.read_text() == text

    def test_never_gives_a_number_to_a_second_document(self, book: Ledger) -> None:
        ours = shipment(record(), book)
        other_marker = "ZZZZZZZZZZZZZZZZZZZZ"
        stranger = replace(
            ours, marker=other_marker, body=book.render(record(), marker=other_marker, bound={}).body
        )

        outcomes = book.push([stranger, ours])

        assert isinstance(outcomes[0], Posted)
        assert isinstance(outcomes[1], Conflict)

    def test_refuses_bytes_that_are_not_the_document(self, book: Ledger, file: Path) -> None:
        sent = shipment(record(), book)
        altered = replace(sent, body=sent.body.replace(b"100.80", b"100.81"))

        (outcome,) = book.push([altered])

        assert isinstance(outcome, Refused)
        assert outcome.code == "bytes_do_not_fit"
        assert file.read_bytes() == b""

    def test_keeps_the_good_ones_beside_a_bad_one(self, book: Ledger) -> None:
        good, bad = shipment(record("INV-1"), book), shipment(record("INV-2"), book)

        outcomes = book.push([replace(bad, body=b"\n"), good])

        assert [type(outcome) for outcome in outcomes] == [Refused, Posted]
        assert book.find([bad, good])[0] is None


class TestFind:
    def test_answers_with_the_document(self, book: Ledger) -> None:
        sent = shipment(record(), book)
        (posted,) = book.push([sent])
        assert isinstance(posted, Posted)

        (held,) = book.find([sent])

        assert held == Held(
            ledger_id=sent.marker,
            version=posted.version,
            lookup="INV-1",
            marker=sent.marker,
            currency="EUR",
            customer_id="NORDICS/EUR",
            net=sent.expect.net,
            gross=sent.expect.gross,
            lines=2,
        )

    def test_of_a_book_that_is_not_there_yet_is_nothing(self, book: Ledger, file: Path) -> None:
        assert book.find([shipment(record(), book)]) == [None]
        assert not file.exists()

    def test_sees_what_another_session_wrote(self, book: Ledger, file: Path) -> None:
        sent = shipment(record(), book)
        assert book.find([sent]) == [None]

        ledger(file).push([sent])

        assert book.find([sent]) != [None]


class TestCheck:
    def test_of_a_new_book_is_fine(self, book: Ledger) -> None:
        state = book.check()

        assert state.problems == ()
        assert state.home_currency == "EUR"

    def test_names_a_missing_folder(self, tmp_path: Path) -> None:
        (problem,) = ledger(tmp_path / "none" / "book.beancount").check().problems

        assert f"there is no folder {tmp_path / 'none'}" in problem


class TestRender:
    def test_refuses_what_is_not_a_document(self, book: Ledger) -> None:
        with pytest.raises(Refused, match="holds invoices and credit notes only"):
            book.render(ItemRecord("M365", "Microsoft 365", "", "8400"), marker="M", bound={})


class TestBalances:
    def test_are_kept_per_account_and_currency(self, book: Ledger) -> None:
        book.push(
            [
                shipment(record("INV-1", nets=(10000,)), book),
                shipment(record("CN-1", kind="credit_note", nets=(4000,)), book),
                shipment(record("INV-2", nets=(500,), currency="JPY", rate="0.0061"), book),
            ]
        )
        assert isinstance(book, ReadsBalances)

        assert book.balances() == (
            Balance("Assets:Receivable:Trade", Money(7140, "EUR")),
            Balance("Assets:Receivable:Trade", Money(595, "JPY")),
            Balance("Income:Licences", Money(-6000, "EUR")),
            Balance("Income:Licences", Money(-500, "JPY")),
            Balance("Liabilities:VAT", Money(-1140, "EUR")),
            Balance("Liabilities:VAT", Money(-95, "JPY")),
        )

    def test_can_be_looked_at_in_fava(self, book: Ledger, file: Path) -> None:
        assert isinstance(book, ReadsBalances)

        assert book.view_command().endswith(f"fava {file}")
