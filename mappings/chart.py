"""Which ledger codes a product lands on in one book: the chart's rules, first fit wins."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.canonical.book import Chart, ChartRule
from mappings.canonical.catalog import Product

ANY = frozenset({"", "*"})


def rule_for(chart: Chart, product: Product) -> ChartRule | None:
    """The first rule whose product and family fit, or None: then the product is not mapped in this book."""
    for rule in chart.rules:
        fits_product = rule.product in ANY or rule.product == product.code
        fits_family = rule.family in ANY or rule.family == product.family
        if fits_product and fits_family:
            return rule
    return None


def item_code(rule: ChartRule, product: Product) -> str:
    """The item a product is sold as: the rule's, else one named like the product."""
    return rule.item or product.code


def names_of(chart: Chart) -> Mapping[str, str]:
    """The ledger's own name of every account and tax code of the chart (our code -> name).

    A code the chart does not spell out is its own name, as in a plain-text book.
    """
    named = {
        code.code: code.name or code.code for code in chart.codes if code.kind in {"account", "tax_code"}
    }
    used = {chart.receivable_account, chart.tax_account, chart.rounding_account}
    used.update(rule.revenue_account for rule in chart.rules)
    used.update(chart.tax_codes.values())
    return {code: named.get(code, code) for code in sorted(used | named.keys()) if code}
