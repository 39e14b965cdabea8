"""Opening charges: what another system billed, as charges that stand and are credited later."""

from __future__ import annotations

from typing import Any

from mappings.canonical.contract import OpeningCharge
from mappings.canonical.document import ChargeRef
from mappings.canonical.money import Money
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    party,
    setup,
    subscription,
)
from worker.billing import ground_of
from worker.billing.openings import opened, opening_groups
from worker.billing.values import BilledCharge, Exchange


def opening(start: str = "2026-01-01", until: str = "2026-02-01", **more: Any) -> OpeningCharge:
    """Ten seats of January at 9.00, billed by another system with OLD-1."""
    facts: dict[str, Any] = {
        "quantity": dec(10),
        "unit_price": dec("9.00"),
        "net": "90.00",
        "number": "OLD-1",
        "date": day("2026-01-02"),
        "tax_code": "DE19",
        "tax_percent": "19",
    }
    return OpeningCharge("S1", day(start), day(until), **{**facts, **more})


def standing(*openings: OpeningCharge, world: Any = None, **facts: Any) -> list[BilledCharge]:
    """The openings as charges that stand."""
    found, problems = opened(
        subscription(**facts), openings, ground_of(setup(**(world or {}))), known_until=day("2026-02-01")
    )
    assert not problems
    return [one for cycle in found.values() for one in cycle]


class TestAnOpeningCharge:
    def test_stands_like_a_charge_of_ours(self) -> None:
        agreed = contract(proration="30_day_month", bill_to="party:PAYER", purchase_order="PO-1")
        world = {"parties": (party("ACME"), party("PAYER")), "contracts": (agreed,)}

        [one] = standing(opening(), world=world)

        charge = one.charge
        assert (one.document_ref, one.number, one.document_date) == ("", "OLD-1", day("2026-01-02"))
        assert one.exchange is None
        assert charge.ref == ChargeRef("S1", day("2026-01-01"), 0)
        assert (charge.kind, charge.issuer, charge.contract) == ("recurring", "DE", "C-ACME")
        assert (charge.party, charge.bill_to, charge.product) == ("ACME", "PAYER", "E3")
        assert (charge.quantity, charge.unit_price, charge.net) == (10, dec("9.00"), Money(9000, "EUR"))
        assert (charge.tax_code, charge.tax_percent) == ("DE19", 19)
        assert str(charge.service) == str(charge.cycle) == "2026-01-01..2026-01-31"
        assert charge.basis == ("billed by another system with document OLD-1 of 2026-01-02",)
        assert charge.terms.purchase_order == "PO-1"
        assert (charge.facts.exact, charge.facts.months) == ("90", 1)
        assert charge.facts.proration == "30_day_month"
        assert charge.facts.price.tiers[0].price == dec("9.00")
        assert charge.facts.price.source == "as billed with document OLD-1"

    def test_keeps_the_exchange_rate_it_was_billed_at(self) -> None:
        [one] = standing(opening(exchange_rate="0.9"))

        assert one.exchange == Exchange(dec("0.9"), day("2026-01-02"), "document OLD-1")

    def test_has_the_price_its_net_comes_to(self) -> None:
        """The other system gave 10 % off: 81.00 for ten seats, 8.10 each."""
        [one] = standing(opening(net="81.00"))

        assert (one.charge.quantity, one.charge.unit_price) == (1, 81)
        assert one.charge.facts.price.tiers[0].price == dec("8.1")

    def test_of_a_part_of_its_cycle_has_the_price_of_the_whole(self) -> None:
        """Five seats from the 17th at 4.35 for 15 of 31 days, beside ten for the whole month."""
        later = opening("2026-01-17", quantity=dec(5), unit_price=dec("4.35"), net="21.75", number="OLD-2")

        first, second = standing(later, opening())

        assert (first.number, second.number) == ("OLD-1", "OLD-2")
        assert [one.charge.ref.revision for one in (first, second)] == [0, 1]
        assert second.charge.facts.exact == "447/4"
        assert [(str(span.period), span.quantity) for span in second.charge.facts.spans] == [
            ("2026-01-01..2026-01-16", 10),
            ("2026-01-17..2026-01-31", 15),
        ]
        assert [span.quantity for span in first.charge.facts.spans] == [10]
        assert second.charge.cycle == first.charge.cycle
        assert str(second.charge.service) == "2026-01-17..2026-01-31"

    def test_of_days_before_the_cycles_end_is_priced_by_its_days(self) -> None:
        """Ten seats for 1-16 January (16 of 31 days) for 48.00 are 9.30 a seat and month."""
        first = opening(until="2026-01-17", net="48.00", unit_price=dec("4.80"))
        second = opening("2026-01-10", quantity=dec(1), unit_price=dec(5), net="5.00", number="OLD-2")

        assert standing(first, second)[0].charge.facts.price.tiers[0].price == dec("9.3")

    def test_shares_a_cycle_with_those_it_shares_days_with(self) -> None:
        january, inside, february = (
            opening(),
            opening("2026-01-17"),
            opening("2026-02-01", "2026-03-01"),
        )
        longer = opening(until="2026-03-01")

        assert opening_groups([february, inside, january]) == ((january, inside), (february,))
        assert opening_groups([january, longer, february]) == ((longer, january, february),)
        assert opening_groups([]) == ()

    def test_belongs_to_the_contract_that_took_over_where_none_was_valid_then(self) -> None:
        later = contract(from_=day("2026-02-01"))

        [one] = standing(opening(), world={"contracts": (later,)})

        assert one.charge.contract == "C-ACME"

    def test_belongs_to_the_contract_of_its_first_day(self) -> None:
        before = contract(code="BEFORE", until=day("2026-01-15"))
        after = contract(code="AFTER", from_=day("2026-01-15"))
        for contracts in ((before, after), (after, before)):
            [one] = standing(opening(), world={"contracts": contracts})
            assert one.charge.contract == "BEFORE"

    def test_that_cannot_be_used_stops_its_subscription_and_says_why(self) -> None:
        for world, why in (
            ({"opening_charges": (opening(net="90.001"),)}, "90.001 is not an amount of EUR"),
            ({"opening_charges": (opening(),), "contracts": ()}, "no contract with a known issuer"),
            (
                {"opening_charges": (opening(),), "contracts": (contract(price_list="GONE"),)},
                "price list GONE is unknown",
            ),
            (
                {"opening_charges": (opening(),), "contracts": (contract(bill_to="party:GONE"),)},
                "bills to GONE, which is unknown",
            ),
        ):
            seller = Seller(setup(**world), (subscription(),), (held("2026-01-01", 10),))
            assert seller.run("2026-02-01") == ()
            assert seller.last is not None
            [sentence] = [one.sentence for one in seller.last.checks if one.code == "opening_unreadable"]
            assert why in sentence

    def test_stands_for_days_before_we_know_of_anything(self) -> None:
        """The first version we have is of the 15th: what was held before stays as it was billed."""
        agreed = contract(cut_over=day("2026-02-01"))
        for quantity, credited in ((10, []), (5, ["24.68 EUR"])):
            seller = Seller(
                setup(opening_charges=(opening(),), contracts=(agreed,)),
                (subscription(),),
                (held("2026-01-15", quantity),),
            )
            done = seller.run("2026-01-31")
            assert [str(one.net) for one in done] == credited

    def test_is_credited_at_its_own_price_and_names_its_document(self) -> None:
        """Five of ten seats go on the 17th: 5 x 9.00 x 15/31 = 21.77 back."""
        world = setup(opening_charges=(opening(),), contracts=(contract(cut_over=day("2026-02-01")),))
        seller = Seller(world, (subscription(),), (held("2026-01-01", 10), held("2026-01-17", 5)))

        note = only(tuple(one for one in seller.run("2026-02-01") if one.kind == "credit_note"))

        assert str(note.net) == "21.77 EUR"
        assert note.lines[0].original is not None
        assert note.lines[0].original.number == "OLD-1"
