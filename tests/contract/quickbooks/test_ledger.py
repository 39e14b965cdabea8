"""The QuickBooks ledger against the strict simulator: creating, finding, batches, echoes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.errors import Conflict, OutcomeUnknown, Refused, Throttled
from connectors.ledgers.quickbooks.simulator import Fault
from connectors.protocols import Held, Posted
from mappings.canonical.money import Money
from mappings.canonical.record import Reference
from tests.contract.quickbooks.opened import GB, US, Opened, one, opened, posted
from tests.unit.connectors.ledgers.quickbooks import records as make


@pytest.fixture
def us() -> Iterator[Opened]:
    with opened(US) as company:
        yield company


@pytest.fixture
def gb() -> Iterator[Opened]:
    with opened(GB) as company:
        yield company


class TestCreate:
    def test_puts_customer_item_and_document_into_the_books(self, us: Opened) -> None:
        (customer,) = posted(us.ledger.push([us.shipment(make.customer())]))
        (item,) = posted(us.ledger.push([us.shipment(make.item())]))
        bound = {
            Reference("customer", "ACME/USD"): customer.ledger_id,
            Reference("item", "M365"): item.ledger_id,
        }
        shipment = us.shipment(make.document(), bound=bound)

        (document,) = posted(us.ledger.push([shipment]))

        assert document.lookup == "INV-2026-00001"
        assert (document.net, document.gross) == (shipment.expect.net, shipment.expect.gross)
        assert document.trace_id

    def test_of_a_sub_customer_stands_below_its_parent(self, us: Opened) -> None:
        (parent,) = posted(us.ledger.push([us.shipment(make.customer())]))
        bound = {Reference("customer", "ACME/USD"): parent.ledger_id}
        child = us.shipment(make.customer("WEST/USD", name="Acme West", parent="ACME/USD"), bound=bound)

        posted(us.ledger.push([child]))

        assert one(us.ledger.find([child])).marker == child.marker

    def test_under_a_used_key_answers_the_same_and_creates_nothing(self, us: Opened) -> None:
        shipment = us.shipment(make.document())

        first, again = one(us.ledger.push([shipment])), one(us.ledger.push([shipment]))

        assert replace(first, trace_id="") == replace(again, trace_id="")
        assert us.documents() == 1

    def test_of_a_credit_note_echoes_its_totals(self, us: Opened) -> None:
        shipment = us.shipment(
            make.document("CN-1", kind="credit_note", lines=[[make.line(original="INV-1")]])
        )

        (done,) = posted(us.ledger.push([shipment]))

        assert (done.net, done.gross) == (Money(12000, "USD"), Money(13200, "USD"))
        assert us.documents("CreditMemo") == 1

    @pytest.mark.parametrize(
        "lines", [[[make.line()], [make.line()]], [[make.line(33, quantity="3", unit_price="0.11")]]]
    )
    def test_of_sections_and_odd_amounts_keeps_net_and_line_count(self, us: Opened, lines: object) -> None:
        shipment = us.shipment(make.document(lines=lines, class_="EMEA"))  # type: ignore[arg-type]  # as given

        posted(us.ledger.push([shipment]))
        held = one(us.ledger.find([shipment]))

        assert (held.net, held.lines) == (shipment.expect.net, shipment.expect.lines)

    def test_in_a_foreign_currency_keeps_currency_and_total(self, us: Opened) -> None:
        record = make.document(currency="EUR", rate="1.0834", lines=[[make.line(currency="EUR")]])

        (done,) = posted(us.ledger.push([us.shipment(record)]))

        assert done.gross == Money(13200, "EUR")

    def test_outside_the_us_lets_the_company_s_code_set_the_tax(self, gb: Opened) -> None:
        record = make.document(
            "UK-1", currency="GBP", home_currency="GBP", lines=[[make.line(currency="GBP", percent="20")]]
        )
        shipment = gb.shipment(record)

        (done,) = posted(gb.ledger.push([shipment]))

        assert (done.net, done.gross) == (Money(12000, "GBP"), Money(14400, "GBP"))
        assert done.gross == shipment.expect.gross

    def test_leaves_the_tax_to_the_us_ledger_where_asked(self, us: Opened) -> None:
        (done,) = posted(us.ledger.push([us.shipment(make.document(tax_mode="ledger"))]))

        assert done.net == Money(12000, "USD")
        assert done.gross == Money(13095, "USD")


class TestNumberHeldByAStranger:
    def test_is_a_conflict_and_the_find_shows_no_marker_of_ours(self, us: Opened) -> None:
        us.human().create_invoice(number="INV-2026-00001", customer="101", amount=Decimal(7))
        shipment = us.shipment(make.document())

        outcome = one(us.ledger.push([shipment]))
        held = one(us.ledger.find([shipment]))

        assert (type(outcome), outcome.code) == (Conflict, "6140")
        assert (held.marker, held.gross, held.live) == ("", Money(700, "USD"), True)

    def test_may_be_a_name_of_a_vendor(self, us: Opened) -> None:
        shipment = us.shipment(make.customer(name="Shared Name Ltd"))

        outcome = one(us.ledger.push([shipment]))

        assert (type(outcome), outcome.code) == (Conflict, "6240")
        assert one(us.ledger.find([shipment])) == Held("201", "0", "Shared Name Ltd", "")


class TestFind:
    def test_sees_what_was_posted_although_the_answer_was_lost(self, us: Opened) -> None:
        shipment = us.shipment(make.document())
        us.misbehave(Fault("commit_then_drop", entity="invoice"))

        with pytest.raises(OutcomeUnknown):
            us.ledger.push([shipment])
        held = one(us.ledger.find([shipment]))

        assert (held.marker, held.net, held.gross, held.customer_id, held.lines, held.live) == (
            shipment.marker,
            shipment.expect.net,
            shipment.expect.gross,
            shipment.expect.customer_id,
            1,
            True,
        )

    def test_sees_nothing_when_nothing_was_committed(self, us: Opened) -> None:
        shipment = us.shipment(make.document())
        us.misbehave(Fault("drop_before_commit", entity="invoice"))

        with pytest.raises(OutcomeUnknown):
            us.ledger.push([shipment])

        assert one(us.ledger.find([shipment])) is None
        posted(us.ledger.push([shipment]))
        assert us.documents() == 1

    def test_answers_in_order_for_kinds_and_gaps(self, us: Opened) -> None:
        customer = us.shipment(make.customer())
        item = us.shipment(make.item())
        invoice = us.shipment(make.document())
        credit_note = us.shipment(make.document(kind="credit_note"))
        absent = us.shipment(make.document("INV-404"))
        for shipment in (credit_note, invoice, item, customer):
            posted(us.ledger.push([shipment]))

        found = us.ledger.find([absent, customer, credit_note, item, invoice])

        assert [held and held.marker for held in found] == [
            None,
            customer.marker,
            credit_note.marker,
            item.marker,
            invoice.marker,
        ]

    def test_asks_once_for_fifty_numbers(self, us: Opened) -> None:
        shipments = [us.shipment(make.document(f"INV-{n}")) for n in range(50)]

        assert us.ledger.find(shipments) == (None,) * 50
        assert us.calls("reads") == 1

    @pytest.mark.parametrize(
        "name", ["O'Neil & Söhne", "Back\\slash", 'Quote "x"', "日本電信電話", "50 % Ltd"]
    )
    def test_asks_for_any_name(self, us: Opened, name: str) -> None:
        shipment = us.shipment(make.customer(name=name))

        posted(us.ledger.push([shipment]))

        assert one(us.ledger.find([shipment])).marker == shipment.marker

    def test_knows_a_voided_document_by_its_marker(self, us: Opened) -> None:
        shipment = us.shipment(make.document())
        (done,) = posted(us.ledger.push([shipment]))
        us.human().void("Invoice", done.ledger_id)

        held = one(us.ledger.find([shipment]))

        assert (held.marker, held.live, held.gross) == (shipment.marker, False, Money(0, "USD"))

    def test_knows_a_customer_that_was_made_inactive(self, us: Opened) -> None:
        shipment = us.shipment(make.customer())
        (done,) = posted(us.ledger.push([shipment]))
        us.human().deactivate("Customer", done.ledger_id)

        held = one(us.ledger.find([shipment]))

        assert (held.ledger_id, held.marker, held.live) == (done.ledger_id, shipment.marker, False)


class TestBatch:
    def test_posts_thirty_in_one_call_in_order(self, us: Opened) -> None:
        shipments = [us.shipment(make.document(f"INV-{n:03}")) for n in range(30)]

        done = posted(us.ledger.push(shipments, batch_key="b" * 32))

        assert [each.lookup for each in done] == [shipment.lookup for shipment in shipments]
        assert us.calls("batches") == 1

    def test_gives_each_shipment_its_own_outcome(self, us: Opened) -> None:
        us.human().create_invoice(number="TAKEN", customer="101", amount=Decimal(7))
        good, taken, unknown = (
            us.shipment(make.document("INV-1")),
            us.shipment(make.document("TAKEN")),
            us.shipment(make.document("INV-2"), bound={Reference("item", "M365"): "999999"}),
        )

        outcomes = us.ledger.push([good, taken, unknown], batch_key="b1")

        assert [type(each) for each in outcomes] == [Posted, Conflict, Refused]

    def test_of_all_kinds_goes_in_one(self, us: Opened) -> None:
        shipments = [
            us.shipment(make.document()),
            us.shipment(make.document(kind="credit_note")),
            us.shipment(make.customer()),
            us.shipment(make.item()),
        ]

        posted(us.ledger.push(shipments, batch_key="b2"))

    @pytest.mark.parametrize(
        ("fault", "word"),
        [
            ("batch_item_missing", OutcomeUnknown),
            ("batch_item_throttled", Throttled),
            ("batch_item_fault", Refused),
        ],
    )
    def test_with_a_bad_item_spoils_no_other(self, us: Opened, fault: str, word: type[Exception]) -> None:
        us.misbehave(Fault(fault, index=1))  # type: ignore[arg-type]  # a name of the simulator's list
        shipments = [us.shipment(make.document(f"INV-{n}")) for n in range(3)]

        outcomes = us.ledger.push(shipments, batch_key="b3")

        assert [type(each) for each in outcomes] == [Posted, word, Posted]

    def test_whose_answer_was_lost_is_unknown_for_all_and_found_by_one_read(self, us: Opened) -> None:
        us.misbehave(Fault("commit_then_drop", entity="batch"))
        shipments = [us.shipment(make.document(f"INV-{n}")) for n in range(5)]

        with pytest.raises(OutcomeUnknown):
            us.ledger.push(shipments, batch_key="b4")
        before = us.calls("reads")
        found = us.ledger.find(shipments)

        assert [held and held.marker for held in found] == [one.marker for one in shipments]
        assert us.calls("reads") == before + 1

    def test_takes_no_more_than_thirty_and_needs_a_key(self, us: Opened) -> None:
        shipments = [us.shipment(make.document(f"INV-{n}")) for n in range(31)]

        for sent, key in ((shipments, "b"), (shipments[:2], "")):
            with pytest.raises(ValueError, match="a batch takes 2 to 30"):
                us.ledger.push(sent, batch_key=key)
