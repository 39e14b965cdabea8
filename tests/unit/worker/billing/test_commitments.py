"""Minimum commitments: which fees count, which days, who bears what, and what is said about it."""

from __future__ import annotations

from typing import Any

from mappings.canonical.contract import Commitment, CommitmentStep
from mappings.canonical.document import ChargeRef
from mappings.canonical.money import Money
from mappings.canonical.party import Registration
from tests.unit.worker.billing.world import (
    E3,
    SELLER,
    Product,
    Seller,
    contract,
    day,
    dec,
    held,
    party,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
    used,
)
from worker.billing.values import Charge

MINIMUM = Product("MIN", "Agreed minimum", unit="period")
GIGABYTE = Product("GB", "Traffic", unit="GB")
HUNDRED = Commitment(dec(100), "MIN")


def seller(minimum: Commitment = HUNDRED, *, world: Any = None, **terms: Any) -> Seller:
    """Ten seats at 8.40 from January under a contract with a minimum of 100.00 a month."""
    agreed = contract(**{"from_": day("2026-01-01"), "minimum": minimum, **terms})
    return Seller(
        setup(**{"products": (E3, MINIMUM), "contracts": (agreed,), **(world or {})}),
        (subscription(),),
        (held("2026-01-01", 10),),
    )


def group(minimum: Commitment, *quantities: int) -> Seller:
    """Entities A, B, C... of one group, each with seats at 8.40."""
    held_by = dict(zip("ABC", quantities, strict=False))
    world = setup(
        parties=(party("TOP"), *(party(code, parent="TOP") for code in held_by)),
        products=(E3, MINIMUM),
        contracts=(contract("TOP", from_=day("2026-01-01"), minimum=minimum),),
    )
    return Seller(
        world,
        tuple(subscription(f"S{code}", party=code) for code in held_by),
        tuple(held("2026-01-01", quantity, f"S{code}") for code, quantity in held_by.items()),
    )


def shortfalls(story: Seller) -> list[Charge]:
    """The charges of the minimum so far."""
    return [one.charge for one in story.billed if one.charge.kind == "commitment"]


def told(story: Seller) -> list[tuple[str, str, str]]:
    return [(one.party, str(one.service), str(one.net)) for one in shortfalls(story)]


class TestAShortfall:
    def test_is_a_charge_of_its_period_with_everything_a_line_needs(self) -> None:
        story = seller(invoice_format="ubl")
        story.run("2026-01-01")
        story.run("2026-02-01")

        [charge] = shortfalls(story)
        assert charge.ref == ChargeRef("C-ACME/ACME/minimum", day("2026-01-01"), 0)
        assert (charge.issuer, charge.contract, charge.party) == ("DE", "C-ACME", "ACME")
        assert (charge.bill_to, charge.product, charge.currency) == ("ACME", "MIN", "EUR")
        assert charge.service == charge.cycle
        assert str(charge.service) == "2026-01-01..2026-01-31"
        assert (charge.quantity, charge.unit_price, charge.net) == (1, 16, Money(1600, "EUR"))
        assert (charge.tax_code, charge.tax_percent, charge.tax_treatment) == ("DE19", 19, "domestic")
        assert charge.facts.price.source == "minimum of C-ACME"
        assert charge.facts.known_until == day("2026-02-01")
        assert charge.facts.spans[0].quantity == 1
        assert charge.basis == (
            "minimum of contract C-ACME for 2026-01-01..2026-01-31: 100.00 EUR",
            "eligible fees: 84.00 EUR (ACME 84.00 EUR)",
            "ACME bears 16.00 EUR of the shortfall",
        )

    def test_of_a_period_covered_in_part_is_prorated_by_days(self) -> None:
        """From 16 January on the month's grid: 16 of 31 days, 51.61, and the seats cost 43.35."""
        story = seller(replace(HUNDRED, anchor=day("2026-01-01")), from_=day("2026-01-16"))
        story.subscriptions = (subscription(anchor=day("2026-01-16")),)
        story.versions = (held("2026-01-16", 2),)
        story.run("2026-01-16")
        story.run("2026-02-01")

        [charge] = shortfalls(story)
        assert charge.net == Money(5161 - 1680, "EUR")
        assert charge.basis[0] == (
            "minimum of contract C-ACME for 2026-01-16..2026-01-31, 16/31 days of 2026-01-01..2026-01-31:"
            " 51.61 EUR"
        )

    def test_ends_with_the_contract(self) -> None:
        """Until 15 February: 14 of 28 days of 200.00, and the cycle that began costs 84.00."""
        story = seller(Commitment(dec(200), "MIN"), until=day("2026-02-15"))
        for on in ("2026-01-01", "2026-02-01", "2026-02-15", "2026-03-01", "2026-04-01"):
            story.run(on)

        assert told(story) == [
            ("ACME", "2026-01-01..2026-01-31", "116.00 EUR"),
            ("ACME", "2026-02-01..2026-02-14", "16.00 EUR"),
        ]

    def test_begins_with_the_cut_over(self) -> None:
        for story in (
            seller(cut_over=day("2026-02-01")),
            seller(world={"issuers": (replace(SELLER, cut_over=day("2026-02-01")),)}),
        ):
            for on in ("2026-02-01", "2026-03-01"):
                story.run(on)

            assert told(story) == [("ACME", "2026-02-01..2026-02-28", "16.00 EUR")]

    def test_of_a_quarter_is_billed_when_the_quarter_is_over(self) -> None:
        story = seller(Commitment(dec(300), "MIN", period="P3M"))
        for on in ("2026-01-01", "2026-02-01", "2026-03-01", "2026-03-31"):
            story.run(on)

        assert told(story) == []
        story.run("2026-04-01")
        assert told(story) == [("ACME", "2026-01-01..2026-03-31", "48.00 EUR")]

    def test_takes_the_newest_step_that_is_reached(self) -> None:
        steps = (
            CommitmentStep(day("2026-03-01"), dec(300)),
            CommitmentStep(day("2026-01-01"), dec(90)),
            CommitmentStep(day("2026-02-01"), dec(200)),
        )
        story = seller(replace(HUNDRED, ramp=steps))
        for on in ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"):
            story.run(on)

        assert [net for _, _, net in told(story)] == ["6.00 EUR", "116.00 EUR", "216.00 EUR"]

    def test_counts_the_fees_of_its_own_contract_only(self) -> None:
        prices = price_list("LIST", per_seat("8.40"), per_seat("50.00", plan="one_time"))
        both = (
            contract(from_=day("2026-01-01"), minimum=HUNDRED),
            contract(code="OTHER", from_=day("2026-01-01")),
        )
        story = Seller(
            setup(products=(E3, MINIMUM), price_lists=(prices,), contracts=both),
            (
                subscription(contract="C-ACME"),
                subscription("S2", contract="OTHER"),
                subscription("ONCE", plan="one_time", contract="C-ACME"),
            ),
            (held("2026-01-01", 10), held("2026-01-01", 10, "S2"), held("2026-01-01", 1, "ONCE")),
        )
        story.run("2026-01-01")
        story.run("2026-02-01")

        assert told(story) == [("ACME", "2026-01-01..2026-01-31", "16.00 EUR")]

    def test_deducts_credits_where_they_are_refunded(self) -> None:
        """5 seats go on the 16th: 5 x 8.40 x 16/31 = 21.68 less of fees where it is refunded."""
        for refund, net in (("credit_note", "37.68 EUR"), ("none", "16.00 EUR")):
            story = seller(refund_method=refund)
            story.run("2026-01-01")
            story.change(held("2026-01-16", 5))
            story.run("2026-01-16")
            story.run("2026-02-01")

            assert [net for _, _, net in told(story)] == [net]

    def test_does_not_wait_for_usage_that_does_not_count(self) -> None:
        price_of = price_list("LIST", per_seat("8.40"), per_seat("0.50", product="GB", plan="usage"))
        world = {"products": (E3, MINIMUM, GIGABYTE), "price_lists": (price_of,)}
        story = seller(world=world)
        story.subscriptions = (*story.subscriptions, subscription("M", product="GB", plan="usage", term=""))
        story.versions = (*story.versions, held("2026-01-01", 1, "M"))
        story.usage = (used("2026-01-10", 4, "M"),)
        story.run("2026-01-01")
        story.run("2026-02-01")

        assert told(story) == [("ACME", "2026-01-01..2026-01-31", "16.00 EUR")]

    def test_does_not_wait_for_purchases_that_do_not_count(self) -> None:
        """Bills go out five days late: a purchase of the last day is due on 5 February, and is no fee."""
        prices = price_list("LIST", per_seat("8.40"), per_seat("50.00", plan="one_time"))
        story = seller(world={"price_lists": (prices,)}, offset_days=5)
        story.subscriptions = (*story.subscriptions, subscription("ONCE", plan="one_time", term=""))
        story.versions = (*story.versions, held("2026-01-01", 1, "ONCE"))
        story.run("2026-01-06")
        story.run("2026-02-01")

        assert told(story) == [("ACME", "2026-01-01..2026-01-31", "16.00 EUR")]

    def test_is_held_by_the_checks_of_its_payer(self) -> None:
        story = seller(world={"parties": (party("ACME", country="AT"),)})
        story.run("2026-02-01")

        assert story.last is not None
        assert {check.code for draft in story.last.drafts for check in draft.checks} == {"missing_tax_id"}

    def test_is_taken_back_newest_charge_first_when_fees_come_later(self) -> None:
        """16.00 short; seats of January become known in February, first one (8.40), then two more."""
        story = seller()
        story.run("2026-01-01")
        story.run("2026-02-01")
        for quantity, observed in ((11, "2026-02-03"), (13, "2026-02-05")):
            story.change(held("2026-01-01", quantity, observed=observed))
            story.run(observed)

        assert [net for _, _, net in told(story)] == ["16.00 EUR", "-8.40 EUR", "-7.60 EUR"]
        first, less, rest = shortfalls(story)
        assert [one.ref.revision for one in (first, less, rest)] == [0, 1, 2]
        assert less.reverses == 0
        assert less.quantity == 1
        assert less.basis[0] == "with later fees the shortfall is 7.60 EUR"
        assert less.basis[1].startswith("takes back 8.40 EUR of ")
        assert less.original is not None
        assert less.original.period == first.service


class TestAGroup:
    def test_shares_its_shortfall_by_eligible_fees(self) -> None:
        """84.00 and 42.00 of 200.00: 74.00 short, shared two to one."""
        story = group(Commitment(dec(200), "MIN"), 10, 5)
        story.run("2026-01-01")
        story.run("2026-02-01")

        assert [(who, net) for who, _, net in told(story)] == [("A", "49.33 EUR"), ("B", "24.67 EUR")]
        assert shortfalls(story)[1].basis[1] == "eligible fees: 126.00 EUR (A 84.00 EUR, B 42.00 EUR)"

    def test_leaves_out_who_has_no_fees(self) -> None:
        story = group(Commitment(dec(200), "MIN"), 10, 0)
        story.run("2026-01-01")
        story.run("2026-02-01")

        assert [(who, net) for who, _, net in told(story)] == [("A", "116.00 EUR")]

    def test_without_any_fees_bills_the_party_of_the_contract(self) -> None:
        story = group(Commitment(dec(200), "MIN"), 0, 0)
        story.run("2026-02-01")

        assert [(who, net) for who, _, net in told(story)] == [("TOP", "200.00 EUR")]
        assert shortfalls(story)[0].basis[1] == "eligible fees: 0.00 EUR"


class TestAMinimumOfEachEntity:
    def test_is_owed_by_everyone_who_holds_something(self) -> None:
        """B holds seats that cost nothing, C holds none."""
        story = group(Commitment(dec(100), "MIN", scope="entity"), 10, 0, 20)
        story.run("2026-01-01")
        story.run("2026-02-01")

        assert [(who, net) for who, _, net in told(story)] == [("A", "16.00 EUR")]
        assert shortfalls(story)[0].basis[1] == "eligible fees of A: 84.00 EUR"

    def test_is_owed_in_full_by_who_holds_for_nothing(self) -> None:
        story = group(Commitment(dec(100), "MIN", scope="entity"), 10, 3)
        free = contract("TOP", from_=day("2026-01-01"), minimum=Commitment(dec(100), "MIN", scope="entity"))
        prices = price_list("LIST", per_seat("0.00"))
        story.setup = replace(story.setup, contracts=(free,), price_lists=(prices,))
        story.run("2026-02-01")

        assert [(who, net) for who, _, net in told(story)] == [("A", "100.00 EUR"), ("B", "100.00 EUR")]


class TestSeveralMinimums:
    def test_stand_by_contract_and_day(self) -> None:
        """A contract of no known currency or issuer asks for nothing and stops no other."""
        agreed = tuple(
            contract(code=code, from_=day("2026-01-01"), minimum=HUNDRED, **more)
            for code, more in (
                ("Z", {}),
                ("LOST", {"price_list": "GONE"}),
                ("XX", {"issuer": "XX"}),
                ("A", {}),
            )
        )
        plain = contract(code="PLAIN", from_=day("2026-01-01"))
        story = seller(world={"contracts": (*agreed, plain)})
        story.subscriptions = ()
        story.versions = ()
        story.run("2026-03-01")

        told = [(one.contract, str(one.service.start)) for one in shortfalls(story)]
        assert sorted(told) == [
            ("A", "2026-01-01"),
            ("A", "2026-02-01"),
            ("Z", "2026-01-01"),
            ("Z", "2026-02-01"),
        ]


class TestTax:
    def test_of_a_shortfall_has_its_reason(self) -> None:
        abroad = party("ACME", country="FR", tax_ids=(Registration("FR", "FR40303265045"),))
        story = seller(world={"parties": (abroad,)})
        story.run("2026-01-01")
        story.run("2026-02-01")

        assert [one.tax_reason for one in shortfalls(story)] == ["Reverse charge"]
