"""A released document -> the exact bytes of one Beancount transaction (pure, the same bytes every time).

Signs: an invoice debits the receivable and credits revenue and tax; a credit note is its mirror image.

Foreign currency: every posting carries the document's one exchange rate as its price in the book's home
currency (`119.00 USD @ 0.92 EUR`). Balances stay in the document's currency and equal its totals, and
because the rate is the same on every posting, the home-currency weights add up to exactly zero. One
price on the posting was chosen over `price` directives: it cannot be separated from its document.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.errors import Refused
from connectors.ledgers.beancount import grammar
from connectors.ledgers.beancount.limits import FIRST_DAY, PRECISION
from connectors.protocols import Expectation, Rendered
from mappings.canonical.document import Document, Line, TaxTotal
from mappings.canonical.money import Money, total
from mappings.canonical.period import Period
from mappings.canonical.record import DocumentRecord

KIND_WORDS = {"invoice": "Invoice", "credit_note": "Credit note"}
_AMOUNT_COLUMN = 52


def render(record: DocumentRecord, *, marker: str, home_currency: str) -> Rendered:
    """The transaction of one document. Raises `Refused` for what a Beancount book cannot hold."""
    document = record.document
    _refuse_what_does_not_fit(record, home_currency=home_currency)
    foreign = document.currency != home_currency
    price = f" @ {grammar.number(document.exchange_rate)} {home_currency}" if foreign else ""
    head, *rest = (*_head(record, marker=marker, foreign=foreign), *_postings(record, price=price))
    body = sealed(head, rest)
    expect = Expectation(
        net=document.net,
        gross=document.gross,
        customer_id=grammar.kept(record.customer),
        lines=len(document.lines),
    )
    return Rendered(body=body, lookup=document.number, expect=expect)


def sealed(head: str, rest: list[str]) -> bytes:
    """The block of lines after an empty line, with the seal of all others as its second line.

    The seal lets a reader name the very document that somebody changed by hand.
    """
    seal = f'  seal: "{seal_of([head, *rest])}"'
    return ("\n" + "\n".join((head, seal, *rest)) + "\n").encode()


def seal_of(lines: list[str]) -> str:
    """20 base32 characters over the lines of a transaction without its seal line."""
    digest = hashlib.sha256("\n".join(lines).encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:20]


def _refuse_what_does_not_fit(record: DocumentRecord, *, home_currency: str) -> None:
    document = record.document
    if not document.number or document.document_date is None:
        raise _refused(document, "not_released", "has no number or date yet: only released documents land")
    if grammar.kept(document.number) != document.number:
        raise _refused(document, "number", "has a number with control characters, which no text file keeps")
    if document.document_date < FIRST_DAY:
        raise _refused(document, "date_too_early", f"is dated before {FIRST_DAY}, the book's first day")
    if document.tax_mode != "ours":
        why = "leaves the tax to the ledger, and a Beancount book cannot compute tax"
        hint = "Set the issuer's tax_rounding to per_line, per_rate or per_document."
        raise _refused(document, "tax_mode", why, hint=hint)
    if len(record.targets) != len(document.lines):
        why = f"has {len(document.lines)} lines but {len(record.targets)} targets"
        raise _refused(document, "targets", why)
    if document.currency == home_currency:
        return
    if document.home_currency != home_currency:
        why = f"carries a rate to {document.home_currency}, and the book is kept in {home_currency}"
        raise _refused(
            document, "home_currency", why, hint="Make the home currency of issuer and book agree."
        )
    rate = document.exchange_rate
    if not rate.is_finite() or rate <= 0:
        raise _refused(document, "rate", f"has no usable exchange rate ({rate})")
    if len(str(abs(document.gross.minor))) + len(rate.as_tuple().digits) > PRECISION:
        raise _refused(document, "rate", f"cannot be valued exactly: {document.gross} at {rate}")


def _refused(document: Document, code: str, why: str, *, hint: str = "") -> Refused:
    words = KIND_WORDS[document.kind]
    return Refused(f"{words} {document.number or document.ref} {why}.", code=code, hint=hint)


def _head(record: DocumentRecord, *, marker: str, foreign: bool) -> Iterator[str]:
    document = record.document
    originals = dict.fromkeys(line.original.number for line in document.lines if line.original is not None)
    narration = f"{KIND_WORDS[document.kind]} {document.number}"
    if originals:
        narration += f" for {', '.join(originals)}"
    payee = document.bill_to.name or document.bill_to.legal_name or document.bill_to.code
    links = (grammar.link(number) for number in (document.number, *originals))
    texts = (grammar.quoted(payee), grammar.quoted(narration), *dict.fromkeys(filter(None, links)))
    yield f"{document.document_date} * {' '.join(texts)}"
    yield f'  marker: "{marker}"'
    yield f"  number: {grammar.quoted(document.number)}"
    yield f'  kind: "{document.kind}"'
    yield f"  ref: {grammar.quoted(document.ref)}"
    yield f"  customer: {grammar.quoted(record.customer)}"
    yield f"  net: {grammar.amount(document.net)}"
    yield f"  tax: {grammar.amount(document.tax)}"
    yield f"  gross: {grammar.amount(document.gross)}"
    if document.due_date is not None:
        yield f"  due: {document.due_date}"
    if document.tax_point is not None:
        yield f"  tax-point: {document.tax_point}"
    yield from _service(document.service, indent="  ")
    if foreign:
        yield f"  rate: {grammar.number(document.exchange_rate)}"
        if document.exchange_rate_on is not None:
            yield f"  rate-on: {document.exchange_rate_on}"
        yield f"  rate-source: {grammar.quoted(document.exchange_rate_source)}"
    if document.purchase_order:
        yield f"  purchase-order: {grammar.quoted(document.purchase_order)}"
    if document.buyer_reference:
        yield f"  buyer-reference: {grammar.quoted(document.buyer_reference)}"


def _service(period: Period, *, indent: str) -> Iterator[str]:
    yield f"{indent}service-from: {period.start}"
    yield f"{indent}service-until: {period.until}"


@dataclass(frozen=True, slots=True)
class _Side:
    """How amounts of one document are written: its sign and its price in the home currency, if any."""

    sign: int
    price: str

    def posting(self, account: str, money: Money, *, credit: bool) -> str:
        signed = Money(-self.sign * money.minor if credit else self.sign * money.minor, money.currency)
        text = grammar.amount(signed)
        width = max(_AMOUNT_COLUMN - len(account), len(text) + 2)
        return f"  {account}{text:>{width}}{self.price}"


def _postings(record: DocumentRecord, *, price: str) -> Iterator[str]:
    document = record.document
    side = _Side(sign=1 if document.kind == "invoice" else -1, price=price)

    yield side.posting(_account(record, record.receivable_account, "Assets"), document.gross, credit=False)
    for line, target in zip(document.lines, record.targets, strict=True):
        yield side.posting(_account(record, target.revenue_account, "Income"), line.net, credit=True)
        yield from _line_facts(line, item=target.item, class_=target.class_)
    for tax in document.taxes:
        yield side.posting(_tax_account(record, tax), tax.tax, credit=True)
        yield f"    tax-code: {grammar.quoted(tax.code)}"
        yield f"    percent: {grammar.number(tax.percent)}"
        yield f"    base: {grammar.amount(tax.base)}"
    rounding = _rounding(document)
    if rounding:
        yield side.posting(_account(record, record.rounding_account, "Expenses"), rounding, credit=True)


def _line_facts(line: Line, *, item: str, class_: str) -> Iterator[str]:
    yield f"    line: {grammar.quoted(line.description)}"
    yield f"    product: {grammar.quoted(line.product)}"
    yield f"    item: {grammar.quoted(item)}"
    if class_:
        yield f"    class: {grammar.quoted(class_)}"
    yield f"    quantity: {grammar.number(line.quantity)}"
    yield f"    unit-price: {grammar.number(line.unit_price)}"
    yield f"    sold-to: {grammar.quoted(line.sold_to)}"
    yield f"    subscription: {grammar.quoted(line.charge.subscription)}"
    yield from _service(line.service, indent="    ")
    if line.original is not None:
        yield f"    original: {grammar.quoted(line.original.number)}"
    if line.basis:
        yield f"    basis: {grammar.quoted('; '.join(line.basis))}"


def _tax_account(record: DocumentRecord, tax: TaxTotal) -> str:
    """A tax code whose name in the chart is an account has an account of its own, else the chart's."""
    for line, target in zip(record.document.lines, record.targets, strict=True):
        name = record.names.get(target.tax_code, "")
        if line.tax_code == tax.code and grammar.is_meant_as_account(name):
            return _account(record, target.tax_code, "Liabilities")
    return _account(record, record.tax_account, "Liabilities")


def _account(record: DocumentRecord, code: str, root: str) -> str:
    """The Beancount account of a chart's code; a name Beancount cannot read is refused, never guessed."""
    name = record.names.get(code, code)
    if grammar.is_account(name):
        return name
    nearest = grammar.nearest_account(name, root=root)
    raise _refused(
        record.document,
        "account_name",
        f"cannot be posted to {name!r} (account code {code!r}): not an account name of Beancount",
        hint=f"Give code {code!r} a name like {nearest} in the book's chart: it begins with one of "
        f"{', '.join(grammar.ROOTS)}; parts start with a capital or digit and hold letters, digits, hyphens.",
    )


def _rounding(document: Document) -> Money:
    """What lines and taxes leave to the gross amount; more than a minor unit per part is an error."""
    parts = (*(line.net for line in document.lines), *(tax.tax for tax in document.taxes))
    rounding = document.gross - total(parts, document.currency)
    if abs(rounding).minor > len(parts):
        raise _refused(document, "unbalanced", f"does not add up: {rounding} is more than rounding can leave")
    return rounding
