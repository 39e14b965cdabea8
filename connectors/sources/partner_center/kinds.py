"""What a Partner Center file is, before anything in it is read.

The provider says it itself in `attributes.objectType` (of the resource or of each item of a collection);
request bodies carry none and are known by their members. Everything we do not import is refused by its kind,
with what to give instead. Wire samples: contracts/partner_center/samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. `instead` non-empty = not imported, and that is what to give instead."""

    code: str
    title: str
    instead: str = ""

    @property
    def refusal(self) -> str:
        """The sentence that refuses a file of this kind."""
        return f"This is {self.title}; that is not imported. {self.instead}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of a document, the member that told it, and its records when it is imported."""

    kind: Kind
    field: str = ""
    value: str = ""
    records: tuple[object, ...] = ()


_RESOURCE = "Give the subscription as GET /customers/{tenant}/subscriptions returns it."
_LINES = "Give the reconciliation line items of the invoice."
_NOTHING = "Give subscriptions or reconciliation line items; prices are set in the workspace file."

SUBSCRIPTION = Kind("subscription", "a subscription")
SUBSCRIPTIONS = Kind("subscriptions", "a collection of subscriptions")
NCE_LINES = Kind("nce_lines", "new-commerce invoice reconciliation lines")
NCE_UNBILLED_LINES = Kind("nce_unbilled_lines", "new-commerce lines that are not invoiced yet")
LEGACY_LICENSE_LINES = Kind("legacy_license_lines", "legacy licence reconciliation lines")
AZURE_BILLING_LINES = Kind("azure_billing_lines", "legacy Azure usage-based billing lines")
AZURE_USAGE_LINES = Kind("azure_usage_lines", "legacy Azure daily usage lines")
EMPTY = Kind("empty", "a collection without items")
UNKNOWN = Kind("unknown", "no file of Partner Center that we know", _NOTHING)
UNREADABLE = Kind("unreadable", "not readable", _NOTHING)
CHANGE_REQUEST = Kind(
    "subscription_change_request",
    "a subscription in the spelling of a change request (PascalCase: a PATCH body or its echo)",
    _RESOURCE,
)
DAILY_RATED_USAGE = Kind("daily_rated_usage", "daily-rated Azure plan usage", _LINES)
PRICE_SHEET = Kind("price_sheet", "a price sheet", _NOTHING)
FX_RATES = Kind("fx_rates", "a table of the provider's exchange rates", _NOTHING)
HTTP_MESSAGE = Kind("http_message", "a recorded HTTP message", "Give the body of the answer alone, as JSON.")
PACKED = Kind("packed", "a packed file or a workbook", "Unpack it, or save it as CSV in UTF-8.")

_ORDER = Kind("order", "an order", _RESOURCE)
_CART = Kind("cart", "a cart", _RESOURCE)
_INVOICE = Kind("invoice", "an invoice header", _LINES)
_SUMMARY = Kind("invoice_summary", "a summary of invoices", _LINES)
_ESTIMATE = Kind("invoice_estimate_links", "a list of links to estimates", _LINES)
_USAGE = Kind("usage_records", "a list of Azure consumption records", _LINES)
_RATECARD = Kind("azure_rate_card", "an Azure rate card", _NOTHING)
_PROMOTION = Kind("promotion", "a promotion", _NOTHING)
_ELIGIBILITY = Kind("eligibility", "an answer on what a subscription may change to", _RESOURCE)
_ELIGIBILITY_REQUEST = Kind("eligibility_request", "the body of an eligibility request", _RESOURCE)
_TRANSITION = Kind("transition", "a transition (upgrade) between products", _RESOURCE)
_TRANSITION_REQUEST = Kind("transition_request", "the body of a transition request", _RESOURCE)
_ORDER_REQUEST = Kind("order_request", "the body of an order request", _RESOURCE)
_OVERAGE = Kind("overage", "an overage setting of an Azure entitlement", _RESOURCE)
_EVENT = Kind("webhook_event", "a Partner Center webhook event (it carries no state)", _RESOURCE)
_REGISTRATION = Kind("webhook_registration", "a webhook registration or its test", _RESOURCE)

OBJECT_TYPES: Mapping[str, Kind] = {
    "subscription": SUBSCRIPTION,
    "onetimeinvoicelineitem": NCE_LINES,
    "licensebasedlineitem": LEGACY_LICENSE_LINES,
    "usagebasedlineitem": AZURE_BILLING_LINES,
    "dailyusagelineitem": AZURE_USAGE_LINES,
    "dailyratedusagelineitem": DAILY_RATED_USAGE,
    "overage": _OVERAGE,
    "invoice": _INVOICE,
    "invoicesummary": _SUMMARY,
    "meterusagerecord": _USAGE,
    "azureresourcemonthlyusagerecord": _USAGE,
    "resourceusagerecord": _USAGE,
    "transitioneligibility": _ELIGIBILITY,
    "promotioneligibilities": _ELIGIBILITY,
    "transition": _TRANSITION,
    "order": _ORDER,
    "cart": _CART,
    "azureratecard": _RATECARD,
}
"""The provider's object types, in lower case."""

_MEMBERS: tuple[tuple[frozenset[str], Kind], ...] = (
    (frozenset({"offerid", "effectivestartdate", "status"}), SUBSCRIPTION),
    (frozenset({"usagedate", "billingpretaxtotal"}), DAILY_RATED_USAGE),
    (frozenset({"productid", "skuid", "chargetype", "subtotal"}), NCE_LINES),
    (frozenset({"durableofferid", "chargetype", "subtotal"}), LEGACY_LICENSE_LINES),
    (frozenset({"resourceguid", "pretaxcharges", "chargetype"}), AZURE_BILLING_LINES),
    (frozenset({"resourceguid", "usagedate", "consumedquantity"}), AZURE_USAGE_LINES),
    (frozenset({"effectivestartdate", "commitmentenddate"}), SUBSCRIPTION),
    (frozenset({"eventname", "resourceuri"}), _EVENT),
    (frozenset({"webhookurl"}), _REGISTRATION),
    (frozenset({"callbackurl", "results"}), _REGISTRATION),
    (frozenset({"requiredproducts"}), _PROMOTION),
    (frozenset({"catalogitemid", "promotionid"}), _ELIGIBILITY_REQUEST),
    (frozenset({"fromcatalogitemid", "tocatalogitemid"}), _TRANSITION),
    (frozenset({"transition"}), _TRANSITION),
    (frozenset({"tocatalogitemid"}), _TRANSITION_REQUEST),
    (frozenset({"creationtimestamp", "lineitems"}), _CART),
    (frozenset({"lineitems", "creationdate"}), _ORDER),
    (frozenset({"lineitems"}), _ORDER_REQUEST),
    (frozenset({"type", "period", "link"}), _ESTIMATE),
)
"""Members (in lower case) that tell a kind where no object type is given; the first that fits wins."""

_HEADERS: tuple[tuple[frozenset[str], Kind], ...] = (
    (frozenset({"currencycode", "usdperunit"}), FX_RATES),
    (frozenset({"skutitle", "unitofmeasure", "unitprice"}), PRICE_SHEET),
    (frozenset({"usagedate", "meterid", "billingpretaxtotal"}), DAILY_RATED_USAGE),
    (frozenset({"durableofferid", "subscriptionid", "chargetype"}), LEGACY_LICENSE_LINES),
    (frozenset({"subscriptionid", "productid", "skuid", "chargetype"}), NCE_LINES),
)
"""CSV columns (in lower case) that tell a kind; recon_columns.csv has the full lists."""


def of_document(document: object) -> Verdict:
    """What a JSON document is: a resource, or a collection judged by its first item that tells a kind."""
    if not isinstance(document, dict):
        return Verdict(UNKNOWN, value=type(document).__name__)
    items = document.get("items")
    if not isinstance(items, list):
        return _of_single(document)
    if not items:
        return Verdict(EMPTY)
    for item in items:
        verdict = of_record(item)
        if verdict.kind is not UNKNOWN:
            break
    if verdict.kind is NCE_LINES and _is_unbilled(document, items):
        return Verdict(NCE_UNBILLED_LINES, verdict.field, verdict.value, tuple(items))
    kind = SUBSCRIPTIONS if verdict.kind is SUBSCRIPTION else verdict.kind
    return Verdict(kind, f"items.{verdict.field}", verdict.value, tuple(items))


def of_record(record: object) -> Verdict:
    """What one record is, by its object type or else by its members."""
    if not isinstance(record, dict):
        return Verdict(UNKNOWN, value=type(record).__name__)
    names = {name.lower(): name for name in record}
    attributes = record.get(names.get("attributes", ""))
    if isinstance(attributes, dict):
        for name, value in attributes.items():
            kind = OBJECT_TYPES.get(str(value).lower()) if name.lower() == "objecttype" else None
            if kind is not None:
                return Verdict(_spelled(kind, names), f"attributes.{name}", str(value))
    for members, kind in _MEMBERS:
        if members <= names.keys():
            telling = min(members)
            return Verdict(_spelled(kind, names), names[telling])
    return Verdict(UNKNOWN, value=", ".join(sorted(record)[:3]))


def of_header(columns: tuple[str, ...]) -> Verdict:
    """What a CSV file is by its header."""
    names = {column.lower() for column in columns}
    for members, kind in _HEADERS:
        if members <= names:
            return Verdict(kind, value=columns[0])
    return Verdict(UNKNOWN, value=", ".join(columns[:5]))


def _of_single(document: dict[str, object]) -> Verdict:
    verdict = of_record(document)
    if verdict.kind is NCE_LINES and _is_unbilled(document, [document]):
        verdict = Verdict(NCE_UNBILLED_LINES, verdict.field, verdict.value)
    return Verdict(verdict.kind, verdict.field, verdict.value, (document,))


def _spelled(kind: Kind, names: Mapping[str, str]) -> Kind:
    """A subscription with capital initials is a request or its echo, not what GET returns."""
    if kind is SUBSCRIPTION and any(name[:1].isupper() for name in names.values()):
        return CHANGE_REQUEST
    return kind


def _is_unbilled(document: Record, items: list[object]) -> bool:
    """Lines of no invoice: the link of the file says so, or no line names an invoice."""
    if "/invoices/unbilled/" in self_link(document):
        return True
    return not any(isinstance(item, dict) and item.get("invoiceNumber") for item in items) and not self_link(
        document
    )


def self_link(document: Record) -> str:
    """The address the document was read from, "" when it does not say."""
    links = document.get("links")
    link = links.get("self") if isinstance(links, dict) else None
    uri = link.get("uri") if isinstance(link, dict) else None
    return uri if isinstance(uri, str) else ""
