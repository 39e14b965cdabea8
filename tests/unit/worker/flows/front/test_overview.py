"""What people look at: counts, lists and single things, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.protocols import Token
from mappings.canonical.money import Money
from mappings.canonical.workspace import Workspace
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import BOOK, SETUP
from worker.flows import overview
from worker.flows.overview import DeliveryFilter, DocumentFilter
from worker.store import lanes, metering
from worker.store.tokens import BookTokens
from worker.store.vault import new_key, parse_keys


@pytest.fixture
def released(front: Front) -> Front:
    """Three documents, released and due in the book."""
    front.bill()
    front.release()
    return front


class TestStatus:
    def test_says_in_one_sentence_where_the_documents_are(self, released: Front) -> None:
        found = overview.status(released.ports)

        assert found.sentence == "0 of 3 released documents are in their books; 3 are on the way."
        assert found.last_run["sentence"].startswith("3 active subscriptions")

    def test_counts_drafts_before_their_release(self, front: Front) -> None:
        front.bill()

        assert overview.status(front.ports).drafts == 3

    def test_of_an_empty_database_is_no_error(self, front: Front) -> None:
        assert overview.status(front.ports).sentence == "0 of 0 released documents are in their books."


class TestBooks:
    def test_show_their_documents_by_state(self, released: Front) -> None:
        (book,) = overview.books(released.ports)

        assert (book.code, dict(book.documents), book.posted) == ("US-BOOK", {"due": 3}, ())


class TestDocuments:
    def test_are_filtered_and_counted(self, released: Front) -> None:
        wanted = DocumentFilter(states=("released",), book="US-BOOK")

        lines, total = overview.documents(released.ports, wanted, limit=2)

        assert (len(lines), total) == (2, 3)
        assert overview.documents(released.ports, DocumentFilter(bill_to="NONE"), limit=2) == ((), 0)

    @pytest.mark.parametrize("by", ["id", "ref", "number"])
    def test_are_found_by_each_of_their_names(self, released: Front, by: str) -> None:
        (first, *_), _ = overview.documents(released.ports, DocumentFilter(), limit=10)

        found = overview.document(released.ports, getattr(first, by))

        assert found.line == first
        assert found.content.gross == first.gross
        assert found.deliveries[0].gross == first.gross

    @pytest.mark.parametrize("name", ["", "NONE", "'; DROP TABLE document; --", "0197c0de"])
    def test_of_no_such_name_are_unknown(self, released: Front, name: str) -> None:
        with pytest.raises(overview.UnknownDocument):
            overview.document(released.ports, name)


class TestDeliveries:
    def test_are_listed_with_what_they_carry(self, released: Front) -> None:
        lines, total = overview.deliveries(
            released.ports, DeliveryFilter(states=("due",), kinds=("invoice",)), limit=10
        )

        assert total == len(lines) == 3
        assert sum((line.gross.minor for line in lines if line.gross), 0) == Money(20000, "USD").minor

    def test_are_found_by_the_number_of_their_document(self, released: Front) -> None:
        (first, *_), _ = overview.deliveries(released.ports, DeliveryFilter(), limit=10)

        found = overview.delivery(released.ports, first.number)

        assert (found.line, found.attempts) == (first, ())

    def test_of_no_such_name_are_unknown(self, released: Front) -> None:
        with pytest.raises(overview.UnknownDelivery):
            overview.delivery(released.ports, "NONE")


class TestConsent:
    def test_that_ends_soon_shows_until_it_is_lost(self, front: Front) -> None:
        now, vault = front.clock.now(), parse_keys(new_key("k"))
        tokens = BookTokens(front.store, lambda: vault, front.clock, "US-BOOK")
        soon = now + timedelta(days=5)
        tokens.save(Token("access", "refresh", now, now + timedelta(days=100), soon), expected_version=0)

        (warned,) = overview.status(front.ports).consent
        with front.store.write() as connection:
            lanes.pause(connection, "US-BOOK", reason="consent_lost", why="withdrawn")

        assert (warned.book, warned.ends_at, warned.is_urgent) == ("US-BOOK", soon, True)
        assert overview.status(front.ports).consent == ()


QUICKBOOKS = replace(BOOK, ledger="quickbooks", settings={"client_id": "app-1"})


class TestMeteredReads:
    @pytest.fixture(autouse=True)
    def metered(self, front: Front) -> None:
        """The book is one whose reads cost money."""
        front.load(Workspace(replace(SETUP, books=(QUICKBOOKS,))))
        with front.store.write() as connection:
            lanes.ensure(connection, [QUICKBOOKS.code])

    def test_are_told_before_the_budget_is_spent(self, front: Front) -> None:
        with front.store.write() as connection:
            metering.count_reads(connection, "US-BOOK", 400_000, now=front.clock.now())

        (warned,) = overview.status(front.ports).metered_reads

        assert (warned.code, warned.budget) == ("reads_budget_low", 500_000)
        assert "US-BOOK" in warned.sentence

    def test_are_nobodys_news_in_the_next_month(self, front: Front) -> None:
        with front.store.write() as connection:
            metering.count_reads(connection, "US-BOOK", 600_000, now=front.clock.now())
        front.clock.advance(timedelta(days=31).total_seconds())

        assert overview.status(front.ports).metered_reads == ()
