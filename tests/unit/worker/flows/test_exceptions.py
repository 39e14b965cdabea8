"""Failures by cause, and what goes on by itself once its cause is gone."""

from __future__ import annotations

from connectors.errors import Refused
from mappings.canonical.money import Money
from mappings.canonical.record import Reference
from tests.unit.worker.flows.conftest import BOOK, Bench
from tests.unit.worker.flows.test_push import raising, success
from worker.flows import exceptions
from worker.flows.exceptions import Cause
from worker.store import freeing, references
from worker.store.freeing import Freed
from worker.store.stopped import Wanted


def causes(bench: Bench) -> tuple[Cause, ...]:
    return exceptions.causes(bench.ports(), Wanted())


def link(bench: Bench, reference: Reference, ledger_id: str) -> Freed:
    """A person says which record of the book is ours."""
    with bench.store.write() as connection:
        references.bind(connection, BOOK.code, reference, ledger_id=ledger_id, version="", origin="mapping")
        return freeing.free_bound(connection, now=bench.clock.now())


CUSTOMER = Reference("customer", "ACME/EUR")


class TestCauses:
    def test_are_one_group_with_count_value_and_what_is_missing(self, bench: Bench) -> None:
        bench.plan(*(f"INV-{n}" for n in range(37)), create_missing="never")

        (cause,) = causes(bench)

        assert (cause.reason, cause.kind, cause.count) == ("target_missing", "invoice", 37)
        assert cause.gross == (Money(37 * 11900, "EUR"),)
        assert cause.missing == ("customer ACME/EUR",)
        assert "37 invoices wait: book DE-BOOK has no customer ACME/EUR" in cause.sentence
        assert "mapping suggest" in cause.next_step

    def test_of_different_kinds_and_codes_stand_apart(self, bench: Bench) -> None:
        bench.plan("INV-1", "INV-2")
        bench.ledger.faults = [
            success,
            raising(Refused("no such tax code", code="2500")),
            raising(Refused("bad rate", code="2080")),
        ]
        bench.drain_until_idle()

        assert sorted(cause.reason for cause in causes(bench)) == ["2080", "2500"]

    def test_of_a_customer_tell_what_it_blocks(self, bench: Bench) -> None:
        """Fix one customer first: it blocks twelve invoices."""
        bench.plan(*(f"INV-{n}" for n in range(12)))
        bench.ledger.faults = [raising(Refused("a bad name", code="2040"))]
        bench.drain_until_idle()

        (cause,) = causes(bench)

        assert (cause.kind, cause.count, cause.blocks) == ("customer", 1, 12)
        assert cause.blocked_gross == (Money(12 * 11900, "EUR"),)


class TestALinkedRecord:
    def test_lets_every_delivery_it_blocked_go_on_by_itself(self, bench: Bench) -> None:
        bench.plan("INV-1", "INV-2", create_missing="never")

        freed = link(bench, CUSTOMER, "101")
        bench.drain_until_idle()

        assert freed.due == ("INV-1", "INV-2") or freed.due == ("INV-2", "INV-1")
        assert sorted(bench.ledger.documents()) == ["INV-1", "INV-2"]
        assert causes(bench) == ()

    def test_frees_nothing_that_lacks_something_else(self, bench: Bench) -> None:
        bench.plan("INV-1", create_missing="never")

        freed = link(bench, Reference("item", "OTHER"), "7")

        assert freed.is_empty
        assert bench.states() == {"INV-1": "parked"}

    def test_is_never_created_as_well(self, bench: Bench) -> None:
        """Row 69: the customer was to be created; a person linked the one that is there."""
        bench.plan("INV-1")

        freed = link(bench, CUSTOMER, "101")
        bench.drain_until_idle()

        assert freed.adopted == ("ACME/EUR",)
        assert [shipment.kind for shipment, _ in bench.ledger.records] == ["invoice"]
        assert bench.states() == {"ACME/EUR": "posted", "INV-1": "posted"}

    def test_ends_a_parked_customer_whose_name_was_taken(self, bench: Bench) -> None:
        """Row 69."""
        bench.plan("INV-1")
        bench.ledger.faults = [raising(Refused("name in use", code="6240"))]
        bench.drain_until_idle()
        assert bench.states() == {"ACME/EUR": "parked", "INV-1": "planned"}

        link(bench, CUSTOMER, "101")
        bench.drain_until_idle()

        assert bench.states() == {"ACME/EUR": "posted", "INV-1": "posted"}
        assert bench.row("ACME/EUR")["ledger_id"] == "101"
