"""A book's chart: its rules in order, its codes by kind, the names its ledger gives them."""

from __future__ import annotations

from mappings.canonical.book import Chart, ChartRule, LedgerCode
from mappings.canonical.catalog import Product
from mappings.chart import item_code, names_of, rule_for

CHART = Chart(
    code="DE",
    receivable_account="1200",
    tax_account="1776",
    rounding_account="",
    rules=(
        ChartRule("8401", product="E3", family="OTHER"),
        ChartRule("8405", product="E5", item="E5-ITEM"),
        ChartRule("8400", family="M365"),
    ),
    codes=(
        LedgerCode("account", "8400", "Sales"),
        LedgerCode("account", "9999", ""),
        LedgerCode("tax_code", "UST19", "19 %"),
        LedgerCode("term", "30", "Net 30"),
        LedgerCode("class", "cloud", "Cloud"),
    ),
    tax_codes={"DE19": "UST19", "DE7": "UST7"},
)


class TestAChart:
    def test_asks_a_rule_for_product_and_family(self) -> None:
        found = [rule_for(CHART, Product(code, "", family="M365")) for code in ("E3", "E5", "F1")]

        assert [rule.revenue_account if rule else "" for rule in found] == ["8400", "8405", "8400"]
        assert rule_for(CHART, Product("VM", "", family="AZURE")) is None

    def test_sells_a_product_as_the_rules_item_or_by_its_own_code(self) -> None:
        product = Product("E5", "", family="M365")

        assert [item_code(rule, product) for rule in CHART.rules] == ["E5", "E5-ITEM", "E5"]

    def test_names_every_account_and_tax_code_that_is_used_or_spelt_out(self) -> None:
        """A code without a name is its own name; terms and classes are neither; nothing stands for none."""
        names = names_of(CHART)

        assert list(names.items()) == [
            ("1200", "1200"),
            ("1776", "1776"),
            ("8400", "Sales"),
            ("8401", "8401"),
            ("8405", "8405"),
            ("9999", "9999"),
            ("UST19", "19 %"),
            ("UST7", "UST7"),
        ]
