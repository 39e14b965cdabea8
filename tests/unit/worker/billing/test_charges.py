"""A charge keeps everything its line, its document and its later correction need."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.document import ChargeRef, Original
from mappings.canonical.money import Money, Rounding
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from mappings.canonical.subscription import Share, SplitKey
from tests.unit.worker.billing.world import (
    SELLER,
    FxRate,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    party,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
    used,
)
from worker.billing import ground_of
from worker.billing.values import Charge, Terms

PRICES = price_list(
    "LIST",
    per_seat("8.40"),
    per_seat("96", plan="annual"),
    per_seat("0.50", plan="usage"),
    per_seat("90", plan="one_time"),
)


def seller(*, world: Any = None, **terms: Any) -> Seller:
    given = {"price_lists": (PRICES,), "contracts": (contract(**terms),), **(world or {})}
    return Seller(setup(**given), (subscription(),), (held("2026-01-01", 10),))


def charges(story: Seller) -> list[Charge]:
    return [one.charge for one in story.billed]


class TestAFirstCharge:
    def test_keeps_the_terms_of_its_contract(self) -> None:
        story = seller(
            purchase_order="PO",
            invoice_format="ubl",
            bill_to="consolidated",
            refund_method="net_next",
            zero_documents="issue",
            conversions="apart",
            change_form="spans",
            show_margin=True,
            payment_terms_days=7,
            proration="actual_365",
            rounding=Rounding("per_unit", "down"),
        )
        story.run("2026-01-01")

        [charge] = charges(story)
        assert charge.terms == Terms(
            payment_terms_days=7,
            purchase_order="PO",
            invoice_format="ubl",
            consolidated=True,
            refund_method="net_next",
            zero_documents="issue",
            conversions="apart",
            change_form="spans",
            show_margin=True,
        )
        assert (charge.facts.proration, charge.facts.rounding) == ("actual_365", Rounding("per_unit", "down"))

    def test_takes_the_payment_terms_of_its_issuer(self) -> None:
        story = seller(world={"issuers": (replace(SELLER, payment_terms_days=21),)})
        story.run("2026-01-01")

        assert charges(story)[0].terms.payment_terms_days == 21

    @pytest.mark.parametrize(
        ("plan", "term", "kind", "months", "on"),
        [
            ("monthly", "P1M", "recurring", 1, "2026-01-01"),
            ("annual", "P1Y", "recurring", 12, "2026-01-01"),
            ("usage", "", "usage", 0, "2026-02-01"),
            ("one_time", "", "one_time", 0, "2026-01-01"),
        ],
    )
    def test_knows_its_kind_and_the_months_of_its_cycle(
        self, plan: Any, term: str, kind: str, months: int, on: str
    ) -> None:
        story = seller()
        story.subscriptions = (subscription(plan=plan, term=term),)
        story.usage = (used("2026-01-05", 10),)
        story.run(on)

        [charge] = charges(story)
        assert (charge.kind, charge.facts.months) == (kind, months)
        assert charge.facts.known_until == day(on)

    def test_is_whole_in_every_fact(self) -> None:
        story = seller()
        story.run("2026-01-05")

        [charge] = charges(story)
        january = Period(day("2026-01-01"), day("2026-02-01"))
        assert charge.ref == ChargeRef("S1", day("2026-01-01"), 0)
        assert (charge.service, charge.cycle) == (january, january)
        assert (charge.issuer, charge.contract, charge.party, charge.bill_to) == (
            "DE",
            "C-ACME",
            "ACME",
            "ACME",
        )
        assert (charge.quantity, charge.unit_price, charge.net) == (10, dec("8.40"), Money(8400, "EUR"))
        assert str(charge.unit_price) == "8.40"
        assert charge.facts.exact == "84"
        assert [(span.period, span.quantity) for span in charge.facts.spans] == [(january, 10)]
        assert (charge.true_up, charge.reverses, charge.original, charge.exchange) == (
            False,
            None,
            None,
            None,
        )


class TestAUnitPrice:
    @pytest.mark.parametrize(
        ("price", "quantity", "printed"),
        [
            ("8.4", 10, ("10", "8.40")),
            ("8.405", 10, ("10", "8.405")),
            ("8.405", 200, ("200", "8.405")),
            ("0.333", 3, ("1", "1.00")),
            ("8.40", "2.5", ("2.5", "8.40")),
            ("8.41", "2.5", ("1", "21.03")),
        ],
    )
    def test_is_printed_where_it_gives_the_net_exactly(
        self, price: str, quantity: object, printed: tuple[str, str]
    ) -> None:
        story = seller(world={"price_lists": (price_list("LIST", per_seat(price)),)})
        story.versions = (held("2026-01-01", quantity),)
        line = only(story.run("2026-01-01")).lines[0]

        assert (str(line.quantity), str(line.unit_price)) == printed


class TestWhatIsTakenBack:
    def test_keeps_party_payer_tax_and_names_its_original(self) -> None:
        parties = (party("ACME"), party("PAYER"))
        story = seller(world={"parties": parties}, bill_to="party:PAYER")
        invoice = only(story.run("2026-01-01"))
        story.setup = replace(story.setup, contracts=(contract(tax_code="DE7"),))
        story.change(held("2026-01-16", 5))
        story.run("2026-01-16")

        credit = charges(story)[1]
        assert (credit.bill_to, credit.party, credit.tax_code) == ("PAYER", "ACME", "DE19")
        assert (credit.net, credit.quantity, credit.unit_price) == (
            Money(-2168, "EUR"),
            1,
            dec("-21.68"),
        )
        assert credit.original == Original(
            invoice.number, day("2026-01-01"), Period(day("2026-01-01"), day("2026-02-01"))
        )
        assert (credit.reverses, credit.ref.revision) == (0, 1)
        assert credit.service == Period(day("2026-01-16"), day("2026-02-01"))
        assert credit.basis[-1] == f"takes back 21.68 EUR of {invoice.number} of 2026-01-01"

    def test_as_a_whole_keeps_quantity_and_price(self) -> None:
        story = seller()
        story.run("2026-01-01")
        story.versions = (held("2026-01-01", 0, observed="2"),)
        story.run("2026-01-02")

        credit = charges(story)[1]
        assert (credit.quantity, credit.unit_price, credit.net) == (10, dec("-8.40"), Money(-8400, "EUR"))

    def test_may_be_a_cent(self) -> None:
        story = seller(world={"price_lists": (price_list("LIST", per_seat("0.01")),)})
        story.versions = (held("2026-01-01", 1),)
        story.run("2026-01-01")
        story.versions = (held("2026-01-01", 0, observed="2"),)
        story.run("2026-01-02")

        assert [str(one.net) for one in charges(story)] == ["0.01 EUR", "-0.01 EUR"]

    def test_is_what_we_billed_for_days_that_turn_out_not_to_be_held(self) -> None:
        """Billed from 1 January; what we knew of those days is withdrawn: 10 x 8.40 x 14/31 come back."""
        story = seller()
        story.run("2026-01-01")
        story.versions = (held("2026-01-15", 10),)
        story.run("2026-01-31")

        assert [str(one.net) for one in charges(story)] == ["84.00 EUR", "-37.94 EUR"]

    def test_comes_from_the_newest_charge_first(self) -> None:
        """12 seats: 10 billed first, 2 more from the 11th (11.38); 5 go on the 21st: 14.90."""
        story = seller()
        story.run("2026-01-01")
        story.change(held("2026-01-11", 12))
        story.run("2026-01-11")
        story.change(held("2026-01-21", 7))
        story.run("2026-01-21")

        back = charges(story)[2:]
        assert [(one.reverses, str(one.net)) for one in back] == [(1, "-11.38 EUR"), (0, "-3.52 EUR")]
        assert [one.ref.revision for one in back] == [2, 3]


class TestAPriceOfATerm:
    LISTS = (
        PRICES,
        price_list("LIST", per_seat("9"), per_seat("100", plan="annual"), from_=day("2026-06-01")),
    )

    @pytest.mark.parametrize(
        ("term", "lock", "net"),
        [
            ("P1Y", "", "84.00 EUR"),
            ("P1M", "", "90.00 EUR"),
            ("P1Y", "none", "90.00 EUR"),
            ("", "", "90.00 EUR"),
        ],
    )
    def test_is_locked_where_the_term_is_longer_than_the_cycle(self, term: str, lock: Any, net: str) -> None:
        story = seller(world={"price_lists": self.LISTS}, price_lock=lock)
        story.subscriptions = (subscription(term=term),)
        story.run("2026-06-30")

        assert [str(one.net) for one in charges(story) if one.ref.cycle_start == day("2026-06-01")] == [net]

    def test_begins_with_the_first_day_of_a_cycle_on_which_something_is_held(self) -> None:
        """Nothing from 1 February, five from the 11th; the list rises on the 5th."""
        dear = price_list("LIST", per_seat("28"), from_=day("2026-02-05"))
        story = seller(world={"price_lists": (PRICES, dear)})
        story.versions = (held("2026-01-01", 10), held("2026-02-01", 0), held("2026-02-11", 5))
        story.run("2026-02-28")

        last = charges(story)[-1]
        assert (str(last.net), str(last.service)) == ("90.00 EUR", "2026-02-11..2026-02-28")


class TestADocumentsDate:
    def test_is_expected_to_be_the_day_of_issue_or_the_day_billed_for(self) -> None:
        ground = ground_of(setup(), issued_on={"DE": day("2026-01-20")})
        by_run = replace(SELLER, document_date="as_of")

        assert ground.document_date(SELLER, as_of=day("2026-01-05")) == day("2026-01-20")
        assert ground.document_date(by_run, as_of=day("2026-01-05")) == day("2026-01-05")
        assert ground_of(setup()).document_date(SELLER, as_of=day("2026-01-05")) == day("2026-01-05")


class TestUsageInAnotherCurrency:
    def _seller(self, *rates: FxRate, currency: str = "USD") -> Seller:
        meters = price_list("METERS", per_seat("1.00", plan="usage", cost=dec("0.50")), currency=currency)
        story = seller(world={"price_lists": (PRICES, meters), "fx_rates": rates}, usage_price_list="METERS")
        story.subscriptions = (subscription(plan="usage", term=""),)
        story.usage = (used("2026-01-05", 10),)
        return story

    def test_is_converted_at_the_rate_of_its_months_first_day(self) -> None:
        rates = (
            FxRate("USD", "EUR", day("2026-01-01"), "0.80", "ECB"),
            FxRate("USD", "EUR", day("2026-01-05"), "0.90", "ECB"),
        )
        story = self._seller(*rates)
        story.run("2026-02-01")

        [charge] = charges(story)
        assert (str(charge.net), str(charge.cost)) == ("8.00 EUR", "4.00 EUR")
        assert charge.facts.price.rate == dec("0.80")

    def test_without_a_rate_is_not_billed_and_says_so(self) -> None:
        story = self._seller()

        assert story.run("2026-02-01") == ()
        assert story.last is not None
        assert [check.code for check in story.last.checks] == ["rate_missing"]

    def test_of_the_same_currency_needs_none(self) -> None:
        story = self._seller(currency="EUR")
        story.run("2026-02-01")

        assert [str(one.net) for one in charges(story)] == ["10.00 EUR"]

    def test_without_a_price_says_so(self) -> None:
        story = self._seller()
        meters = price_list("METERS", per_seat("1.00", product="E5", plan="usage"), currency="USD")
        story.setup = replace(story.setup, price_lists=(PRICES, meters))

        assert story.run("2026-02-01") == ()
        assert story.last is not None
        assert [check.code for check in story.last.checks] == ["unpriced_subscription"]


class TestWhatCannotBeBilled:
    @pytest.mark.parametrize(
        ("terms", "why"),
        [
            ({"issuer": "XX"}, "names issuer XX, which is unknown"),
            ({"bill_to": "party:NOBODY"}, "bills to NOBODY, which is unknown"),
        ],
    )
    def test_is_named_with_its_contract(self, terms: dict[str, Any], why: str) -> None:
        story = seller(**terms)

        assert story.run("2026-01-01") == ()
        assert story.last is not None
        [check] = story.last.checks
        assert (check.code, check.subscription) == ("unassigned_subscription", "S1")
        assert f"contract C-ACME {why}" in check.sentence


class TestAShare:
    def _seller(self, by: Any, *weights: object, **terms: Any) -> Seller:
        key = SplitKey(
            day("2026-01-01"),
            by,
            tuple(Share(code, dec(weight)) for code, weight in zip("BA", weights, strict=True)),
        )
        story = seller(world={"parties": (party("ACME"), party("A"), party("B"))}, **terms)
        story.subscriptions = (subscription(splits=(key,)),)
        return story

    def test_is_sold_to_and_billed_for_its_party(self) -> None:
        story = self._seller("percent", 75, 25)
        story.run("2026-01-01")

        told = [(one.party, one.bill_to, str(one.net), one.ref.revision) for one in charges(story)]
        assert told == [("A", "A", "21.00 EUR", 0), ("B", "B", "63.00 EUR", 1)]
        assert charges(story)[0].basis[-1] == "A bears 25 % of 84.00 EUR: 21.00 EUR"

    @pytest.mark.parametrize(("by", "words"), [("headcount", "1 of 4 heads"), ("seats", "1 of 4 seats")])
    def test_says_its_measure(self, by: Any, words: str) -> None:
        story = self._seller(by, 3, 1)
        story.run("2026-01-01")

        assert words in charges(story)[0].basis[-1]

    def test_of_a_change_goes_on_from_the_revisions_before(self) -> None:
        story = self._seller("percent", 75, 25)
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5))
        story.run("2026-01-16")

        back = charges(story)[2:]
        assert [(one.party, str(one.net), one.ref.revision, one.reverses) for one in back] == [
            ("A", "-5.42 EUR", 2, 0),
            ("B", "-16.26 EUR", 3, 1),
        ]

    def test_is_taxed_as_its_own_payer_is_also_when_it_changes(self) -> None:
        story = self._seller("percent", 75, 25)
        parties = (party("ACME"), party("A", country="US"), party("B"))
        story.setup = replace(story.setup, parties=parties)
        story.run("2026-01-01")
        story.change(held("2026-01-16", 20))
        story.run("2026-01-16")

        assert [(one.party, one.tax_code) for one in charges(story)] == [
            ("A", "DE0"),
            ("B", "DE19"),
            ("A", "DE0"),
            ("B", "DE19"),
        ]

    def test_is_held_with_the_check_of_its_payer_by_name(self) -> None:
        story = self._seller("percent", 75, 25)
        parties = (party("ACME"), party("A", country="FR"), party("B"))
        story.setup = replace(story.setup, parties=parties)
        story.run("2026-01-01")

        assert story.last is not None
        held_by = {draft.document.bill_to.code: draft.checks for draft in story.last.drafts}
        assert [(check.code, check.subscription) for check in held_by["A"]] == [("missing_tax_id", "S1")]

    def test_of_an_unknown_party_stops_the_subscription(self) -> None:
        story = self._seller("percent", 75, 25)
        story.setup = replace(story.setup, parties=(party("ACME"), party("A")))

        assert story.run("2026-01-01") == ()
        assert story.last is not None
        assert "bills to B, which is unknown" in story.last.checks[0].sentence

    def test_of_no_weight_is_nothing(self) -> None:
        story = self._seller("seats", 10, 0)
        story.run("2026-01-01")

        assert [one.party for one in charges(story)] == ["B"]


class TestAProvidersLine:
    def test_is_a_charge_with_everything(self) -> None:
        service = Period(day("2026-01-15"), day("2026-02-15"))
        line = ProviderCharge(
            key="K1", subscription="S1", invoice="G7", charge_type="new", on=day("2026-01-15"),
            service=service, quantity=dec(10), net=dec("200.00"), currency="EUR",
        )  # fmt: skip
        story = seller(
            bill_by="provider_lines",
            margin_percent=dec(20),
            show_margin=True,
            bill_to="party:PAYER",
            world={"parties": (party("ACME"), party("PAYER"))},
        )
        story.provider_charges = (line,)
        story.run("2026-01-20")

        [charge] = charges(story)
        assert charge.ref == ChargeRef("S1", day("2026-01-15"), 0)
        assert (charge.kind, charge.product, charge.contract) == ("recurring", "E3", "C-ACME")
        assert (charge.party, charge.bill_to) == ("ACME", "PAYER")
        assert (charge.service, charge.cycle) == (service, service)
        assert (charge.net, charge.cost) == (Money(25000, "EUR"), Money(20000, "EUR"))
        assert (charge.quantity, charge.unit_price) == (1, 250)
        assert (charge.tax_code, charge.tax_percent, charge.tax_treatment) == ("DE19", 19, "domestic")
        assert charge.provider_keys == ("K1",)
        assert charge.facts.price.source == "the provider's invoice G7"
        assert (charge.facts.months, charge.facts.known_until) == (0, day("2026-01-20"))
        assert charge.facts.spans[0].quantity == 10
        [part] = charge.printed
        assert (part.quantity, part.unit_price, part.net) == (10, 25, Money(25000, "EUR"))
        assert part.basis == (
            "new of 2026-01-15, 10 x 2026-01-15..2026-02-14",
            "cost 200.00 EUR, margin 50.00 EUR (20.00 %)",
        )
