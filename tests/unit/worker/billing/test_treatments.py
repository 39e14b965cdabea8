"""How a sale is taxed: certificates, the issuer's own rules, countries and ids, each with its days."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.party import Address, Exemption, Registration, TaxRate, TaxRule
from tests.unit.worker.billing.world import E3, SELLER, contract, day, dec, party, replace
from worker.billing.tax_ids import in_union, registrations_in
from worker.billing.taxes import rate_of, tax_of
from worker.billing.treatments import (
    EXPORT,
    REVERSE_CHARGE,
    place_of,
    treatment_by_code,
    treatment_of,
)

ON = day("2026-01-15")
FRENCH = Registration("FR", "FR40303265045")
AMERICAN = replace(SELLER, country="US", domestic_tax_code="NY", exempt_tax_code="EX")


def treated(issuer: Any = SELLER, *, on: Any = ON, **facts: Any) -> tuple[str, str, str, list[str]]:
    """Treatment, code, reason and checks of a sale of E3 to a party of these facts."""
    found = treatment_of(issuer, party("ACME", **facts), E3, on=on)
    return found.treatment, found.code, found.reason, [check.code for check in found.checks]


class TestACountry:
    @pytest.mark.parametrize(
        ("country", "ids", "expected"),
        [
            ("DE", (), ("domestic", "DE19", "", [])),
            ("US", (), ("export", "DE0", EXPORT, [])),
            ("FR", (FRENCH,), ("reverse_charge", "DE0", REVERSE_CHARGE, [])),
            ("FR", (), ("domestic", "DE19", "", ["missing_tax_id"])),
            ("FR", (Registration("FR", "FR1"),), ("domestic", "DE19", "", ["invalid_tax_id"])),
            ("FR", (Registration("FR", "FR1"), FRENCH), ("reverse_charge", "DE0", REVERSE_CHARGE, [])),
            ("", (), ("domestic", "DE19", "", ["missing_address"])),
        ],
    )
    def test_of_the_buyer_decides(self, country: str, ids: Any, expected: Any) -> None:
        assert treated(country=country, tax_ids=ids) == expected

    def test_has_its_own_code_for_reverse_charge_where_the_issuer_says_so(self) -> None:
        issuer = replace(SELLER, reverse_charge_tax_code="DE-RC")

        assert treated(issuer, country="FR", tax_ids=(FRENCH,))[1] == "DE-RC"

    def test_does_not_matter_to_an_issuer_without_codes(self) -> None:
        issuer = replace(SELLER, domestic_tax_code="", export_tax_code="")

        assert treated(issuer, country="FR") == ("", "", "", [])
        assert treated(replace(issuer, export_tax_code="X"), country="US")[0] == "export"
        assert treated(replace(issuer, domestic_tax_code="X"), country="DE")[0] == "domestic"
        assert treated(replace(issuer, reverse_charge_tax_code="X"), country="DE")[0] == "domestic"

    def test_outside_the_union_knows_no_reverse_charge(self) -> None:
        swiss = replace(SELLER, country="CH")

        assert treated(swiss, country="FR", tax_ids=(FRENCH,))[0] == "export"

    def test_of_an_american_sale_is_where_it_is_used(self) -> None:
        buyer = replace(party("ACME", country="DE"), ship_to_address=Address(region="NY", country="US"))
        billed_only = party("ACME", country="US")

        assert place_of(AMERICAN, buyer) == buyer.ship_to_address
        assert place_of(replace(AMERICAN, country="CA"), buyer) == buyer.ship_to_address
        assert place_of(SELLER, buyer) == buyer.bill_to_address
        assert place_of(AMERICAN, billed_only) == billed_only.bill_to_address

    def test_goes_by_two_names_in_greece(self) -> None:
        ids = (Registration("EL", "EL094259216"),)

        assert in_union("EL")
        assert in_union("GR")
        assert registrations_in(ids, "GR", on=ON) == ("EL094259216",)
        assert treated(country="GR", tax_ids=ids)[0] == "reverse_charge"


class TestATaxId:
    @pytest.mark.parametrize(("on", "counts"), [("2026-01-09", 0), ("2026-01-10", 1), ("2026-01-20", 0)])
    def test_counts_on_its_days(self, on: str, counts: int) -> None:
        ids = (replace(FRENCH, from_=day("2026-01-10"), until=day("2026-01-20")),)

        assert len(registrations_in(ids, "FR", on=day(on))) == counts
        assert registrations_in(ids, "DE", on=day("2026-01-15")) == ()


class TestACertificate:
    def test_frees_from_tax_on_its_days(self) -> None:
        one = Exemption("charity", "C-1", from_=day("2026-01-10"), expires=day("2026-01-20"))

        told = {on: treated(AMERICAN, on=day(f"2026-01-{on}"), country="US", exemptions=(one,))
                for on in ("09", "10", "20", "21")}  # fmt: skip

        assert told["09"] == ("domestic", "NY", "", [])
        assert told["10"] == ("exempt", "EX", "Exempt: charity, certificate C-1", [])
        assert told["20"] == told["10"]
        assert told["21"] == ("domestic", "NY", "", ["certificate_expired"])

    def test_of_a_reseller_says_so(self) -> None:
        one = Exemption("resale", "R-1", kind="resale")

        assert treated(AMERICAN, country="US", exemptions=(one,))[2] == (
            "Exempt: resale, resale certificate R-1"
        )

    def test_of_elsewhere_does_not_count(self) -> None:
        buyer: dict[str, Any] = {"exemptions": (Exemption("charity", "C-1", country="US", region="NY"),)}
        in_york, in_ohio = (
            replace(party("ACME", **buyer), bill_to_address=Address(country="US", region=region))
            for region in ("NY", "OH")
        )

        assert treatment_of(AMERICAN, in_york, E3, on=ON).treatment == "exempt"
        assert treatment_of(AMERICAN, in_ohio, E3, on=ON).treatment == "domestic"
        assert treatment_of(SELLER, in_york, E3, on=ON).treatment == "export"

    def test_that_counts_wins_over_one_that_expired(self) -> None:
        old = Exemption("charity", "OLD", expires=day("2025-12-31"))
        new = Exemption("charity", "NEW", expires=day("2026-12-31"))

        assert treated(AMERICAN, country="US", exemptions=(old, new))[2].endswith("NEW")
        assert treated(AMERICAN, country="US", exemptions=(new, old))[2].endswith("NEW")

    def test_that_expired_last_is_the_one_to_renew(self) -> None:
        first, last = (
            Exemption("charity", code, expires=day(expires))
            for code, expires in (("FIRST", "2025-06-30"), ("LAST", "2025-12-31"))
        )
        for order in ((first, last), (last, first)):
            [check] = treatment_of(AMERICAN, party("ACME", country="US", exemptions=order), E3, on=ON).checks
            assert "certificate LAST of ACME was valid until 2025-12-31" in check.sentence

    def test_that_expired_matters_only_where_there_is_tax(self) -> None:
        old = Exemption("charity", "OLD", expires=day("2025-12-31"))
        untaxed = replace(AMERICAN, domestic_tax_code="", export_tax_code="")

        assert treated(untaxed, country="US", exemptions=(old,)) == ("", "", "", [])


class TestARule:
    def _by(self, *rules: TaxRule, on: Any = ON, **facts: Any) -> tuple[str, str, str, list[str]]:
        return treated(replace(SELLER, tax_rules=rules), on=on, **facts)

    def test_that_fits_first_decides(self) -> None:
        rules = (
            TaxRule("exempt", "A", countries=("FR",)),
            TaxRule("domestic", "B"),
            TaxRule("domestic", "C"),
        )

        assert self._by(*rules, country="FR")[:2] == ("exempt", "A")
        assert self._by(*rules, country="US")[:2] == ("domestic", "B")

    def test_for_the_union_is_for_its_other_members(self) -> None:
        rules = (TaxRule("reverse_charge", "A", countries=("EU",)), TaxRule("domestic", "B"))

        assert [self._by(*rules, country=country)[1] for country in ("FR", "DE", "US")] == ["A", "B", "B"]

    def test_may_ask_for_region_product_family_or_id(self) -> None:
        other = TaxRule("domestic", "OTHER")
        for rule, fits in (
            (TaxRule("exempt", "A", products=("E3",)), True),
            (TaxRule("exempt", "A", products=("M365",)), True),
            (TaxRule("exempt", "A", products=("E5",)), False),
            (TaxRule("exempt", "A", regions=("BY",)), False),
            (TaxRule("exempt", "A", tax_id="with"), True),
            (TaxRule("exempt", "A", tax_id="without"), False),
            (TaxRule("exempt", "A", tax_id="any"), True),
        ):
            found = self._by(rule, other, country="FR", tax_ids=(FRENCH,))
            assert found[1] == ("A" if fits else "OTHER"), rule

        assert self._by(TaxRule("exempt", "A", tax_id="without"), other, country="FR")[1] == "A"

    @pytest.mark.parametrize(
        ("on", "code"), [("2026-01-09", "B"), ("2026-01-10", "A"), ("2026-01-19", "A"), ("2026-01-20", "B")]
    )
    def test_counts_on_its_days(self, on: str, code: str) -> None:
        dated = TaxRule("domestic", "A", from_=day("2026-01-10"), until=day("2026-01-20"))

        assert self._by(dated, TaxRule("domestic", "B"), on=day(on))[1] == code

    def test_gives_its_reason_or_the_usual_one(self) -> None:
        assert self._by(TaxRule("reverse_charge", "A"))[2] == REVERSE_CHARGE
        assert self._by(TaxRule("export", "A"))[2] == EXPORT
        assert self._by(TaxRule("export", "A", reason="Article 7"))[2] == "Article 7"
        assert self._by(TaxRule("domestic", "A"))[2] == ""

    def test_that_is_missing_is_said_and_nothing_is_taxed_at_nought(self) -> None:
        assert self._by(TaxRule("domestic", "A", countries=("IT",)), country="FR") == (
            "",
            "",
            "",
            ["tax_treatment_missing"],
        )


class TestTheContractsOwnCode:
    @pytest.mark.parametrize(
        ("country", "is_taxed", "treatment"),
        [
            ("FR", True, "domestic"),
            ("DE", False, "domestic"),
            ("", False, "domestic"),
            ("FR", False, "reverse_charge"),
            ("US", False, "export"),
        ],
    )
    def test_means_what_its_rate_and_the_country_say(
        self, country: str, is_taxed: bool, treatment: str
    ) -> None:
        buyer = party("ACME", country=country)

        assert treatment_by_code(SELLER, buyer, is_taxed=is_taxed).treatment == treatment
        assert treatment_by_code(replace(SELLER, country="CH"), buyer, is_taxed=False).treatment in {
            "domestic",
            "export",
        }

    def test_is_used_with_its_rate(self) -> None:
        found = tax_of(contract(tax_code="DE7"), SELLER, party("ACME"), E3, on=ON)

        assert (found.code, found.percent, found.treatment, found.checks) == ("DE7", 7, "domestic", ())


class TestARate:
    RATES = (
        TaxRate("A", "16", until=day("2026-01-10")),
        TaxRate("A", "19", from_=day("2026-01-10"), until=day("2026-01-20")),
        TaxRate("B", "7"),
    )

    @pytest.mark.parametrize(
        ("code", "on", "percent"),
        [
            ("A", "2026-01-09", "16"),
            ("A", "2026-01-10", "19"),
            ("A", "2026-01-19", "19"),
            ("A", "2026-01-20", None),
            ("B", "2026-01-20", "7"),
            ("", "2026-01-20", "0"),
            ("C", "2026-01-10", None),
        ],
    )
    def test_counts_on_its_days(self, code: str, on: str, percent: str | None) -> None:
        issuer = replace(SELLER, tax_rates=self.RATES)

        assert rate_of(issuer, code, on=day(on)) == (None if percent is None else dec(percent))
