"""Which document a charge goes on, its tax, and what holds it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mappings.canonical.document import Document
from mappings.canonical.party import FxPolicy, FxRate, TaxRate
from tests.unit.worker.billing.world import (
    SELLER,
    Product,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
)
from worker.billing import Check, GroupState, bill_group, explain, finalise


def _two_rates(**policy: Any) -> Seller:
    """Three lines of 0.45 at 19 % and one of 0.45 at 7 %, all on one document."""
    codes = ("A", "B", "C", "D")
    return Seller(
        setup(
            issuers=(replace(SELLER, **policy),),
            products=tuple(Product(code, code) for code in codes),
            price_lists=(price_list("LIST", *(per_seat("0.45", product=code) for code in codes)),),
            contracts=(contract(), contract(code="REDUCED", tax_code="DE7")),
        ),
        tuple(
            subscription(code, product=code, contract="REDUCED" if code == "D" else "C-ACME")
            for code in codes
        ),
        tuple(held("2026-01-01", 1, code) for code in codes),
    )


class TestTax:
    """3 x 0.45 = 1.35 at 19 % = 0.2565; 0.45 at 7 % = 0.0315; together 0.288."""

    def test_is_rounded_once_per_rate(self) -> None:
        invoice = only(_two_rates().run("2026-01-01"))

        assert [(one.code, str(one.base), str(one.tax)) for one in invoice.taxes] == [
            ("DE19", "1.35 EUR", "0.26 EUR"),
            ("DE7", "0.45 EUR", "0.03 EUR"),
        ]

    def test_is_rounded_for_each_rate_by_itself(self) -> None:
        """0.50 at 7 % = 0.035 -> 0.04; 1.50 at 19 % = 0.285 -> 0.29; rounded together they were 0.32."""
        listed = price_list("LIST", per_seat("0.50", product="A"), per_seat("1.50", product="B"))
        seller = Seller(
            setup(
                products=(Product("A", "A"), Product("B", "B")),
                price_lists=(listed,),
                contracts=(contract(), contract(code="REDUCED", tax_code="DE7")),
            ),
            (
                subscription("A", product="A", contract="REDUCED"),
                subscription("B", product="B", contract="C-ACME"),
            ),
            (held("2026-01-01", 1, "A"), held("2026-01-01", 1, "B")),
        )

        invoice = only(seller.run("2026-01-01"))

        assert [(one.code, str(one.tax)) for one in invoice.taxes] == [
            ("DE19", "0.29 EUR"),
            ("DE7", "0.04 EUR"),
        ]

    def test_is_rounded_per_line_where_the_issuer_says_so(self) -> None:
        """0.0855 -> 0.09 three times."""
        invoice = only(_two_rates(tax_rounding="per_line").run("2026-01-01"))

        assert [str(one.tax) for one in invoice.taxes] == ["0.27 EUR", "0.03 EUR"]

    def test_is_rounded_once_per_document_where_the_issuer_says_so(self) -> None:
        invoice = only(_two_rates(tax_rounding="per_document").run("2026-01-01"))

        assert [str(one.tax) for one in invoice.taxes] == ["0.26 EUR", "0.03 EUR"]
        assert str(invoice.tax) == "0.29 EUR"

    def test_is_cut_where_the_issuer_says_so(self) -> None:
        invoice = only(_two_rates(tax_rounding_mode="down").run("2026-01-01"))

        assert [str(one.tax) for one in invoice.taxes] == ["0.25 EUR", "0.03 EUR"]

    def test_is_provisional_where_the_ledger_computes_it(self) -> None:
        assert only(_two_rates(tax_rounding="ledger").run("2026-01-01")).tax_mode == "ledger"

    def test_of_a_credit_is_the_rate_of_its_original(self) -> None:
        issuer = replace(
            SELLER,
            tax_point="document_date",
            tax_rates=(
                TaxRate("DE19", "19", None, day("2026-01-15")),
                TaxRate("DE19", "21", day("2026-01-15")),
            ),
        )
        seller = Seller(setup(issuers=(issuer,)), (subscription(),), (held("2026-01-01", 31),))
        seller.run("2026-01-01")
        seller.change(held("2026-01-22", 0, status="cancelled"))

        credit = only(seller.run("2026-01-22"))

        assert credit.taxes[0].percent == 19

    def test_of_an_addition_is_the_rate_of_its_own_day(self) -> None:
        issuer = replace(
            SELLER,
            tax_point="document_date",
            tax_rates=(
                TaxRate("DE19", "19", None, day("2026-01-15")),
                TaxRate("DE19", "21", day("2026-01-15")),
            ),
        )
        seller = Seller(setup(issuers=(issuer,)), (subscription(),), (held("2026-01-01", 31),))
        seller.run("2026-01-01")
        seller.change(held("2026-01-22", 62))

        assert only(seller.run("2026-01-22")).taxes[0].percent == 21


class TestAHeldDraft:
    def _held_code(self, seller: Seller) -> str:
        assert seller.run("2026-01-01") == ()
        assert seller.last is not None
        assert (seller.last.account.held, seller.last.account.billed) == (1, 0)
        [draft] = seller.last.drafts
        return draft.checks[0].code

    def test_lacks_the_country_that_decides_the_tax(self) -> None:
        seller = Seller(
            setup(parties=(party("ACME", country=""),)), (subscription(),), (held("2026-01-01", 1),)
        )

        assert self._held_code(seller) == "missing_address"

    def test_lacks_a_tax_rate(self) -> None:
        seller = Seller(
            setup(contracts=(contract(tax_code="NOPE"),)), (subscription(),), (held("2026-01-01", 1),)
        )

        assert self._held_code(seller) == "tax_rate_missing"

    def test_would_be_sold_below_cost(self) -> None:
        seller = Seller(
            setup(price_lists=(price_list("LIST", per_seat("8.40", cost=dec("8.41"))),)),
            (subscription(),),
            (held("2026-01-01", 1),),
        )

        assert self._held_code(seller) == "margin_negative"

    def test_would_bill_the_whole_past_at_once(self) -> None:
        seller = Seller(setup(), (subscription(anchor=day("2022-01-01")),), (held("2022-01-01", 1),))

        assert self._held_code(seller) == "runaway_count"

    def test_is_computed_again_when_its_cause_is_gone(self) -> None:
        seller = Seller(
            setup(parties=(party("ACME", country=""),)), (subscription(),), (held("2026-01-01", 1),)
        )
        seller.run("2026-01-01")
        seller.setup = setup()

        assert str(only(seller.run("2026-01-02")).net) == "8.40 EUR"


class TestAPriceByCost:
    def test_adds_the_markup_to_the_cost(self) -> None:
        """Cost 7.00 plus 15 %: 8.05 a seat."""
        seller = Seller(
            setup(
                price_lists=(price_list("LIST", per_seat("99", cost=dec("7.00"))),),
                contracts=(contract(markup_percent=dec(15)),),
            ),
            (subscription(),),
            (held("2026-01-01", 10),),
        )

        line = only(seller.run("2026-01-01")).lines[0]

        assert (str(line.net), line.basis[-1]) == ("80.50 EUR", "price: cost 7.00 EUR plus 15 %")


class TestARefund:
    def _seller(self, method: str) -> Seller:
        """10 seats of January paid; 5 go on 17 January: 5 x 8.40 x 15/31 = 20.32."""
        seller = Seller(
            setup(contracts=(contract(refund_method=method),)), (subscription(),), (held("2026-01-01", 10),)
        )
        seller.run("2026-01-01")
        seller.change(held("2026-01-17", 5))
        return seller

    def test_is_a_credit_note_unless_agreed_otherwise(self) -> None:
        assert only(self._seller("credit_note").run("2026-01-17")).kind == "credit_note"

    def test_waits_for_the_next_invoice_where_it_is_netted(self) -> None:
        seller = self._seller("net_next")

        assert seller.run("2026-01-17") == ()
        assert seller.last is not None
        assert [notice.code for notice in seller.last.notices] == ["credit_waits"]
        february = only(seller.run("2026-02-01"))
        assert [str(line.net) for line in february.lines] == ["-20.32 EUR", "42.00 EUR"]
        assert february.lines[0].original is not None
        assert seller.run("2026-02-15") == ()

    def test_never_makes_an_invoice_negative(self) -> None:
        """9 of 10 seats go: 9 x 8.40 x 30/31 = 73.16 to refund; February is 8.40: the rest, 64.76, is a
        credit note."""
        seller = self._seller("net_next")
        seller.versions = (held("2026-01-01", 10), held("2026-01-02", 1))

        invoice, credit = sorted(seller.run("2026-02-01"), key=lambda one: one.kind, reverse=True)

        assert (str(invoice.net), str(credit.net)) == ("0.00 EUR", "64.76 EUR")
        assert seller.run("2026-02-02") == ()

    def test_is_a_credit_note_when_no_invoice_comes(self) -> None:
        seller = self._seller("net_next")
        seller.change(held("2026-01-18", 0, status="cancelled"))

        assert only(seller.run("2026-01-18")).kind == "credit_note"

    def test_is_not_given_where_the_contract_says_none(self) -> None:
        seller = self._seller("none")

        assert seller.run("2026-01-17") == ()
        assert seller.last is not None
        assert [notice.code for notice in seller.last.notices] == ["not_refunded"]


class TestTheAccount:
    def test_names_what_has_no_contract_and_what_has_no_price(self) -> None:
        seller = Seller(
            setup(
                parties=(party("ACME"), party("LONER")),
                products=(Product("E3", "E3"), Product("E5", "E5")),
            ),
            (
                subscription("BILLED"),
                subscription("LOST", party="", tenant="1234"),
                subscription("NOBODY", party="LONER"),
                subscription("UNPRICED", product="E5"),
                subscription("LATER", anchor=day("2027-01-01")),
            ),
            (
                *(held("2026-01-01", 1, code) for code in ("BILLED", "LOST", "NOBODY", "UNPRICED")),
                held("2027-01-01", 1, "LATER"),
            ),
        )

        seller.run("2026-01-01")

        assert seller.last is not None
        assert seller.last.account.sentence() == (
            "4 active subscriptions = 1 billed + 0 nothing due + 0 held + 2 unassigned + 1 unpriced"
            " + 0 excluded"
        )
        assert [(reason.column, reason.subscriptions) for reason in seller.last.account.reasons] == [
            ("unassigned", ("LOST",)),
            ("unassigned", ("NOBODY",)),
            ("unpriced", ("UNPRICED",)),
        ]
        assert "1234" in seller.last.account.reasons[0].sentence


class TestAnExplanation:
    def test_sums_to_the_document(self) -> None:
        seller = Seller(setup(), (subscription(),), (held("2026-01-01", 10), held("2026-01-20", 12)))
        document = only(seller.run("2026-02-01"))

        lines = explain(document)

        assert [line.steps for line in lines] == [line.basis for line in document.lines]
        assert lines[-1].running == document.net


class TestAForeignInvoice:
    def test_takes_the_rate_of_its_tax_point_or_waits(self) -> None:
        world = setup(price_lists=(price_list("LIST", per_seat("8.40"), currency="SEK"),))
        state = GroupState(world, (subscription(),), (held("2026-01-01", 10),))
        [draft] = bill_group(state, as_of=day("2026-01-05")).drafts
        rates = (FxRate("SEK", "EUR", day("2026-01-05"), "0.0881", "ECB"),)

        def release(on: str) -> Document | Check:
            return finalise(
                draft.document,
                number="INV-1",
                series="INV",
                on=day(on),
                as_of=day("2026-01-05"),
                issuer=SELLER,
                rates=rates,
            )

        late, done = release("2026-01-06"), release("2026-01-05")

        assert isinstance(late, Check)
        assert late.code == "rate_missing"
        assert isinstance(done, Document)
        assert (done.exchange_rate, done.exchange_rate_source) == (Decimal("0.0881"), "ECB")

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            (FxPolicy(), ("2026-01-31", "0.0901")),
            (FxPolicy(date="document_date"), ("2026-02-05", "0.0902")),
            (FxPolicy(date="month_fixed"), ("2026-01-01", "0.0900")),
            (FxPolicy("BoE"), ("2026-01-31", "0.0950")),
        ],
    )
    def test_takes_the_rate_its_issuer_says(self, policy: FxPolicy, expected: tuple[str, str]) -> None:
        """January is billed in arrears on 5 February: its tax point in Germany is 31 January."""
        rates = (
            FxRate("SEK", "EUR", day("2026-01-01"), "0.0900", "ECB"),
            FxRate("SEK", "EUR", day("2026-01-31"), "0.0901", "ECB"),
            FxRate("SEK", "EUR", day("2026-01-31"), "0.0950", "BoE"),
            FxRate("SEK", "EUR", day("2026-02-05"), "0.0902", "ECB"),
        )
        world = setup(
            issuers=(replace(SELLER, fx=policy),),
            price_lists=(price_list("LIST", per_seat("8.40"), currency="SEK"),),
            contracts=(contract(timing="arrears"),),
            fx_rates=rates,
        )

        document = only(Seller(world, (subscription(),), (held("2026-01-01", 10),)).run("2026-02-05"))

        assert (document.exchange_rate_on, document.exchange_rate) == (day(expected[0]), Decimal(expected[1]))
