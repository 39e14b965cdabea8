"""A document and a chart -> the record a book is asked to hold, or every gap at once.

Resolved and frozen at release, never while sending: a mapping that changes later opens a new revision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from mappings.canonical.book import Chart
from mappings.canonical.catalog import Product
from mappings.canonical.contract import Contract
from mappings.canonical.document import Document, Line
from mappings.canonical.party import Party
from mappings.canonical.record import CustomerRecord, DocumentRecord, ItemRecord, LineTarget, customer_code
from mappings.canonical.workspace import Setup
from mappings.chart import item_code, names_of, rule_for


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something a book has no target for. The sentence says what to add where."""

    kind: Literal["product", "rule", "tax_code", "party"]
    code: str
    sentence: str


def resolve(
    document: Document, chart: Chart, products: Mapping[str, Product]
) -> DocumentRecord | tuple[Gap, ...]:
    """The document with the ledger codes of every line, or all gaps, each named once."""
    gaps: set[Gap] = set()
    targets: list[LineTarget] = []
    for line in document.lines:
        target = _target(line, chart, products)
        if isinstance(target, LineTarget):
            targets.append(target)
        else:
            gaps.update(target)
    if gaps:
        return tuple(sorted(gaps))
    return DocumentRecord(
        document=document,
        customer=customer_code(document.bill_to.code, document.currency),
        targets=tuple(targets),
        receivable_account=chart.receivable_account,
        tax_account=chart.tax_account,
        rounding_account=chart.rounding_account,
        names=_used_names(chart, targets),
    )


def records_for(
    document: Document,
    *,
    chart: Chart,
    parties: Mapping[str, Party],
    products: Mapping[str, Product],
    is_customer: Callable[[str, str], bool],
) -> tuple[CustomerRecord | ItemRecord, ...]:
    """The customers and items a resolved document needs, a parent customer before its sub-customer.

    The bill-to's parent becomes the parent customer when it is a customer itself in the same currency
    (`is_customer(party, currency)`, see `paying_parties`). Only for documents that `resolve` accepts.
    """
    customers = tuple(_customers(document, parties, is_customer))
    items: dict[str, ItemRecord] = {}
    for line in document.lines:
        item = _item(products[line.product], chart)
        items.setdefault(item.code, item)
    return (*customers, *(items[code] for code in sorted(items)))


def paying_parties(setup: Setup) -> frozenset[tuple[str, str]]:
    """Every (party, currency) that some contract of the set-up may bill, on any day."""
    currency_of = {price_list.code: price_list.currency for price_list in setup.price_lists}
    below: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    for party in setup.parties:
        for edge in party.parents:
            below.setdefault(edge.parent, []).append(party.code)
            above.setdefault(party.code, []).append(edge.parent)
    found: set[tuple[str, str]] = set()
    for contract in setup.contracts:
        currency = currency_of.get(contract.price_list)
        if currency is not None:
            found.update((party, currency) for party in _payers(contract, below, above))
    return frozenset(found)


def _target(line: Line, chart: Chart, products: Mapping[str, Product]) -> LineTarget | tuple[Gap, ...]:
    gaps: list[Gap] = []
    product = products.get(line.product)
    rule = rule_for(chart, product) if product is not None else None
    if product is None:
        gaps.append(Gap("product", line.product, f"Product {line.product} is not in the workspace. Add it."))
    elif rule is None:
        family = f" (family {product.family})" if product.family else ""
        gaps.append(
            Gap(
                "rule",
                product.code,
                f"Chart {chart.code} has no rule for product {product.code}{family}. Add a rule"
                " with the revenue"
                " account it earns on, or one for every product.",
            )
        )
    tax_code = chart.tax_codes.get(line.tax_code)
    if tax_code is None and line.tax_code:
        gaps.append(
            Gap(
                "tax_code",
                line.tax_code,
                f"Chart {chart.code} does not say which tax code of the book stands for {line.tax_code}"
                f" ({line.tax_percent:f} %). Add it to the chart's tax_codes.",
            )
        )
    if gaps or product is None or rule is None:
        return tuple(gaps)
    return LineTarget(item_code(rule, product), rule.revenue_account, tax_code or "", rule.class_)


def _used_names(chart: Chart, targets: list[LineTarget]) -> Mapping[str, str]:
    names = names_of(chart)
    used = {chart.receivable_account, chart.tax_account, chart.rounding_account}
    used.update(code for target in targets for code in (target.revenue_account, target.tax_code))
    return {code: names[code] for code in sorted(used) if code}


def _customers(
    document: Document, parties: Mapping[str, Party], is_customer: Callable[[str, str], bool]
) -> Iterator[CustomerRecord]:
    on, above = document.document_date or document.service.start, ""
    parent = parties.get(parties[document.bill_to.code].parent_on(on) or "")
    if parent is not None and is_customer(parent.code, document.currency):
        above = customer_code(parent.code, document.currency)
        yield _customer(parent, document, on=on, above="")
    yield _customer(parties[document.bill_to.code], document, on=on, above=above)


def _customer(party: Party, document: Document, *, on: date, above: str) -> CustomerRecord:
    """A party as a customer: outside the home currency its name tells the currency, since a book wants
    one currency per customer and names that differ."""
    currency = document.currency
    certificates = (
        exemption.certificate
        for exemption in party.exemptions
        if exemption.expires is None or on <= exemption.expires
    )
    return CustomerRecord(
        code=customer_code(party.code, currency),
        currency=currency,
        display_name=party.name if currency == document.home_currency else f"{party.name} ({currency})",
        legal_name=party.legal_name or party.name,
        billing_address=party.bill_to_address,
        shipping_address=party.ship_to_address,
        emails=party.emails,
        tax_ids=party.tax_ids,
        parent=above,
        resale_certificate=next(certificates, ""),
    )


def _item(product: Product, chart: Chart) -> ItemRecord:
    rule = rule_for(chart, product)
    if rule is None:
        raise KeyError(product.code)
    code = item_code(rule, product)
    is_own = code == product.code
    return ItemRecord(
        code=code,
        name=product.name if is_own else code,
        description=product.name if is_own else code,
        revenue_account=rule.revenue_account,
        sku=product.sku if is_own else "",
    )


def _payers(contract: Contract, below: Mapping[str, list[str]], above: Mapping[str, list[str]]) -> set[str]:
    if contract.reseller:
        return {contract.reseller}
    if contract.bill_to == "consolidated":
        return {contract.party}
    if contract.bill_to.startswith("party:"):
        return {contract.bill_to.removeprefix("party:")}
    sold_to = _with_everyone_below(contract.party, below)
    if contract.bill_to == "own":
        return sold_to
    return {payer for party in sold_to for payer in above.get(party, [party])}


def _with_everyone_below(party: str, below: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [party]
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting.extend(below.get(code, ()))
    return found
