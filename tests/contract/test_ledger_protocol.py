"""What every ledger promises, whatever its product: the same tests for each one in the registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import registry
from connectors.ledger_kind import LedgerKind
from connectors.protocols import Held, Outcome, Posted, ReadsNumbers
from tests.contract.ledger_benches import BENCHES, Bench


@pytest.fixture(params=registry.ledgers(), ids=lambda kind: kind.name)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    kind: LedgerKind = request.param
    with BENCHES[kind.name](tmp_path) as opened:
        yield opened


def posted(outcome: Outcome) -> Posted:
    assert isinstance(outcome, Posted), outcome
    return outcome


def held(found: Held | None) -> Held:
    assert found is not None
    return found


class TestPush:
    @pytest.mark.parametrize("kind", ["invoice", "credit_note"])
    def test_holds_the_document_afterwards(self, bench: Bench, kind: str) -> None:
        document = bench.invoice("INV-1") if kind == "invoice" else bench.credit_note("CN-1")

        done = posted(bench.ledger.push([document])[0])

        found = held(bench.reopened().find([document])[0])
        assert (found.ledger_id, found.lookup) == (done.ledger_id, document.lookup)
        assert found.live

    def test_answers_with_the_totals_it_holds(self, bench: Bench) -> None:
        document = bench.invoice("INV-1")

        done = posted(bench.ledger.push([document])[0])

        assert (done.lookup, done.net, done.gross) == ("INV-1", document.expect.net, document.expect.gross)

    def test_creates_nothing_new_under_a_used_key(self, bench: Bench) -> None:
        document = bench.invoice("INV-1")
        first = posted(bench.ledger.push([document])[0])

        for ledger in (bench.ledger, bench.reopened()):
            assert posted(ledger.push([document])[0]).ledger_id == first.ledger_id

    def test_answers_each_of_many_in_order(self, bench: Bench) -> None:
        numbers = [f"INV-{index}" for index in range(1, 6)]
        documents = [bench.invoice(number) for number in numbers]

        outcomes = [posted(one) for one in bench.ledger.push(documents, batch_key="B" * 32)]

        assert [one.lookup for one in outcomes] == numbers
        assert len({one.ledger_id for one in outcomes}) == len(numbers)

    def test_never_gives_a_used_number_to_another_document(self, bench: Bench) -> None:
        document, stranger = bench.invoice("INV-1"), bench.stranger("INV-1")
        first = posted(bench.ledger.push([stranger])[0])

        outcome = bench.ledger.push([document])[0]

        assert not isinstance(outcome, Posted)
        assert held(bench.ledger.find([document])[0]).ledger_id == first.ledger_id


class TestFind:
    def test_of_an_empty_book_is_nothing(self, bench: Bench) -> None:
        assert list(bench.ledger.find([bench.invoice("INV-1")])) == [None]

    def test_answers_by_number_with_marker_and_totals(self, bench: Bench) -> None:
        there, absent = bench.invoice("INV-1"), bench.invoice("INV-2")
        bench.ledger.push([there])

        nothing, something = bench.ledger.find([absent, there])

        found = held(something)
        assert nothing is None
        assert (found.marker, found.lookup) == (there.marker, "INV-1")
        assert found.currency == (there.expect.net.currency if there.expect.net else "")
        assert (found.net, found.gross) == (there.expect.net, there.expect.gross)
        assert (found.customer_id, found.lines) == (there.expect.customer_id, there.expect.lines)

    def test_never_takes_a_stranger_for_ours(self, bench: Bench) -> None:
        document = bench.invoice("INV-1")
        bench.ledger.push([bench.stranger("INV-1")])

        assert held(bench.ledger.find([document])[0]).marker != document.marker


class TestCheck:
    def test_finds_a_usable_book_and_knows_its_company_again(self, bench: Bench) -> None:
        before = bench.ledger.check()
        bench.ledger.push([bench.invoice("INV-1")])

        after = bench.reopened().check()

        assert before.problems == after.problems == ()
        assert before.company_id == after.company_id != ""


class TestNumbers:
    def test_behind_a_prefix_are_counted_not_sorted(self, bench: Bench) -> None:
        numbers = bench.ledger
        assert isinstance(numbers, ReadsNumbers)
        for number in ("INV-9", "INV-10", "INV-2"):
            bench.ledger.push([bench.invoice(number)])
        bench.ledger.push([bench.credit_note("CN-11")])

        highest = numbers.highest_numbers(["INV-", "CN-", "XX-"])

        assert dict(highest) == {"INV-": "INV-10", "CN-": "CN-11", "XX-": ""}
