"""One document in two books, and a group of which one entity cannot be posted: nobody waits."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from connectors.errors import Refused
from tests.fakes.documents import a_customer, a_document, a_record
from tests.fakes.ledger import MemoryLedger
from tests.unit.worker.flows.conftest import BOOK, KINDS, Bench
from tests.unit.worker.flows.test_push import raising, success
from worker.flows.push import drain
from worker.store import lanes, planning
from worker.store.columns import new_id
from worker.store.deliveries import DELIVERY
from worker.store.planning import PlannedDocument

OTHER = replace(BOOK, code="DE-SECOND")


def planned(book: str, number: str, document_id: str, party: str = "ACME") -> PlannedDocument:
    return PlannedDocument(
        book=book,
        document_id=document_id,
        record=a_record(a_document(number, party=party)),
        companions=(a_customer(party),),
        create_missing="always",
        takes=KINDS,
        sort_key=number,
    )


class TestOneDocumentInTwoBooks:
    def test_has_two_deliveries_of_which_one_may_fail_alone(self, bench: Bench) -> None:
        """Row 82: separate keys, and partial success is visible."""
        document_id = new_id()
        with bench.store.write() as connection:
            lanes.ensure(connection, [OTHER.code])
            both = [planned(BOOK.code, "INV-1", document_id), planned(OTHER.code, "INV-1", document_id)]
            planning.plan(connection, both, now=bench.clock.now())
        failing = MemoryLedger(faults=[success, raising(Refused("no such tax code", code="2500"))])
        bench.drain_until_idle()
        drain(replace(bench.ports(), open_ledger=lambda _book: failing), OTHER, bench.timing)

        with bench.store.read() as connection:
            rows = connection.execute(select(DELIVERY).where(DELIVERY.c.kind == "invoice")).mappings().all()

        assert {row["book"]: row["state"] for row in rows} == {"DE-BOOK": "posted", "DE-SECOND": "parked"}
        assert len({row["key"] for row in rows}) == 2
        assert len({row["marker"] for row in rows}) == 2


class TestAGroupOfThreeEntities:
    def test_of_which_one_cannot_be_posted_has_the_others_posted(self, bench: Bench) -> None:
        """Row 83: no rollback of what is posted; the one that stopped is listed."""
        with bench.store.write() as connection:
            each = [planned(BOOK.code, f"INV-{party}", new_id(), party) for party in ("ONE", "TWO", "THREE")]
            planning.plan(connection, each, now=bench.clock.now())
        inactive = Refused("the customer is inactive", code="610", clears_by="customer_inactive")
        bench.ledger.faults = [success, success, success, raising(inactive)]

        bench.drain_until_idle()

        states = [state for number, state in bench.states().items() if number.startswith("INV-")]
        assert sorted(states) == ["blocked", "posted", "posted"]
        assert len(bench.ledger.documents()) == 2
