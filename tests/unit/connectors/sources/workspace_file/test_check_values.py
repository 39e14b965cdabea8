"""Wrong values: each is refused at its path with its own sentence."""

from __future__ import annotations

import pytest

from connectors.sources.workspace_file import WorkspaceError, read_workspace
from tests.unit.connectors.sources.workspace_file.small_file import (
    SMALL,
    as_json,
    errors,
    put,
    told,
    warnings,
    workspace_of,
)

PRICE = "price_lists.0.prices.0"


class TestValues:
    @pytest.mark.parametrize(
        ("path", "value", "place", "sentence"),
        [
            (
                "issuers.0.home_currency",
                "eur",
                "issuers[0].home_currency",
                '"eur" is not a currency we can bill in.',
            ),
            ("issuers.0.home_currency", "€", "issuers[0].home_currency", "is not a currency"),
            (
                "price_lists.0.currency",
                "DEM",
                "price_lists[0].currency",
                '"DEM" is not a currency we can bill in.',
            ),
            (
                "price_lists.0.currency",
                "XXX",
                "price_lists[0].currency",
                '"XXX" is not a currency we can bill in.',
            ),
            ("issuers.0.country", "UK", "issuers[0].country", '"UK" is not a country code.'),
            (
                "parties.0.bill_to_address",
                {"country": "de"},
                "parties[0].bill_to_address.country",
                '"de" is not',
            ),
            ("issuers.0.timezone", "EST", "issuers[0].timezone", '"EST" is not a time zone we know.'),
            ("issuers.0.timezone", "UTC+25", "issuers[0].timezone", '"UTC+25" is not a time zone'),
            ("issuers.0.timezone", "Europe/Berlino", "issuers[0].timezone", "is not a time zone"),
            ("issuers.0.timezone", "../etc/passwd", "issuers[0].timezone", "is not a time zone"),
            ("issuers.0.language", "Deutsch", "issuers[0].language", "is not a language code"),
            ("issuers.0.payment_terms_days", -1, "issuers[0].payment_terms_days", "-1 days to pay"),
            (
                "issuers.0.bank_accounts",
                [{"currency": "EUR", "iban": "DE00370400440532013000"}],
                "",
                "not an IBAN",
            ),
            (
                "issuers.0.bank_accounts",
                [{"currency": "EUR"}],
                "issuers[0].bank_accounts[0]",
                "neither `iban` nor",
            ),
            ("issuers.0.tax_rates.0.percent", "119", "issuers[0].tax_rates[0].percent", "more than 100"),
            (
                "issuers.0.tax_rates.1",
                {"code": "S", "percent": "7"},
                "issuers[0].tax_rates[1]",
                "two rates at once",
            ),
            ("issuers.0.series.0.pattern", "INV", "issuers[0].series[0].pattern", "needs exactly one {n}"),
            (
                "issuers.0.series.0.pattern",
                "{n}-{n}",
                "issuers[0].series[0].pattern",
                "needs exactly one {n}",
            ),
            (
                "issuers.0.series.0.pattern",
                "I-{day}-{n}",
                "issuers[0].series[0].pattern",
                "has a place that is not",
            ),
            ("issuers.0.series.0.pattern", "={n}", "issuers[0].series[0].pattern", "which a ledger refuses"),
            (
                "issuers.0.series.0.pattern",
                "VERY-LONG-{year}-{n:08}",
                "issuers[0].series[0].pattern",
                "numbers of 23 characters",
            ),
            (
                "issuers.0.series.0.pattern",
                "CRN-{year}-{n:05}",
                "issuers[0].series[1].pattern",
                "the same numbers",
            ),
            ("issuers.0.series.0.reset", "year", "", None),
            ("parties.0.name", " ", "parties[0].name", "the name is blank."),
            ("parties.0.name", "A\nB", "parties[0].name", "holds the character U+000A"),
            ("parties.0.name", "A\u202eB", "parties[0].name", "holds the character U+202E"),
            ("parties.1.emails", ["a@b.c"], "parties[1].emails[0]", "is not an e-mail address"),
            ("parties.1.emails", ["a@b.de\nBcc: x@y.de"], "parties[1].emails[0]", "is not an e-mail address"),
            ("parties.1.emails", ["a@b.de, c@d.de"], "parties[1].emails[0]", "is not an e-mail address"),
            (
                "parties.1.emails",
                [f"a{n}@b.de" for n in range(50)],
                "parties[1].emails",
                "there are 50 addresses",
            ),
            ("parties.1.ledger_ids", {"BOOK": "a\nb"}, "parties[1].ledger_ids.BOOK", "is not an id"),
            (
                "parties.1.exemptions",
                [{"reason": "resale", "certificate": " "}],
                "",
                "the certificate is blank",
            ),
            ("parties.0.tenants", ["t", "T"], "parties[0].tenants[1]", 'the tenant "T" is already at'),
            ("fx_rates.0.rate", "0", "fx_rates[0].rate", "it must be more than 0."),
            ("fx_rates.0.rate", "-1.2", "fx_rates[0].rate", "it must be more than 0."),
            ("fx_rates.0.currency", "EUR", "fx_rates[0]", "EUR needs no rate to itself."),
            ("contracts.0.until", "2025-12-31", "contracts[0].until", "it ends (2025-12-31) before"),
            ("contracts.0.from", "1066-10-14", "contracts[0]", "the day 1066-10-14 is not believed."),
            ("contracts.0.bill_to", "parents", "contracts[0].bill_to", '"parents" is not a way to bill.'),
            (
                "contracts.0.bill_to",
                "party:X",
                "contracts[0].bill_to",
                'there is no party with the code "X".',
            ),
            ("contracts.0.bill_to", "party:", "contracts[0].bill_to", "`party:` names nobody."),
            ("contracts.0.alignment", "anchor:31.1.", "contracts[0].alignment", "is not an alignment"),
            (
                "contracts.0.discounts",
                [{"percent": "100.5"}],
                "contracts[0].discounts[0].percent",
                "more than the price",
            ),
            (
                "contracts.0.discounts",
                [{"percent": "99999"}],
                "contracts[0].discounts[0].percent",
                "not believed",
            ),
            ("contracts.0.markup_percent", "-101", "contracts[0].markup_percent", "must be at least -100"),
            ("pools.0.period", "P1W", "pools[0].period", '"P1W" is not a term.'),
            (
                "pools.0.allocation",
                "in_order",
                "pools[0].in_order",
                "allocation in_order and an `in_order` of 0",
            ),
            ("pools.0.products", [], "pools[0].products", "pool POOL pools nothing."),
            (
                "opening_charges.0.net",
                "118.805",
                "opening_charges[0].net",
                "118.805 is not an amount of EUR.",
            ),
            (
                "opening_charges.0.until",
                "2026-01-01",
                "opening_charges[0].until",
                "before or on the day it begins",
            ),
            (
                "opening_charges.0.number",
                " ",
                "opening_charges[0].number",
                "the number of the old document is blank.",
            ),
            (
                "opening_charges.0.exchange_rate",
                "0",
                "opening_charges[0].exchange_rate",
                "must be more than 0",
            ),
            ("usage.0.quantity", "-1", "usage[0].quantity", "it cannot be negative."),
        ],
    )
    def test_are_refused_at_their_place(
        self, path: str, value: object, place: str, sentence: str | None
    ) -> None:
        """Bad inputs 27, 28, 29, 33, 35 and 36."""
        findings = errors(put(path, value))

        if sentence is None:
            assert findings == ()
            return
        assert any(
            finding.path.startswith(place) and sentence in finding.sentence and finding.line and finding.fix
            for finding in findings
        ), told(findings)

    def test_need_the_year_in_numbers_that_begin_anew(self) -> None:
        series = {"code": "INV", "kind": "invoice", "pattern": "INV-{n}", "reset": "year"}

        (finding,) = errors(put("issuers.0.series.0", series))

        assert "does not show the {year}" in finding.sentence

    def test_keep_one_place_for_one_book(self) -> None:
        same_place = {**SMALL["books"][0], "code": "SECOND"}

        (finding,) = errors(put("books.1", same_place))

        assert (finding.path, finding.sentence) == (
            "books[1].settings",
            "books BOOK and SECOND are the same place.",
        )

    def test_keep_a_book_with_its_issuer(self) -> None:
        before = workspace_of(SMALL)
        later = {
            "subledger": 1,
            "issuers": [{**SMALL["issuers"][0], "code": "AT"}],
            "books": [{**SMALL["books"][0], "issuer": "AT"}],
        }

        with pytest.raises(WorkspaceError, match="book BOOK belongs to issuer DE already"):
            read_workspace(as_json(later), name="later.json", known=before)


class TestPrices:
    @pytest.mark.parametrize(
        ("tiers", "place", "sentence"),
        [
            ([{"up_to": "10", "price": "1"}], "[0].up_to", "there is no price above 10 units."),
            ([{"price": "1"}, {"price": "2"}], "[0].up_to", "a tier without an end is not the last one."),
            (
                [{"up_to": "10"}, {"up_to": "10"}, {}],
                "[1].up_to",
                "up to 10 overlaps the tier before it, up to 10",
            ),
            (
                [{"up_to": "50"}, {"up_to": "10"}, {}],
                "[1].up_to",
                "up to 10 overlaps the tier before it, up to 50",
            ),
            ([{"up_to": "0"}, {}], "[0].up_to", "it must be more than 0."),
            ([{"price": "-1"}], "[0].price", "it cannot be negative."),
            ([{"price": "-0"}], "[0].price", "is not a number people use."),
            ([{"price": "0.1234567890123"}], "[0].price", "has more than 12 decimals."),
            ([{"price": "1000000000"}], "[0].price", "is not believed."),
            ([], "", "there is no price for SEAT monthly."),
        ],
    )
    def test_need_tiers_that_fit_together(self, tiers: list[object], place: str, sentence: str) -> None:
        """Bad input 27."""
        findings = errors(put(f"{PRICE}.tiers", tiers))

        assert any(
            finding.path == f"price_lists[0].prices[0].tiers{place}" and sentence in finding.sentence
            for finding in findings
        ), told(findings)

    def test_say_which_model_is_meant_by_several_tiers(self) -> None:
        (finding,) = errors(put(f"{PRICE}.model", "per_unit"))

        assert (finding.path, "graduated" in finding.fix) == ("price_lists[0].prices[0].model", True)

    def test_are_given_once(self) -> None:
        twice = put("price_lists.0.prices.1", SMALL["price_lists"][0]["prices"][0])

        assert "given twice" in errors(put(f"{PRICE}.price", "1"))[0].sentence
        assert "two prices for SEAT monthly" in errors(twice)[0].sentence

    @pytest.mark.parametrize(("key", "value"), [("plan", "annual"), ("term", "P1Y")])
    def test_must_exist_for_what_is_subscribed(self, key: str, value: str) -> None:
        (finding,) = errors(put(f"{PRICE}.{key}", value))

        assert finding.path == "subscriptions[0]"
        assert finding.sentence == (
            "price list LIST of contract DEAL has no price for SEAT monthly P1M, "
            "which subscription SUB needs."
        )

    def test_are_missed_in_a_newer_list_as_a_warning(self) -> None:
        newer = {**SMALL["price_lists"][0], "from": "2027-01-01", "prices": []}

        (finding,) = warnings(put("price_lists.1", newer))

        assert "from 2027-01-01 on, price list LIST has no price for SEAT monthly P1M" in finding.sentence

    def test_keep_the_currency_of_their_list(self) -> None:
        newer = {**SMALL["price_lists"][0], "from": "2027-01-01", "currency": "USD"}

        assert any("is in EUR and USD" in each.sentence for each in errors(put("price_lists.1", newer)))


class TestWarnings:
    @pytest.mark.parametrize(
        ("path", "value", "place", "sentence"),
        [
            (
                "parties.1.tax_ids",
                [{"country": "FR", "id": "12"}],
                "parties[1].tax_ids[0].id",
                "does not look like",
            ),
            ("parties.1.name", "group", "parties[1].name", "parties GROUP and UNIT have the same name."),
            ("issuers.0.address", {"city": "Berlin"}, "issuers[0].address", "has no line1, country."),
            ("issuers.0.registrations", [], "issuers[0].registrations", "has no tax registration."),
            (
                "issuers.0.series",
                SMALL["issuers"][0]["series"][:1],
                "issuers[0].series",
                "of kind credit_note",
            ),
        ],
    )
    def test_do_not_stop_the_file(self, path: str, value: object, place: str, sentence: str) -> None:
        (finding,) = warnings(put(path, value))

        assert finding.path == place
        assert sentence in finding.sentence
