"""Our records as QuickBooks' JSON, field by field (pure): what is not written here is not sent.

Decided here:
- The marker stands where a person keeps it when editing: `PrivateNote` of documents, `Notes` of
  customers, the last line of an item's `Description` (items have no note; a line of a document always
  carries its own description, so the item's is only seen when someone writes a document by hand).
- Numbers are JSON numbers in plain notation, never strings, never with an exponent.
- `CurrencyRef` always; `ExchangeRate` whenever the document is not in the home currency, because
  QuickBooks would otherwise post at rate 1 (qbo.md section 6.1).
- In the US a line is `TAX` or `NON` and our tax goes as `TxnTaxDetail.TotalTax`; where the ledger sets
  the tax, both addresses go along instead. Elsewhere every line names the company's own tax code.
- The purchase order is visible in `CustomerMemo`: custom fields differ from company to company.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from connectors.ledgers.quickbooks import followup_wire, limits
from connectors.ledgers.quickbooks.company import Company
from connectors.protocols import Expectation, Rendered
from mappings.canonical.document import Document, Line, Section
from mappings.canonical.money import minor_digits
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

ENTITY: Mapping[RecordKind, str] = {
    "customer": "Customer",
    "item": "Item",
    "invoice": "Invoice",
    "credit_note": "CreditMemo",
}

MARKER_PREFIX = "subledger:"
US_TAX_CODES = ("TAX", "NON")

_RESALE = "9"
"""Exemption reason "Resale" of automated sales tax (overrides.json, tax_exemption_reason_ids)."""

_ENCODER = msgspec.json.Encoder()


class Unbound(LookupError):
    """A record needs something that has no id in this company yet."""


def needed(record: Record, company: Company) -> tuple[Reference, ...]:
    """What must have an id in the company before the record can be rendered, each once, sorted."""
    if isinstance(record, CustomerRecord):
        return (Reference("customer", record.parent),) if record.parent else ()
    if isinstance(record, ItemRecord):
        return (Reference("account", record.revenue_account),)
    if not isinstance(record, DocumentRecord):
        return followup_wire.needed(record)
    references = {Reference("customer", record.customer)}
    for target in record.targets:
        references.add(Reference("item", target.item))
        if target.class_:
            references.add(Reference("class", target.class_))
        if target.tax_code and not company.is_us:
            references.add(Reference("tax_code", target.tax_code))
    return tuple(sorted(references))


def rendered(record: Record, *, marker: str, bound: Mapping[Reference, str], company: Company) -> Rendered:
    """The exact bytes of a record, what to find it by, and what the company must hold afterwards.

    `bound` has the company's id of everything `needed` names; raises `Unbound` where one is missing.
    """
    if isinstance(record, CustomerRecord):
        return _customer(record, marker, bound, company)
    if isinstance(record, ItemRecord):
        return _item(record, marker, bound)
    if not isinstance(record, DocumentRecord):
        return followup_wire.rendered(record, marker, bound)
    return _document(record, marker, bound, company)


def _customer(
    record: CustomerRecord, marker: str, bound: Mapping[Reference, str], company: Company
) -> Rendered:
    name = limits.fitted_name(record.display_name, marker, limits.DISPLAY_NAME_MAX)
    body: dict[str, Any] = {
        "DisplayName": name,
        "CompanyName": limits.cut(record.legal_name or name, limits.COMPANY_NAME_MAX),
        "CurrencyRef": {"value": record.currency},
        "Notes": f"{MARKER_PREFIX}{marker} {record.code}"[: limits.NOTES_MAX],
        **_address("BillAddr", record.billing_address),
        **_address("ShipAddr", record.shipping_address),
        **_email("PrimaryEmailAddr", record.emails),
    }
    if record.parent:
        body["Job"] = True
        body["ParentRef"] = _ref(Reference("customer", record.parent), bound)
    registration = next(
        (one for one in record.tax_ids if one.country == record.billing_address.country),
        next(iter(record.tax_ids), None),
    )
    if registration is not None:
        body["PrimaryTaxIdentifier"] = registration.id
    if company.is_us and record.resale_certificate:
        body["Taxable"] = False
        body["TaxExemptionReasonId"] = _RESALE
        if len(record.resale_certificate) <= limits.RESALE_NUMBER_MAX:
            body["ResaleNum"] = record.resale_certificate
    return Rendered(_ENCODER.encode(body), name, Expectation())


def _item(record: ItemRecord, marker: str, bound: Mapping[Reference, str]) -> Rendered:
    name = limits.fitted_name(record.name, marker, limits.ITEM_NAME_MAX)
    tag = f"{MARKER_PREFIX}{marker}"
    text = limits.cut(record.description, limits.TEXT_MAX - len(tag) - 1)
    body: dict[str, Any] = {
        "Name": name,
        "Type": "Service",
        "Description": f"{text}\n{tag}" if text else tag,
        "IncomeAccountRef": _ref(Reference("account", record.revenue_account), bound),
    }
    if record.sku and len(record.sku) <= limits.SKU_MAX:
        body["Sku"] = record.sku
    return Rendered(_ENCODER.encode(body), name, Expectation())


def _document(
    record: DocumentRecord, marker: str, bound: Mapping[Reference, str], company: Company
) -> Rendered:
    document = record.document
    if document.document_date is None or not document.number:
        raise ValueError(f"document {document.ref} is not released: it has no number and date")
    customer = _ref(Reference("customer", record.customer), bound)
    body: dict[str, Any] = {
        "DocNumber": document.number,
        "TxnDate": document.document_date.isoformat(),
        "CustomerRef": customer,
        "CurrencyRef": {"value": document.currency},
        "PrivateNote": f"{MARKER_PREFIX}{marker} {document.ref}",
        "EmailStatus": "NotSet",
        "Line": list(_lines(record, bound, company)),
        **_address("BillAddr", document.bill_to.address),
        **_email("BillEmail", document.bill_to.emails),
        **_memo(document),
        **_tax(record, company),
    }
    if document.currency != company.home_currency:
        body["ExchangeRate"] = number(document.exchange_rate)
    if document.kind == "invoice" and document.due_date is not None:
        body["DueDate"] = document.due_date.isoformat()
    expected = Expectation(
        net=document.net,
        gross=document.gross
        if document.tax_mode == "ours" or any(one.code for one in document.taxes)
        else None,
        customer_id=customer["value"],
        lines=len(document.lines),
        gross_within=0 if document.tax_mode == "ours" else len(document.lines),
    )
    return Rendered(_ENCODER.encode(body), document.number, expected)


def _tax(record: DocumentRecord, company: Company) -> dict[str, Any]:
    """The members of a document that say who sets its tax, and how (qbo.md section 7)."""
    document = record.document
    if not company.is_us:
        taxed = any(target.tax_code for target in record.targets)
        return {"GlobalTaxCalculation": "TaxExcluded" if taxed else "NotApplicable"}
    if document.tax_mode == "ours":
        return {"TxnTaxDetail": {"TotalTax": number(document.tax.decimal)}}
    return {
        **_address("ShipAddr", document.bill_to.address),
        **_address("ShipFromAddr", document.issuer.address),
    }


def _lines(
    record: DocumentRecord, bound: Mapping[Reference, str], company: Company
) -> Iterator[dict[str, Any]]:
    """Lines numbered from 1; each section of a consolidated document begins with a text line."""
    sections = record.document.sections
    targets = iter(record.targets)
    position = 0
    for section in sections:
        if len(sections) > 1:
            position += 1
            yield _header(section, position)
        for line in section.lines:
            position += 1
            yield _sales_line(line, next(targets), position, record.names, bound, company)


def _header(section: Section, position: int) -> dict[str, Any]:
    return {
        "LineNum": position,
        "Description": limits.cut(f"{section.name}: net {section.net}", limits.TEXT_MAX),
        "DetailType": "DescriptionOnly",
        "DescriptionLineDetail": {},
    }


def _sales_line(
    line: Line,
    target: LineTarget,
    position: int,
    names: Mapping[str, str],
    bound: Mapping[Reference, str],
    company: Company,
) -> dict[str, Any]:
    quantity, unit_price = _printed(line)
    detail: dict[str, Any] = {
        "ItemRef": _ref(Reference("item", target.item), bound),
        "Qty": number(quantity),
        "UnitPrice": number(unit_price),
        "ServiceDate": line.service.start.isoformat(),
    }
    if company.is_us:
        detail["TaxCodeRef"] = {"value": _us_tax_code(line, target, names)}
    elif target.tax_code:
        detail["TaxCodeRef"] = _ref(Reference("tax_code", target.tax_code), bound)
    if target.class_:
        detail["ClassRef"] = _ref(Reference("class", target.class_), bound)
    return {
        "LineNum": position,
        "Description": limits.cut(_text(line), limits.TEXT_MAX),
        "Amount": number(line.net.decimal),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def _printed(line: Line) -> tuple[Decimal, Decimal]:
    """Quantity and unit price whose product is the amount; else 1 at the amount (fault 6070)."""
    smallest = Decimal(1).scaleb(-minor_digits(line.net.currency))
    exact = line.quantity * line.unit_price == line.net.decimal
    fits = all(
        -int(value.normalize().as_tuple().exponent) <= limits.PRICE_DECIMALS_MAX
        for value in (line.quantity, line.unit_price)
    )
    if exact and fits:
        return line.quantity.normalize(), line.unit_price.normalize()
    return Decimal(1), line.net.decimal.quantize(smallest)


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


def _us_tax_code(line: Line, target: LineTarget, names: Mapping[str, str]) -> str:
    """TAX or NON: the chart's own word where it is one of them, else by the line's rate (fault 6100)."""
    for word in (names.get(target.tax_code, ""), target.tax_code):
        if word.upper() in US_TAX_CODES:
            return word.upper()
    return "TAX" if line.tax_percent else "NON"


def _memo(document: Document) -> dict[str, Any]:
    parts = []
    if document.purchase_order:
        parts.append(f"Purchase order: {document.purchase_order}")
    if document.buyer_reference:
        parts.append(f"Your reference: {document.buyer_reference}")
    return {"CustomerMemo": {"value": limits.cut("\n".join(parts), limits.MEMO_MAX)}} if parts else {}


def _email(member: str, emails: tuple[str, ...]) -> dict[str, Any]:
    """The first address that fits; nothing is mailed by it, documents say EmailStatus NotSet."""
    fitting = next((email for email in emails if len(email) <= limits.EMAIL_MAX), None)
    return {member: {"Address": fitting}} if fitting else {}


def _address(member: str, address: Address) -> dict[str, Any]:
    parts = {
        "Line1": limits.cut(address.line1, limits.ADDRESS_LINE_MAX),
        "Line2": limits.cut(address.line2, limits.ADDRESS_LINE_MAX),
        "City": limits.cut(address.city, limits.ADDRESS_PART_MAX),
        "CountrySubDivisionCode": limits.cut(address.region, limits.ADDRESS_PART_MAX),
        "PostalCode": address.postal_code[: limits.POSTAL_CODE_MAX],
        "Country": limits.cut(address.country, limits.ADDRESS_PART_MAX),
    }
    filled = {name: text for name, text in parts.items() if text}
    return {member: filled} if filled else {}


def _ref(reference: Reference, bound: Mapping[Reference, str]) -> dict[str, str]:
    found = bound.get(reference)
    if not found:
        raise Unbound(f"{reference} has no id in this company")
    return {"value": found}


def number(value: Decimal) -> msgspec.Raw:
    """A JSON number in plain notation; a Decimal's own text may carry an exponent (1E-7)."""
    return msgspec.Raw(format(value, "f").encode("ascii"))
