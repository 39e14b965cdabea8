"""Lists: filters, order, pages, and what was modified since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.ledgers.xero.simulator import where
from connectors.ledgers.xero.simulator.organisation import NUMBERS, Body, Organisation, Row
from connectors.ledgers.xero.simulator.voice import Refusal, bad_request
from connectors.simulation.exchange import Request

PAGE_SIZE = 100
PAGE_SIZE_MAX = 1000
PAGED = ("Invoices", "CreditNotes", "Contacts")
_SUMMARY_LACKS = ("LineItems", "Allocations", "CreditNotes")
_PARAMETERS: Mapping[str, frozenset[str]] = {
    "Invoices": frozenset(
        [
            "where",
            "order",
            "IDs",
            "InvoiceNumbers",
            "ContactIDs",
            "Statuses",
            "page",
            "includeArchived",
            "createdByMyApp",
            "unitdp",
            "summaryOnly",
            "pageSize",
            "searchTerm",
        ]
    ),
    "CreditNotes": frozenset(["where", "order", "page", "unitdp", "pageSize"]),
    "Contacts": frozenset(
        ["where", "order", "IDs", "page", "includeArchived", "summaryOnly", "searchTerm", "pageSize"]
    ),
    "Items": frozenset(["where", "order", "unitdp"]),
}


def listed(
    organisation: Organisation, kind: str, request: Request, *, now: datetime, lag_s: float
) -> list[Body]:
    """The records that a list shows. Raises `Refusal` for parameters that the list does not take."""
    query = request.query
    unknown = query.keys() - _PARAMETERS[kind]
    if unknown:
        raise Refusal(bad_request(f"Unknown query parameter {', '.join(sorted(unknown))}"))
    rows = _chosen(organisation, kind, query)
    since = _since(request)
    newest = now - timedelta(seconds=lag_s)
    rows = [row for row in rows if row.updated_at >= since and (not lag_s or row.created_at <= newest)]
    test = where.parse(query["where"]) if query.get("where") else None
    bodies = [row.body for row in rows if test is None or test(row.body)]
    return _page(kind, _ordered(bodies, query.get("order", "")), query)


def _chosen(organisation: Organisation, kind: str, query: Mapping[str, str]) -> list[Row]:
    """By the list's own parameters; they may be combined."""
    rows: Iterable[Row]
    if query.get("InvoiceNumbers"):
        numbers = dict.fromkeys(query["InvoiceNumbers"].split(","))
        rows = [row for number in numbers for row in organisation.by_number(kind, number)]
    else:
        rows = organisation.all(kind)
    for parameter, member in (("IDs", f"{kind[:-1]}ID"), ("Statuses", "Status")):
        if query.get(parameter):
            wanted = query[parameter].split(",")
            rows = [row for row in rows if row.body.get(member) in wanted]
    if query.get("ContactIDs"):
        wanted = query["ContactIDs"].split(",")
        rows = [row for row in rows if _contact(row.body) in wanted]
    if query.get("searchTerm"):
        term = query["searchTerm"].casefold()
        rows = [row for row in rows if term in str(row.body.get(NUMBERS[kind], "")).casefold()]
    if kind == "Contacts" and query.get("includeArchived") != "true":
        rows = [row for row in rows if row.body["ContactStatus"] == "ACTIVE"]
    return list(rows)


def _contact(body: Body) -> object:
    contact = body.get("Contact")
    return contact.get("ContactID") if isinstance(contact, dict) else None


def _since(request: Request) -> datetime:
    told = request.headers.get("if-modified-since", "")
    if not told:
        return datetime.min.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        try:
            found = parsedate_to_datetime(told)
        except ValueError:
            raise Refusal(bad_request("If-Modified-Since is no date")) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ordered(bodies: list[Body], order: str) -> list[Body]:
    member, _, direction = order.strip().partition(" ")
    if not member:
        return bodies
    return sorted(
        bodies, key=lambda body: str(body.get(member) or ""), reverse=direction.strip().upper() == "DESC"
    )


def _page(kind: str, bodies: list[Body], query: Mapping[str, str]) -> list[Body]:
    """Without a page a list tells no lines, as Xero's does not; items have no pages."""
    if kind not in PAGED:
        return bodies
    if "page" not in query:
        return [
            {name: value for name, value in body.items() if name not in _SUMMARY_LACKS} for body in bodies
        ]
    size = int(query.get("pageSize", PAGE_SIZE))
    if not 0 < size <= PAGE_SIZE_MAX:
        raise Refusal(bad_request(f"pageSize is at most {PAGE_SIZE_MAX}"))
    start = (int(query["page"]) - 1) * size
    return bodies[start : start + size]
