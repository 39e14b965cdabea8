"""Stories of a seller that comes from another system: nothing twice, credits that name the old number."""

from __future__ import annotations

from dataclasses import replace

from mappings.canonical.contract import OpeningCharge
from tests.unit.worker.billing.world import (
    SELLER,
    Seller,
    amounts,
    day,
    dec,
    held,
    only,
    only_line,
    setup,
    subscription,
)

OLD_INVOICE = OpeningCharge(
    subscription="S1",
    start=day("2026-09-15"),
    until=day("2026-10-15"),
    quantity=dec(10),
    unit_price=dec("7.90"),
    net="79.00",
    number="OLD-4711",
    date=day("2026-09-15"),
    tax_code="DE19",
    tax_percent="19",
)


def _moved(*openings: OpeningCharge) -> Seller:
    """Seats held for two years, billed on the 15th by another system until the cut-over on 1 October."""
    return Seller(
        setup(
            issuers=(replace(SELLER, cut_over=day("2026-10-01")),),
            opening_charges=openings,
        ),
        (subscription(anchor=day("2024-09-15")),),
        (held("2024-09-15", 8), held("2025-03-01", 10)),
    )


class TestTheCutOver:
    def test_bills_nothing_of_the_old_system(self) -> None:
        seller = _moved()

        assert seller.run("2026-10-14") == ()
        assert seller.last is not None
        assert seller.last.account.excluded == 1
        assert seller.last.account.reasons[0].sentence == "billed by another system until the cut-over"

    def test_begins_with_the_first_cycle_after_it(self) -> None:
        line = only_line(_moved().run("2026-10-15"))

        assert (str(line.service), str(line.net)) == ("2026-10-15..2026-11-14", "84.00 EUR")

    def test_holds_a_change_of_an_old_cycle_without_its_charge(self) -> None:
        seller = _moved()
        seller.change(held("2026-10-05", 9))

        october = seller.run("2026-10-15")

        assert str(only(october).net) == "75.60 EUR", "the new cycle is billed all the same"
        assert seller.last is not None
        assert [check.code for check in seller.last.checks] == ["opening_missing"]
        assert (seller.last.account.held, seller.last.account.active) == (1, 1)


class TestAnOpeningCharge:
    """The old system billed 10 seats at 7.90 EUR for 15 September to 14 October (30 days).

    One seat goes on 5 October, 10 of 30 days remain: 7.90 x 10/30 = 2.6333... -> 2.63 EUR, at the old
    price and tax rate, not at today's 8.40.
    """

    def test_is_never_billed_again(self) -> None:
        assert _moved(OLD_INVOICE).run("2026-10-14") == ()

    def test_is_credited_with_the_old_number(self) -> None:
        seller = _moved(OLD_INVOICE)
        seller.change(held("2026-10-05", 9))

        credit = only(seller.run("2026-10-05"))

        assert credit.kind == "credit_note"
        assert amounts(credit) == ("2.63 EUR", "0.50 EUR", "3.13 EUR")
        original = credit.lines[0].original
        assert original is not None
        assert (original.number, original.date) == ("OLD-4711", day("2026-09-15"))
        assert str(original.period) == "2026-09-15..2026-10-14"
        assert credit.lines[0].basis == (
            "1 seat removed x 7.90 EUR x 10/30 days (2026-10-05..2026-10-14)",
            "cycle 2026-09-15..2026-10-14: billed before 79.00 EUR, now 76.37 EUR",
            "price: as billed with document OLD-4711",
            "takes back 2.63 EUR of OLD-4711 of 2026-09-15",
        )

    def test_is_credited_once(self) -> None:
        seller = _moved(OLD_INVOICE)
        seller.change(held("2026-10-05", 9))
        seller.run("2026-10-05")

        assert seller.run("2026-10-14") == ()

    def test_stays_what_it_was_where_the_price_does_not_reproduce_it(self) -> None:
        """79.10 for 10 seats at a printed 7.90: the ten cents are no correction of ours."""
        seller = _moved(replace(OLD_INVOICE, net="79.10"))

        assert seller.run("2026-10-14") == ()

    def test_counts_for_days_before_we_know_anything(self) -> None:
        """Imported on the day of the cut-over with the 9 seats held then: 14 of 30 days of one seat."""
        seller = _moved(OLD_INVOICE)
        seller.versions = (held("2026-10-01", 9),)

        credit = only(seller.run("2026-10-01"))

        assert str(credit.net) == "3.69 EUR", "7.90 x 14/30 = 3.6866"

    def test_is_added_to_at_the_old_price(self) -> None:
        """Two more seats from 5 October: 2 x 7.90 x 10/30 = 5.2666 -> 5.27 EUR."""
        seller = _moved(OLD_INVOICE)
        seller.change(held("2026-10-05", 12))

        addition = only(seller.run("2026-10-05"))

        assert (addition.kind, str(addition.net)) == ("invoice", "5.27 EUR")

    def test_may_come_in_several_documents_of_one_cycle(self) -> None:
        """8 seats from 15 September, 2 more from 25 September billed apart: the newest is credited first."""
        first = replace(OLD_INVOICE, quantity=dec(8), net="63.20")
        added = replace(
            OLD_INVOICE,
            start=day("2026-09-25"),
            quantity=dec(2),
            net="10.53",
            number="OLD-4750",
            date=day("2026-09-25"),
        )
        seller = _moved(first, added)
        seller.versions = (held("2024-09-15", 8), held("2026-09-25", 10), held("2026-10-05", 7))

        credit = only(seller.run("2026-10-05"))

        assert str(credit.net) == "7.90 EUR", "3 x 7.90 x 10/30"
        assert [line.original.number for line in credit.lines if line.original] == ["OLD-4750"]


class TestBilledUntil:
    def test_overrides_the_cut_over_of_the_issuer(self) -> None:
        seller = _moved()
        seller.subscriptions = (subscription(anchor=day("2024-09-15"), billed_until=day("2026-11-15")),)

        assert seller.run("2026-11-14") == ()
        assert str(only_line(seller.run("2026-11-15")).service) == "2026-11-15..2026-12-14"
