"""Charges -> drafts: one issuer, one bill-to, one currency, one sign per document, sections per entity.

The document key and the order inside a document are made of business facts only, so the same charges
always give the same documents (billing rules, "Groups, payers, documents").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mappings.canonical.catalog import Product
from mappings.canonical.document import Document, DocumentKind, Line, Section, Side
from mappings.canonical.money import Money, total
from mappings.canonical.party import BankAccount, Issuer, Party, Registration
from mappings.canonical.period import Period
from mappings.identity import document_ref
from mappings.lean import replace
from worker.billing.hierarchy import Tree
from worker.billing.memo import remembered_pair
from worker.billing.taxes import Taxed, tax_totals
from worker.billing.values import Charge, Draft, Exchange

Key = tuple[str, ...]
ONE = Decimal(1)
BY_HAND = "adjustment/"
"""What the reference of an adjustment begins with, in the place of a subscription."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What documents print: issuers, parties and products by code."""

    issuers: Mapping[str, Issuer]
    tree: Tree
    products: Mapping[str, Product]


def document_key(charge: Charge, kind: DocumentKind, catalog: Catalog) -> Key:
    """What charges must share to stand on one document.

    A credit in a foreign currency reuses the exchange rate of its original, late usage that of its month,
    and a document has one rate: charges of different rates part.
    """
    terms = charge.terms
    key: Key = (
        charge.issuer,
        charge.bill_to,
        charge.currency,
        terms.purchase_order,
        str(terms.payment_terms_days),
        terms.invoice_format,
        "" if terms.consolidated else charge.party,
        kind,
    )
    if charge.tax_treatment == "out_of_scope":
        key = (*key, "out_of_scope")  # stands alone (billing rules, "Groups, payers, documents")
    rate = _kept_rate(charge, kind, catalog)
    return (*key, f"{rate.rate} {rate.on}") if rate else key


def drafts(placed: Mapping[Key, Sequence[Charge]], catalog: Catalog, *, as_of: date) -> tuple[Draft, ...]:
    """A draft per key, in key order, without checks. A document whose lines are all zero is left out
    unless a contract on it says otherwise (`zero_documents`)."""
    return tuple(
        _draft(key, tuple(sorted(placed[key], key=_line_order)), catalog, as_of=as_of)
        for key in sorted(placed)
        if not is_suppressed(placed[key])
    )


def is_suppressed(charges: Iterable[Charge]) -> bool:
    """Whether a document of these charges would show nothing but zeros nobody asked for."""
    return all(not charge.net and charge.terms.zero_documents == "suppress" for charge in charges)


def kind_of(key: Key) -> DocumentKind:
    """The sign in a document key."""
    return "credit_note" if key[7] == "credit_note" else "invoice"


def _draft(key: Key, charges: tuple[Charge, ...], catalog: Catalog, *, as_of: date) -> Draft:
    kind = kind_of(key)
    first = _heading(charges, kind)
    issuer = catalog.issuers[first.issuer]
    sections, tax_lines = _sections(charges, kind, catalog)
    taxes, shares = tax_totals(tax_lines, issuer, first.currency, sections=len(sections))
    net = total([section.net for section in sections], first.currency)
    tax = total([one.tax for one in taxes], first.currency)
    bill_to = catalog.tree[first.bill_to]
    rate = _kept_rate(first, kind, catalog)
    document = Document(
        ref=document_ref(first.issuer, key, (charge.ref for charge in charges)),
        kind=kind,
        issuer=_issuer_side(issuer, as_of),
        bill_to=_party_side(bill_to, as_of),
        currency=first.currency,
        sections=tuple(
            Section(section.party, section.name, section.lines, section.net, share)
            for section, share in zip(sections, shares, strict=True)
        ),
        taxes=taxes,
        net=net,
        tax=tax,
        gross=net + tax,
        service=Period(
            min(charge.service.start for charge in charges), max(charge.service.until for charge in charges)
        ),
        payment_terms_days=first.terms.payment_terms_days,
        home_currency=issuer.home_currency,
        exchange_rate=rate.rate if rate else ONE,
        exchange_rate_on=rate.on if rate else None,
        exchange_rate_source=rate.source if rate else "",
        tax_mode="ledger" if issuer.tax_rounding == "ledger" else "ours",
        purchase_order=first.terms.purchase_order,
        buyer_reference=bill_to.buyer_reference,
        bank_account=_bank_account(issuer, first.currency),
    )
    return Draft(document, charges, (), key)


def _heading(charges: tuple[Charge, ...], kind: DocumentKind) -> Charge:
    """The charge whose terms head the document: a refund may be a guest on an invoice of other terms."""
    if kind == "credit_note":
        return charges[0]
    return next(charge for charge in charges if charge.net.minor >= 0)


def _sections(
    charges: tuple[Charge, ...], kind: DocumentKind, catalog: Catalog
) -> tuple[list[Section], list[Taxed]]:
    """Sections by party code (charges are in line order); their tax comes with the document's."""
    by_party: dict[str, list[Charge]] = {}
    for charge in charges:
        by_party.setdefault(charge.party, []).append(charge)
    sections: list[Section] = []
    tax_lines: list[Taxed] = []
    for number, party in enumerate(by_party):
        lines = tuple(line for charge in by_party[party] for line in _lines(charge, kind, catalog))
        currency = lines[0].net.currency
        net = total([line.net for line in lines], currency)
        sections.append(Section(party, catalog.tree[party].name, lines, net, Money(0, currency)))
        tax_lines.extend(_taxed(number, line) for line in lines)
    return sections, tax_lines


def _taxed(section: int, line: Line) -> Taxed:
    return Taxed(
        section, line.tax_code, line.tax_percent, line.net.minor, line.tax_treatment, line.tax_reason
    )


def _lines(charge: Charge, kind: DocumentKind, catalog: Catalog) -> Iterator[Line]:
    """The line of a charge, or its printed lines where it has several; together they are its net."""
    line = _line(charge, kind, catalog)
    if not charge.printed:
        yield line
        return
    sign = -1 if kind == "credit_note" else 1
    for part in charge.printed:
        yield replace(
            line,
            description=", ".join(filter(None, (catalog.products[charge.product].name, part.words))),
            quantity=part.quantity,
            unit_price=sign * part.unit_price,
            net=part.net if sign > 0 else -part.net,
            service=part.service,
            basis=part.basis,
        )


def _line(charge: Charge, kind: DocumentKind, catalog: Catalog) -> Line:
    """A charge as printed; on a credit note the kind carries the sign."""
    is_credit = kind == "credit_note"
    return Line(
        charge=charge.ref,
        product=charge.product,
        description=_description(charge, catalog.products[charge.product]),
        quantity=charge.quantity,
        unit_price=-charge.unit_price if is_credit else charge.unit_price,
        net=-charge.net if is_credit else charge.net,
        tax_code=charge.tax_code,
        tax_percent=charge.tax_percent,
        tax_treatment=charge.tax_treatment,
        tax_reason=charge.tax_reason,
        service=charge.service,
        sold_to=charge.party,
        basis=charge.basis,
        original=charge.original,
    )


def _description(charge: Charge, product: Product) -> str:
    if charge.kind == "commitment" and charge.original is None:
        return f"{product.name}, shortfall to the minimum"
    if charge.true_up:
        return f"{product.name}, pool settlement"
    if charge.ref.subscription.startswith(BY_HAND):
        return f"{product.name}, {'goodwill credit' if charge.net.minor < 0 else 'one-off'}"
    if charge.original is not None:
        return f"{product.name}, reduction of {charge.original.number}"
    if charge.converted:
        return f"{product.name}, upgrade"
    is_first = charge.ref.revision < max(1, len(charge.facts.split))
    return product.name if is_first else f"{product.name}, change"


def _line_order(charge: Charge) -> tuple[str, str, date, str, date, int]:
    ref = charge.ref
    return charge.party, charge.product, charge.service.start, ref.subscription, ref.cycle_start, ref.revision


def _kept_rate(charge: Charge, kind: DocumentKind, catalog: Catalog) -> Exchange | None:
    """The exchange rate a document has before its release: a credit's, or that of a closed usage month."""
    is_kept = kind == "credit_note" or (charge.kind == "usage" and charge.net.minor >= 0)
    return _own_rate(charge, catalog) if is_kept else None


def _own_rate(charge: Charge, catalog: Catalog) -> Exchange | None:
    """The exchange rate a credit brings from its original, where there is one to speak of."""
    if charge.currency == catalog.issuers[charge.issuer].home_currency:
        return None
    return charge.exchange


@remembered_pair
def _issuer_side(issuer: Issuer, on: date) -> Side:
    return Side(
        code=issuer.code,
        name=issuer.name,
        legal_name=issuer.legal_name,
        address=issuer.address,
        registrations=_valid(issuer.registrations, on),
        language=issuer.language,
        brand=issuer.brand,
    )


def _party_side(party: Party, on: date) -> Side:
    return Side(
        code=party.code,
        name=party.name,
        legal_name=party.legal_name or party.name,
        address=party.bill_to_address,
        registrations=_valid(party.tax_ids, on),
        emails=party.emails,
        language=party.language,
        brand=party.brand,
    )


def _valid(registrations: Iterable[Registration], on: date) -> tuple[Registration, ...]:
    return tuple(
        one
        for one in registrations
        if (one.from_ is None or one.from_ <= on) and (one.until is None or on < one.until)
    )


def _bank_account(issuer: Issuer, currency: str) -> BankAccount | None:
    return next((one for one in issuer.bank_accounts if one.currency == currency), None)
