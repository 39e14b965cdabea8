"""Charts and what a document becomes in one book."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mappings.canonical.book import Chart, ChartRule, LedgerCode
from mappings.canonical.catalog import Product
from mappings.canonical.document import Document
from mappings.canonical.party import Exemption
from mappings.canonical.record import CustomerRecord, DocumentRecord, ItemRecord
from mappings.chart import rule_for
from mappings.resolve import paying_parties, records_for, resolve
from tests.unit.worker.billing.world import (
    SELLER,
    Seller,
    contract,
    day,
    held,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
)
from worker.billing import GroupState, bill_group

PRODUCTS = {
    "E3": Product("E3", "Office E3", family="M365", sku="SKU-E3"),
    "E5": Product("E5", "Office E5", family="M365"),
    "VM": Product("VM", "Virtual machine", family="AZURE"),
}
CHART = Chart(
    code="DE",
    receivable_account="1200",
    tax_account="1776",
    rounding_account="2660",
    rules=(
        ChartRule("8405", product="E5", item="E5-ITEM", class_="cloud"),
        ChartRule("8400", family="M365"),
    ),
    codes=(
        LedgerCode("account", "8400", "Erlöse M365"),
        LedgerCode("account", "1200", "Forderungen"),
        LedgerCode("tax_code", "UST19", "19 % USt"),
    ),
    tax_codes={"DE19": "UST19"},
)


def _invoice(*products: str, parent: str = "", currency: str = "EUR", country: str = "DE") -> Document:
    exempt = (Exemption("resale", "R-77", "US"),)
    seller = Seller(
        setup(
            issuers=(replace(SELLER, export_tax_code="DE19"),),
            parties=(party("TOP"), party("ACME", parent=parent, country=country, exemptions=exempt)),
            products=tuple(PRODUCTS.values()),
            price_lists=(
                price_list("LIST", *(per_seat("8", product=code) for code in PRODUCTS), currency=currency),
            ),
        ),
        tuple(subscription(code, product=code) for code in products),
        tuple(held("2026-01-01", 1, code) for code in products),
    )
    state = GroupState(seller.setup, seller.subscriptions, seller.versions)
    [draft] = bill_group(state, as_of=day("2026-01-01")).drafts
    return draft.document


class TestAChart:
    def test_takes_the_first_rule_that_fits(self) -> None:
        rules = [rule_for(CHART, PRODUCTS[code]) for code in ("E5", "E3", "VM")]

        assert [rule.revenue_account if rule else None for rule in rules] == ["8405", "8400", None]

    def test_may_end_with_a_rule_for_everything(self) -> None:
        chart = replace(CHART, rules=(*CHART.rules, ChartRule("8000", product="*")))
        rule = rule_for(chart, PRODUCTS["VM"])

        assert rule is not None
        assert rule.revenue_account == "8000"


class TestADocument:
    def test_is_resolved_line_by_line(self) -> None:
        record = resolve(_invoice("E3", "E5"), CHART, PRODUCTS)

        assert isinstance(record, DocumentRecord)
        assert [(one.item, one.revenue_account, one.tax_code, one.class_) for one in record.targets] == [
            ("E3", "8400", "UST19", ""),
            ("E5-ITEM", "8405", "UST19", "cloud"),
        ]
        assert record.customer == "ACME/EUR"
        assert record.names == {
            "1200": "Forderungen",
            "1776": "1776",
            "2660": "2660",
            "8400": "Erlöse M365",
            "8405": "8405",
            "UST19": "19 % USt",
        }

    def test_names_every_gap_at_once(self) -> None:
        gaps = resolve(_invoice("E3", "VM"), replace(CHART, tax_codes={}), {"VM": PRODUCTS["VM"]})

        assert isinstance(gaps, tuple)
        assert [(gap.kind, gap.code) for gap in gaps] == [
            ("product", "E3"),
            ("rule", "VM"),
            ("tax_code", "DE19"),
        ]
        assert gaps[1].sentence.startswith("Chart DE has no rule for product VM (family AZURE).")

    def test_keeps_the_accounts_of_its_chart(self) -> None:
        document = _invoice("E3")
        record = resolve(document, CHART, PRODUCTS)

        assert isinstance(record, DocumentRecord)
        assert record.document == document
        accounts = (record.receivable_account, record.tax_account, record.rounding_account)
        assert accounts == ("1200", "1776", "2660")

    def test_out_of_scope_needs_no_tax_code(self) -> None:
        document = _invoice("E3")
        section = document.sections[0]
        line = replace(section.lines[0], tax_code="")
        untaxed = replace(document, sections=(replace(section, lines=(line,)),))

        record = resolve(untaxed, CHART, PRODUCTS)

        assert isinstance(record, DocumentRecord)
        assert record.targets[0].tax_code == ""

    def test_names_a_gap_of_several_lines_once(self) -> None:
        gaps = resolve(_invoice("VM", "VM"), CHART, {"VM": replace(PRODUCTS["VM"], family="")})

        assert isinstance(gaps, tuple)
        [gap] = gaps
        assert gap.sentence.startswith("Chart DE has no rule for product VM. Add")


class TestTheRecordsADocumentNeeds:
    def test_are_its_customer_and_its_items(self) -> None:
        records = records_for(
            _invoice("E3", "E5"),
            chart=CHART,
            parties={"ACME": party("ACME", exemptions=(Exemption("resale", "R-77", "US"),))},
            products=PRODUCTS,
            is_customer=lambda _party, _currency: False,
        )

        customer, e3, e5 = records
        assert isinstance(customer, CustomerRecord)
        assert (customer.code, customer.display_name, customer.parent) == ("ACME/EUR", "ACME Ltd", "")
        assert customer.resale_certificate == "R-77"
        assert e3 == ItemRecord("E3", "Office E3", "Office E3", "8400", "SKU-E3")
        assert e5 == ItemRecord("E5-ITEM", "E5-ITEM", "E5-ITEM", "8405", "")

    @pytest.mark.parametrize(
        ("customers", "codes"), [({("TOP", "EUR")}, ["TOP/EUR", "ACME/EUR"]), (set(), ["ACME/EUR"])]
    )
    def test_begin_with_the_parent_where_it_is_a_customer_in_the_same_currency(
        self, customers: set[tuple[str, str]], codes: list[str]
    ) -> None:
        records = records_for(
            _invoice("E3", parent="TOP"),
            chart=CHART,
            parties={"TOP": party("TOP"), "ACME": party("ACME", parent="TOP")},
            products=PRODUCTS,
            is_customer=lambda code, currency: (code, currency) in customers,
        )

        assert [record.code for record in records if isinstance(record, CustomerRecord)] == codes

    def test_tell_a_foreign_currency_in_the_name(self) -> None:
        records = records_for(
            _invoice("E3", currency="USD"),
            chart=CHART,
            parties={"ACME": party("ACME")},
            products=PRODUCTS,
            is_customer=lambda _party, _currency: False,
        )

        assert isinstance(records[0], CustomerRecord)
        assert (records[0].code, records[0].display_name) == ("ACME/USD", "ACME Ltd (USD)")

    def test_tell_the_certificate_that_is_not_over_on_the_day(self) -> None:
        certificates = (
            Exemption("resale", "OLD", "US", expires=day("2025-12-31")),
            Exemption("resale", "LAST-DAY", "US", expires=day("2026-01-01")),
            Exemption("resale", "FOR-EVER", "US"),
        )

        records = records_for(
            _invoice("E3"),
            chart=CHART,
            parties={"ACME": party("ACME", legal_name="Acme Limited", exemptions=certificates)},
            products=PRODUCTS,
            is_customer=lambda _party, _currency: True,
        )

        assert isinstance(records[0], CustomerRecord)
        assert (records[0].resale_certificate, records[0].legal_name) == ("LAST-DAY", "Acme Limited")

    def test_name_no_parent_that_is_not_in_the_workspace(self) -> None:
        records = records_for(
            _invoice("E3", parent="TOP"),
            chart=CHART,
            parties={"ACME": party("ACME", parent="TOP")},
            products=PRODUCTS,
            is_customer=lambda _party, _currency: True,
        )

        assert [one.parent for one in records if isinstance(one, CustomerRecord)] == [""]

    def test_have_each_item_once_by_its_code(self) -> None:
        records = records_for(
            _invoice("E5", "E3", "E5"),
            chart=CHART,
            parties={"ACME": party("ACME")},
            products=PRODUCTS,
            is_customer=lambda _party, _currency: False,
        )

        assert [one.code for one in records if isinstance(one, ItemRecord)] == ["E3", "E5-ITEM"]

    def test_are_refused_without_a_rule(self) -> None:
        with pytest.raises(KeyError, match="VM"):
            records_for(
                _invoice("VM"),
                chart=CHART,
                parties={"ACME": party("ACME")},
                products=PRODUCTS,
                is_customer=lambda _party, _currency: False,
            )


class TestPayingParties:
    def test_are_all_that_a_contract_may_bill(self) -> None:
        world = setup(
            parties=(
                party("TOP"),
                party("A", parent="TOP"),
                party("B", parent="A"),
                party("CHANNEL"),
                party("SHOP"),
                party("LONE"),
            ),
            price_lists=(price_list("LIST"), price_list("USD", currency="USD")),
            contracts=(
                contract("TOP", bill_to="consolidated"),
                contract("A", bill_to="parent", price_list="USD"),
                contract("SHOP", reseller="CHANNEL"),
                contract("LONE", bill_to="party:SHOP"),
            ),
        )

        assert paying_parties(world) == {
            ("TOP", "EUR"),
            ("TOP", "USD"),
            ("A", "USD"),
            ("CHANNEL", "EUR"),
            ("SHOP", "EUR"),
        }
