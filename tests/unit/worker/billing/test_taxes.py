"""How a line is taxed: treatment, rate of the tax day, rounding, and corrections of a changed rate."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.document import Document
from mappings.canonical.money import Money
from mappings.canonical.party import Address, Exemption, FxRate, Registration, TaxRate, TaxRule
from mappings.canonical.period import Period
from tests.unit.worker.billing.world import (
    E3,
    SELLER,
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
)
from worker.billing.bill import bill_group
from worker.billing.finalise import finalise
from worker.billing.tax_ids import why_wrong
from worker.billing.tax_points import TABLE, TaxPointRow, tax_day, tax_point_notice, tax_point_of
from worker.billing.taxes import Taxed, tax_of, tax_totals
from worker.billing.treatments import treatment_of
from worker.billing.values import Check, GroupState

ON = day("2026-01-31")
WIEN = party("WIEN", country="AT", tax_ids=(Registration("AT", "ATU12345675"),))


def treated(buyer: Any, issuer: Any = SELLER) -> tuple[str, str, tuple[str, ...]]:
    found = treatment_of(issuer, buyer, E3, on=ON)
    return found.treatment, found.code, tuple(check.code for check in found.checks)


class TestATreatment:
    @pytest.mark.parametrize(
        ("buyer", "expected"),
        [
            (party("A"), ("domestic", "DE19", ())),
            (WIEN, ("reverse_charge", "DE0", ())),
            (party("A", country="AT"), ("domestic", "DE19", ("missing_tax_id",))),
            (
                party("A", country="AT", tax_ids=(Registration("AT", "ATU12345676"),)),
                ("domestic", "DE19", ("invalid_tax_id",)),
            ),
            (
                party("A", country="GR", tax_ids=(Registration("EL", "EL094259216"),)),
                ("reverse_charge", "DE0", ()),
            ),
            (
                party("A", country="AT", tax_ids=(Registration("AT", "ATU12345675", until=ON),)),
                ("domestic", "DE19", ("missing_tax_id",)),
            ),
            (party("A", country="GB"), ("export", "DE0", ())),
            (party("A", country=""), ("domestic", "DE19", ("missing_address",))),
        ],
    )
    def test_follows_the_country_and_the_tax_id(self, buyer: Any, expected: object) -> None:
        assert treated(buyer) == expected

    def test_takes_the_code_for_reverse_charge_where_there_is_one(self) -> None:
        issuer = replace(SELLER, reverse_charge_tax_code="DE7")

        assert treated(WIEN, issuer) == ("reverse_charge", "DE7", ())

    def test_is_none_for_an_issuer_without_codes(self) -> None:
        issuer = replace(SELLER, domestic_tax_code="", export_tax_code="")

        assert treated(party("A", country=""), issuer) == ("", "", ())

    def test_is_exempt_by_a_certificate_on_its_days_alone(self) -> None:
        certificate = Exemption("resale", "R-1", "DE", day("2026-01-31"), from_=day("2026-01-01"))
        buyer = party("A", exemptions=(certificate,))
        on = {text: treatment_of(SELLER, buyer, E3, on=day(text)) for text in ("2025-12-31", "2026-01-31")}
        late = treatment_of(SELLER, buyer, E3, on=day("2026-02-01"))

        assert (on["2025-12-31"].treatment, on["2025-12-31"].checks) == ("domestic", ())
        assert (on["2026-01-31"].treatment, on["2026-01-31"].reason) == (
            "exempt",
            "Exempt: resale, certificate R-1",
        )
        assert (late.treatment, [check.code for check in late.checks]) == (
            "domestic",
            ["certificate_expired"],
        )

    def test_knows_only_certificates_of_its_own_state(self) -> None:
        issuer = replace(SELLER, country="US")
        texas = Address(country="US", region="TX")
        buyer = replace(party("A", country="US"), bill_to_address=Address(country="US", region="NY"))
        buyer = replace(buyer, exemptions=(Exemption("resale", "R", "US", None, "TX", None, "resale"),))

        assert treated(buyer, issuer)[0] == "domestic"
        assert treated(replace(buyer, ship_to_address=texas), issuer)[0] == "exempt"


class TestARuleOfTheIssuer:
    RULES = (
        TaxRule("out_of_scope", products=("M365",), countries=("CH",), reason="paid in Switzerland"),
        TaxRule("reverse_charge", "DE0", ("EU",), tax_id="with"),
        TaxRule("domestic", "DE7", ("DE",), until=day("2026-01-31")),
        TaxRule("domestic", "DE19", ("DE", "EU")),
    )
    ISSUER = replace(SELLER, tax_rules=RULES)

    def test_decides_in_their_order(self) -> None:
        assert treated(party("A", country="CH"), self.ISSUER)[0] == "out_of_scope"
        assert treated(WIEN, self.ISSUER)[:2] == ("reverse_charge", "DE0")
        assert treated(party("A", country="AT"), self.ISSUER)[:2] == ("domestic", "DE19")
        assert treated(party("A"), self.ISSUER)[:2] == ("domestic", "DE19")
        earlier = treatment_of(self.ISSUER, party("A"), E3, on=day("2026-01-30"))
        assert earlier.code == "DE7"

    def test_holds_what_none_of_them_fits(self) -> None:
        assert treated(party("A", country="US"), self.ISSUER) == ("", "", ("tax_treatment_missing",))

    def test_lets_what_is_out_of_scope_stand_alone(self) -> None:
        issuer = replace(
            SELLER,
            tax_rules=(TaxRule("out_of_scope", products=("TOOL",)), TaxRule("domestic", "DE19")),
        )
        tool = replace(E3, code="TOOL", family="")
        prices = price_list("LIST", per_seat("8.40"), per_seat("1.00", product="TOOL"))
        seller = Seller(
            setup(issuers=(issuer,), products=(E3, tool), price_lists=(prices,)),
            (subscription(), subscription("S2", product="TOOL")),
            (held("2026-01-01", 1), held("2026-01-01", 1, "S2")),
        )

        documents = seller.run("2026-01-01")

        assert [[line.tax_treatment for line in one.lines] for one in documents] == [
            ["domestic"],
            ["out_of_scope"],
        ]


class TestTheTaxDay:
    @pytest.mark.parametrize(
        ("point", "expected"),
        [("document_date", "2026-03-05"), ("service_from", "2026-03-01"), ("service_end", "2026-03-31")],
    )
    def test_is_what_the_issuer_says(self, point: Any, expected: str) -> None:
        march = Period(day("2026-03-01"), day("2026-04-01"))
        issuer = replace(SELLER, country="FR", tax_point=point)

        assert tax_day(issuer, march, document_date=day("2026-03-05")) == day(expected)

    def test_is_told_where_the_law_of_a_country_is_not_known(self) -> None:
        unknown = replace(SELLER, country="FR")
        notice = tax_point_notice(unknown, on=ON)

        assert notice is not None
        assert notice.code == "tax_point_assumed"
        assert tax_point_notice(SELLER, on=ON) is None
        assert tax_point_notice(replace(unknown, tax_point="service_end"), on=ON) is None

    @pytest.mark.parametrize(
        ("country", "since", "point"),
        [
            ("GB", "1995-10-20", "document_date"),
            ("DE", "1980-01-01", "service_end"),
            ("AT", "1995-01-01", "service_end"),
            ("US", "1900-01-01", "document_date"),
            ("AU", "2000-07-01", "document_date"),
            ("NZ", "1986-10-01", "document_date"),
        ],
    )
    def test_is_by_the_law_of_a_country_since_its_day(self, country: str, since: str, point: str) -> None:
        issuer = replace(SELLER, country=country)
        before = day(since) - timedelta(days=1)

        assert tax_point_of(issuer, on=day(since)) == point
        assert tax_point_of(issuer, on=before) is None

    def test_of_no_days_is_the_day_itself(self) -> None:
        moment = Period(day("2026-03-05"), day("2026-03-05"))
        issuer = replace(SELLER, tax_point="service_end")

        assert tax_day(issuer, moment, document_date=day("2026-04-01")) == day("2026-03-05")

    @pytest.mark.parametrize("row", TABLE, ids=lambda row: row.country)
    def test_rests_on_a_public_page_for_every_country(self, row: TaxPointRow) -> None:
        assert row.rule
        assert row.source.startswith("http")


def rated(*rates: TaxRate, **more: Any) -> Any:
    return replace(SELLER, tax_rates=rates, **more)


class TestAChangedRate:
    OLD = TaxRate("DE19", "19")
    NEW = (TaxRate("DE19", "19", None, day("2026-01-20")), TaxRate("DE19", "16", day("2026-01-20")))

    def _billed(self, **more: Any) -> Seller:
        seller = Seller(
            setup(issuers=(rated(self.OLD, **more),)), (subscription(),), (held("2026-01-01", 31),)
        )
        seller.run("2026-01-01")
        seller.setup = replace(seller.setup, issuers=(rated(*self.NEW, **more),))
        return seller

    def test_is_corrected_by_difference_and_once(self) -> None:
        seller = self._billed()

        credit, invoice = seller.run("2026-01-10")

        assert (credit.net, credit.tax, credit.lines[0].tax_percent) == (
            Money(26040, "EUR"),
            Money(4948, "EUR"),
            19,
        )
        assert (invoice.net, invoice.tax, invoice.lines[0].tax_percent) == (
            Money(26040, "EUR"),
            Money(4166, "EUR"),
            16,
        )
        assert seller.run("2026-01-11") == ()

    def test_of_what_is_left_after_a_reduction_of_the_same_run(self) -> None:
        seller = self._billed()
        seller.change(held("2026-01-17", 0, status="cancelled"))

        documents = seller.run("2026-01-17")

        by_rate = {
            percent: sum(
                (1 if one.kind == "invoice" else -1) * line.net.minor
                for one in seller.documents
                for line in one.lines
                if line.tax_percent == percent
            )
            for percent in (19, 16)
        }
        assert len(documents) == 2
        assert by_rate == {19: 0, 16: 13440}
        assert seller.run("2026-01-18") == ()

    def test_is_left_where_the_document_date_counts(self) -> None:
        assert self._billed(tax_point="document_date").run("2026-01-25") == ()


class TestTotals:
    @given(
        st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["19", "7", "2.5"]), st.integers(-9999, 9999))),
        st.sampled_from(["per_line", "per_rate", "per_document"]),
        st.sampled_from(["half_up", "half_down", "down"]),
    )
    def test_are_shared_by_the_sections_to_the_last_cent(
        self, given_lines: list[tuple[int, str, int]], rounding: Any, mode: Any
    ) -> None:
        lines = [Taxed(section, "T", dec(percent), net) for section, percent, net in given_lines]
        issuer = replace(SELLER, tax_rounding=rounding, tax_rounding_mode=mode)

        totals, shares = tax_totals(lines, issuer, "EUR", sections=3)

        assert sum(one.tax.minor for one in totals) == sum(share.minor for share in shares)
        assert sum(one.base.minor for one in totals) == sum(line.net for line in lines)

    def test_part_by_treatment_and_reason(self) -> None:
        lines = [
            Taxed(0, "Z", Decimal(0), 100, "export", "abroad"),
            Taxed(0, "Z", Decimal(0), 200, "reverse_charge", "Reverse charge"),
        ]

        totals, _ = tax_totals(lines, SELLER, "EUR", sections=1)

        assert [(one.treatment, one.base.minor) for one in totals] == [
            ("export", 100),
            ("reverse_charge", 200),
        ]


class TestTheTaxCurrency:
    def _released(self, *rates: FxRate, **issuer: Any) -> Document | Check:
        seller = replace(SELLER, tax_point="document_date", **issuer)
        world = setup(issuers=(seller,), price_lists=(price_list("LIST", per_seat("8.40"), currency="SEK"),))
        draft = Seller(world, (subscription(),), (held("2026-01-01", 10),))
        state_document = draft_of(draft)
        return finalise(
            state_document,
            number="INV-1",
            series="INV",
            on=day("2026-01-05"),
            as_of=day("2026-01-05"),
            issuer=seller,
            rates=rates,
        )

    def test_is_the_home_currency_at_the_rate_of_the_document(self) -> None:
        done = self._released(FxRate("SEK", "EUR", day("2026-01-05"), "0.0881", "ECB"))

        assert isinstance(done, Document)
        assert done.converted_tax is not None
        assert (str(done.tax), str(done.converted_tax.tax)) == ("15.96 SEK", "1.41 EUR")
        assert (done.converted_tax.rate, done.converted_tax.source) == (dec("0.0881"), "ECB")

    def test_may_be_another_with_a_rate_of_its_own(self) -> None:
        home = FxRate("SEK", "EUR", day("2026-01-05"), "0.0881", "ECB")
        own = FxRate("SEK", "GBP", day("2026-01-05"), "0.0766", "BoE")

        missing, done = (
            self._released(home, tax_currency="GBP"),
            self._released(home, own, tax_currency="GBP"),
        )

        assert isinstance(missing, Check)
        assert missing.code == "rate_missing"
        assert isinstance(done, Document)
        assert done.converted_tax is not None
        assert str(done.converted_tax.tax) == "1.22 GBP"


def draft_of(seller: Seller) -> Document:

    state = GroupState(seller.setup, seller.subscriptions, seller.versions)
    [draft] = bill_group(state, as_of=day("2026-01-05")).drafts
    return draft.document


class TestATaxId:
    def test_of_a_country_without_a_known_form_passes(self) -> None:
        assert why_wrong("AE", "100000000000003") == ""

    def test_of_the_wrong_length_is_wrong(self) -> None:
        assert why_wrong("DE", "DE12")


class TestAContractsOwnCode:
    def test_is_taken_with_what_it_means(self) -> None:

        own = tax_of(contract(tax_code="DE7"), SELLER, WIEN, E3, on=ON)
        none = tax_of(contract(tax_code="DE0"), SELLER, WIEN, E3, on=ON)
        lost = tax_of(contract(tax_code="NOPE"), SELLER, WIEN, E3, on=ON)

        assert (own.treatment, own.percent) == ("domestic", 7)
        assert (none.treatment, none.reason) == ("reverse_charge", "Reverse charge")
        assert [check.code for check in lost.checks] == ["tax_rate_missing"]


class TestAnInvoice:
    def test_prints_treatment_and_reason_on_lines_and_totals(self) -> None:
        seller = Seller(
            setup(parties=(replace(WIEN, code="ACME"),)), (subscription(),), (held("2026-01-01", 1),)
        )

        invoice = only(seller.run("2026-01-01"))

        assert (invoice.lines[0].tax_treatment, invoice.lines[0].tax_reason) == (
            "reverse_charge",
            "Reverse charge",
        )
        assert (invoice.taxes[0].treatment, invoice.tax) == ("reverse_charge", Money(0, "EUR"))
