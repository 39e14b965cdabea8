"""Our records as Xero's JSON, field by field (pure): what is not written here is not sent.

Decided here (decision 0017):
- The marker stands in `ContactNumber` of contacts (only the API writes it), in `PurchaseDescription` of
  items, and in `Reference` of documents, behind the customer's own references; with `source_url`, in the
  link of an invoice instead, which nobody sees printed (credit notes have none).
- An item's id is its `Code`: lines name items by it.
- Documents are AUTHORISED at once, amounts exclusive of tax. Every line names account and tax type, so that
  no default of the organisation decides; our tax goes as `TaxAmount` of the lines, which add up to ours.
- `CurrencyRate` whenever the document is not in the base currency, else Xero takes the day's rate. It is
  units of the document's currency for one of the base, the inverse of ours, at six decimals.
- Numbers are JSON numbers in plain notation, never strings, never with an exponent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from connectors.errors import Refused
from connectors.ledgers.xero import followup_wire, limits
from connectors.ledgers.xero.line_tax import tax_amounts
from connectors.ledgers.xero.organisation import Organisation
from connectors.protocols import Expectation, Rendered
from mappings.canonical.document import Document, Line, Section
from mappings.canonical.money import Money, minor_digits
from mappings.canonical.party import Address
from mappings.canonical.record import (
    CustomerRecord,
    DocumentRecord,
    ItemRecord,
    LineTarget,
    Record,
    RecordKind,
    Reference,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where records of a kind live: the path's word, and the members of id and number (or name, code)."""

    path: str
    id: str
    lookup: str


ENDPOINTS: Mapping[RecordKind, Endpoint] = {
    "customer": Endpoint("Contacts", "ContactID", "Name"),
    "item": Endpoint("Items", "Code", "Code"),
    "invoice": Endpoint("Invoices", "InvoiceID", "InvoiceNumber"),
    "credit_note": Endpoint("CreditNotes", "CreditNoteID", "CreditNoteNumber"),
}
TYPES: Mapping[str, str] = {"invoice": "ACCREC", "credit_note": "ACCRECCREDIT"}

MARKER_PREFIX = "subledger:"

_NUMBER_FORBIDDEN = frozenset(',"\\')
"""`InvoiceNumbers` parts its values by commas, a `where` ends at a quote: it would never be found again."""

_ENCODER = msgspec.json.Encoder()


class Unbound(LookupError):
    """A record needs something that has no id in this organisation yet."""


def needed(record: Record) -> tuple[Reference, ...]:
    """What must have an id in the organisation before the record can be rendered, each once, sorted.

    Contacts have no parents there: a sub-customer is a contact of its own.
    """
    if isinstance(record, CustomerRecord):
        return ()
    if isinstance(record, ItemRecord):
        return (Reference("account", record.revenue_account),)
    if not isinstance(record, DocumentRecord):
        return followup_wire.needed(record)
    references = {Reference("customer", record.customer)}
    for target in record.targets:
        references.add(Reference("item", target.item))
        references.add(Reference("account", target.revenue_account))
        if target.class_:
            references.add(Reference("class", target.class_))
        if target.tax_code:
            references.add(Reference("tax_code", target.tax_code))
    return tuple(sorted(references))


def rendered(
    record: Record, *, marker: str, bound: Mapping[Reference, str], organisation: Organisation
) -> Rendered:
    """The exact bytes of a record, what to find it by, and what the organisation must hold afterwards.

    `bound` has the id of everything `needed` names; raises `Unbound` where one is missing, `Refused` for what
    Xero cannot hold.
    """
    if isinstance(record, CustomerRecord):
        return _contact(record, marker)
    if isinstance(record, ItemRecord):
        return _item(record, marker, bound)
    if not isinstance(record, DocumentRecord):
        return followup_wire.rendered(record, marker, bound)
    return _document(record, marker, bound, organisation)


def contact_number(marker: str) -> str:
    """Our key of a contact there."""
    return f"{MARKER_PREFIX}{marker}"


def _contact(record: CustomerRecord, marker: str) -> Rendered:
    name = limits.fitted_name(record.display_name, marker, limits.CONTACT_NAME_MAX)
    addresses = [
        *_address("POBOX", record.billing_address),
        *_address("STREET", record.shipping_address),
    ]
    body: dict[str, Any] = {
        "Name": name,
        "ContactNumber": contact_number(marker),
        "DefaultCurrency": record.currency,
    }
    if addresses:
        body["Addresses"] = addresses
    email = next((one for one in record.emails if len(one) <= limits.EMAIL_MAX and one.isascii()), None)
    if email is not None:
        body["EmailAddress"] = email
    registration = next(
        (one for one in record.tax_ids if one.country == record.billing_address.country),
        next(iter(record.tax_ids), None),
    )
    if registration is not None and len(registration.id) <= limits.TAX_NUMBER_MAX:
        body["TaxNumber"] = registration.id
    return Rendered(_ENCODER.encode(body), name, Expectation())


def _item(record: ItemRecord, marker: str, bound: Mapping[Reference, str]) -> Rendered:
    code = limits.fitted_code(record.code, marker)
    body: dict[str, Any] = {
        "Code": code,
        "Name": limits.cut(record.name, limits.ITEM_NAME_MAX),
        "Description": limits.cut(record.description or record.name, limits.TEXT_MAX),
        "PurchaseDescription": f"{MARKER_PREFIX}{marker}",
        "SalesDetails": {"AccountCode": _id(Reference("account", record.revenue_account), bound)},
    }
    return Rendered(_ENCODER.encode(body), code, Expectation())


def _document(
    record: DocumentRecord, marker: str, bound: Mapping[Reference, str], organisation: Organisation
) -> Rendered:
    document = record.document
    if document.document_date is None or not document.number:
        raise ValueError(f"document {document.ref} is not released: it has no number and date")
    _refuse_misfits(document)
    endpoint = ENDPOINTS[document.kind]
    contact = _id(Reference("customer", record.customer), bound)
    is_taxed = any(target.tax_code for target in record.targets)
    body: dict[str, Any] = {
        "Type": TYPES[document.kind],
        endpoint.lookup: document.number,
        "Contact": {"ContactID": contact},
        "Date": document.document_date.isoformat(),
        "Status": "AUTHORISED",
        "CurrencyCode": document.currency,
        "LineAmountTypes": "Exclusive" if is_taxed else "NoTax",
        "LineItems": list(_lines(record, bound, is_taxed=is_taxed)),
        **_references(document, marker, organisation),
    }
    if document.currency != organisation.home_currency:
        body["CurrencyRate"] = number(rate_there(document.exchange_rate))
    if document.kind == "invoice":
        body["DueDate"] = (document.due_date or document.document_date).isoformat()
    expected = Expectation(
        net=document.net,
        gross=document.gross if document.tax_mode == "ours" or any(t.code for t in document.taxes) else None,
        customer_id=contact,
        lines=len(document.lines),
        gross_within=0 if document.tax_mode == "ours" else len(document.lines),
    )
    return Rendered(_ENCODER.encode(body), document.number, expected)


def rate_there(home_for_one: Decimal) -> Decimal:
    """Xero's rate for ours: theirs is units of the document's currency for one of the base currency."""
    return (1 / home_for_one).quantize(Decimal(1).scaleb(-limits.RATE_DECIMALS_MAX))


def _refuse_misfits(document: Document) -> None:
    if minor_digits(document.currency) > limits.MONEY_DECIMALS_MAX:
        raise Refused(
            f"Xero keeps amounts at two decimals, {document.currency} has {minor_digits(document.currency)}.",
            code="currency_decimals",
            hint="Keep this customer's documents in another book, or bill it in another currency.",
        )
    if len(document.number) > limits.NUMBER_MAX:
        raise Refused(
            f"Xero takes numbers of at most {limits.NUMBER_MAX} characters, this has {len(document.number)}.",
            code="number_too_long",
            hint="Shorten the pattern of the series.",
        )
    if _NUMBER_FORBIDDEN & set(document.number):
        raise Refused(
            f"Xero cannot be asked for the number {document.number}: it has a comma, quote or backslash.",
            code="number_signs",
            hint="Change the pattern of the series.",
        )


def _references(document: Document, marker: str, organisation: Organisation) -> dict[str, str]:
    """The customer's own references, and the marker where an edit in Xero's pages keeps it."""
    told = [text for text in (document.purchase_order, document.buyer_reference) if text]
    tag = f"{MARKER_PREFIX}{marker}"
    if organisation.source_url and document.kind == "invoice":
        link = {"Url": f"{organisation.source_url}/#{tag}"}
        return link | ({"Reference": limits.cut(" / ".join(told), limits.REFERENCE_MAX)} if told else {})
    theirs = limits.cut(" / ".join(told), limits.REFERENCE_MAX - len(tag) - 1) if told else ""
    return {"Reference": f"{theirs} {tag}".strip()}


def _lines(
    record: DocumentRecord, bound: Mapping[Reference, str], *, is_taxed: bool
) -> Iterator[dict[str, Any]]:
    """Each section of a consolidated document begins with a line of text alone."""
    sections = record.document.sections
    targets, taxes = iter(record.targets), iter(tax_amounts(record.document))
    for section in sections:
        if len(sections) > 1:
            yield _header(section)
        for line in section.lines:
            yield _line(line, next(targets), next(taxes), bound, is_taxed=is_taxed)


def _header(section: Section) -> dict[str, Any]:
    return {"Description": limits.cut(f"{section.name}: net {section.net}", limits.TEXT_MAX)}


def _line(
    line: Line, target: LineTarget, tax: Money | None, bound: Mapping[Reference, str], *, is_taxed: bool
) -> dict[str, Any]:
    quantity, unit_price = _printed(line)
    body: dict[str, Any] = {
        "Description": limits.cut(_text(line), limits.TEXT_MAX),
        "Quantity": number(quantity),
        "UnitAmount": number(unit_price),
        "ItemCode": _id(Reference("item", target.item), bound),
        "AccountCode": _id(Reference("account", target.revenue_account), bound),
    }
    if is_taxed:
        body["TaxType"] = _id(Reference("tax_code", target.tax_code), bound) if target.tax_code else "NONE"
        if tax is not None:
            body["TaxAmount"] = number(tax.decimal)
    if target.class_:
        body["Tracking"] = tracking(_id(Reference("class", target.class_), bound))
    return body


def tracking(told: str) -> list[dict[str, str]]:
    """A class's id as tracking: `Region=North`, or ids as `UUID=UUID`; two categories parted by `;`.

    Raises `Refused` for anything else.
    """
    pairs = [part.partition("=") for part in told.split(";")]
    if len(pairs) > limits.TRACKING_MAX or any(
        not (name and equals and option) for name, equals, option in pairs
    ):
        raise Refused(
            f"{told!r} is not a tracking option: write Category=Option, at most two, parted by a semicolon.",
            code="tracking",
            hint="Correct the ledger_ids of the class in the chart.",
        )
    return [_tracked(name.strip(), option.strip()) for name, _, option in pairs]


def _tracked(name: str, option: str) -> dict[str, str]:
    try:
        return {"TrackingCategoryID": str(UUID(name)), "TrackingOptionID": str(UUID(option))}
    except ValueError:
        return {"Name": name, "Option": option}


def _printed(line: Line) -> tuple[Decimal, Decimal]:
    """Quantity and unit price whose product is the amount at four decimals each; else 1 at the amount."""
    smallest = Decimal(1).scaleb(-minor_digits(line.net.currency))
    exact = line.quantity * line.unit_price == line.net.decimal
    fits = _decimals(line.quantity) <= limits.QUANTITY_DECIMALS_MAX
    if exact and fits and _decimals(line.unit_price) <= limits.PRICE_DECIMALS_MAX:
        return line.quantity.normalize(), line.unit_price.normalize()
    return Decimal(1), line.net.decimal.quantize(smallest)


def _decimals(value: Decimal) -> int:
    return -int(value.normalize().as_tuple().exponent)


def _text(line: Line) -> str:
    """What the line is for: description, service period, calculation, and the document it corrects."""
    parts = [line.description, str(line.service), *line.basis]
    if line.original is not None:
        parts.append(f"Corrects {line.original.number} of {line.original.date} ({line.original.period})")
    told: list[str] = []
    for part in parts:
        if part and not any(part in earlier for earlier in told):
            told.append(part)
    return "\n".join(told)


def _address(kind: str, address: Address) -> Iterator[dict[str, str]]:
    parts = {
        "AddressLine1": limits.cut(address.line1, limits.ADDRESS_LINE_MAX),
        "AddressLine2": limits.cut(address.line2, limits.ADDRESS_LINE_MAX),
        "City": limits.cut(address.city, limits.ADDRESS_PART_MAX),
        "Region": limits.cut(address.region, limits.ADDRESS_PART_MAX),
        "PostalCode": address.postal_code[: limits.POSTAL_CODE_MAX],
        "Country": limits.cut(address.country, limits.COUNTRY_MAX),
    }
    filled = {name: text for name, text in parts.items() if text}
    if filled:
        yield {"AddressType": kind, **filled}


def _id(reference: Reference, bound: Mapping[Reference, str]) -> str:
    found = bound.get(reference)
    if not found:
        raise Unbound(f"{reference} has no id in this organisation")
    return found


def number(value: Decimal) -> msgspec.Raw:
    """A JSON number in plain notation; a Decimal's own text may carry an exponent (1E-7)."""
    return msgspec.Raw(format(value, "f").encode("ascii"))
