"""One QuickBooks company as a `Ledger`: renders, pushes, finds, checks; no retries, rows or queues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from connectors.errors import Conflict, ConnectorError, OutcomeUnknown, Refused, Unrecognised
from connectors.ledgers.quickbooks import changes, echo, limits, names, queries
from connectors.ledgers.quickbooks.client import QuickBooksClient, Reply
from connectors.ledgers.quickbooks.company import Company
from connectors.ledgers.quickbooks.fault_bodies import fault_of
from connectors.ledgers.quickbooks.faults import batch_refusal
from connectors.ledgers.quickbooks.followups import FollowUps
from connectors.ledgers.quickbooks.preferences import closing_date, problems_of
from connectors.ledgers.quickbooks.shapes import object_in, rows_in
from connectors.ledgers.quickbooks.wire import ENTITY, needed, rendered
from connectors.protocols import (
    BookState,
    Capabilities,
    Changes,
    Clock,
    Held,
    HeldName,
    Outcome,
    Posted,
    Rendered,
    Shipment,
)
from mappings.canonical.document import DocumentKind
from mappings.canonical.record import FOLLOW_UPS, Record, RecordKind, Reference

_ENCODER = msgspec.json.Encoder()

_PAGES: Mapping[str, str] = {
    "production": "https://qbo.intuit.com",
    "sandbox": "https://sandbox.qbo.intuit.com",
}

Entities = list[Mapping[str, Any]]


class QuickBooksLedger:
    """The session of one book."""

    def __init__(self, company: Company, *, client: QuickBooksClient, clock: Clock) -> None:
        self._company = company
        self._client = client
        self._clock = clock
        self._follow_ups = FollowUps(client)
        self._capabilities = limits.capabilities(company.limits_share)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def reads_made(self) -> int:
        """Metered reads of this session so far."""
        return self._client.reads_made

    def check(self) -> BookState:
        """Read the company's facts and settings (two metered reads); problems are plain sentences."""
        info = object_in(self._client.company_info().payload, "CompanyInfo")
        preferences = object_in(self._client.preferences().payload, "Preferences")
        home = ((preferences.get("CurrencyPrefs") or {}).get("HomeCurrency") or {}).get("value", "")
        return BookState(
            company_id=self._company.realm_id,
            company_name=str(info.get("CompanyName", "")),
            home_currency=str(home),
            problems=problems_of(info, preferences, company=self._company, today=self._today()),
            closed_until=closing_date(preferences),
            reads=2,
        )

    def needs(self, record: Record) -> tuple[Reference, ...]:
        return needed(record, self._company)

    def render(self, record: Record, *, marker: str, bound: Mapping[Reference, str]) -> Rendered:
        return rendered(record, marker=marker, bound=bound, company=self._company)

    def push(
        self, shipments: Sequence[Shipment], *, batch_key: str = "", not_after: float | None = None
    ) -> Sequence[Outcome]:
        """One shipment by a create under its own key, several by one batch under `batch_key`."""
        if not shipments:
            return ()
        if len(shipments) == 1:
            (only,) = shipments
            if only.kind in FOLLOW_UPS:
                return (self._follow_ups.push(only, not_after),)
            return (self._create(only, not_after),)
        if len(shipments) > limits.BATCH_SIZE or not batch_key:
            raise ValueError(
                f"a batch takes 2 to {limits.BATCH_SIZE} shipments and a key, not {len(shipments)}"
            )
        reply = self._client.batch(_batch_body(shipments), requestid=batch_key, not_after=not_after)
        return self._batch_outcomes(shipments, reply)

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
        """What the company holds under each number or name: one query per kind and 50 names."""
        if any(one.kind in FOLLOW_UPS for one in shipments):
            return [
                self._follow_ups.find(one) if one.kind in FOLLOW_UPS else self.find((one,))[0]
                for one in shipments
            ]
        found: dict[RecordKind, Entities] = {}
        for kind in dict.fromkeys(shipment.kind for shipment in shipments):
            names = tuple(dict.fromkeys(one.lookup for one in shipments if one.kind == kind))
            found[kind] = list(self._rows(ENTITY[kind], queries.by_name(kind, names)))
        results = [self._held(shipment, found[shipment.kind]) for shipment in shipments]
        return self._with_foreign_names(shipments, results)

    def highest_numbers(self, prefixes: Sequence[str]) -> Mapping[str, str]:
        """The highest number in the books behind each prefix ("" when there is none), two reads each.

        Exact for numbers padded with zeros, where the order of texts is that of numbers; else the highest
        of the last thousand texts.
        """
        return {prefix: echo.highest(prefix, list(self._numbers(prefix))) for prefix in prefixes}

    def reference_data(self, kind: Literal["customer", "item"]) -> Iterator[Sequence[HeldName]]:
        """Every customer or item, a thousand a read; a page that comes again raises: it has no end."""
        start = 1
        firsts: set[str] = set()
        while True:
            page = list(self._rows(ENTITY[kind], (queries.every(ENTITY[kind], start=start),)))
            first = echo.text_of(page[0], "Id") if page else ""
            if first in firsts:
                raise OutcomeUnknown(f"QuickBooks gave the same page of {kind}s twice: the list has no end")
            firsts.add(first)
            yield [names.held_name(kind, one, home_currency=self._company.home_currency) for one in page]
            if len(page) < limits.QUERY_ROWS_MAX:
                return
            start += len(page)

    @property
    def look_back(self) -> timedelta:
        """The change feed tells of at most thirty days (qbo.md section 8.2)."""
        return timedelta(days=30)

    def changes(self, since: datetime) -> Changes:
        """One read of the change feed; the next overlaps by five minutes, so that nothing slips through."""
        now = self._clock.now()
        reply = self._client.changes(",".join(changes.ENTITIES), since.isoformat(timespec="seconds"))
        found = changes.changes_of(reply.payload, home_currency=self._company.home_currency)
        is_complete = len(found) < changes.OBJECTS_MAX
        return Changes(found, until=now - changes.OVERLAP, reads=1, is_complete=is_complete)

    def link(self, kind: DocumentKind, ledger_id: str) -> str:
        """The address of a document in QuickBooks' own pages; a simulator has none."""
        base = _PAGES.get(self._company.environment, "")
        page = "creditmemo" if kind == "credit_note" else "invoice"
        return f"{base}/app/{page}?txnId={ledger_id}" if base else ""

    def _create(self, shipment: Shipment, not_after: float | None) -> Outcome:
        """A refusal of this one record is its outcome; what concerns the call or the book is raised."""
        entity = ENTITY[shipment.kind]
        try:
            reply = self._client.create(entity, shipment.body, requestid=shipment.key, not_after=not_after)
        except (Refused, Conflict, Unrecognised) as refused:
            return refused
        return self._posted(shipment, reply.payload.get(entity), reply.trace_id)

    def _batch_outcomes(self, shipments: Sequence[Shipment], reply: Reply) -> tuple[Outcome, ...]:
        """Outcomes in the order of the shipments; the answer's own order means nothing."""
        items = reply.payload.get("BatchItemResponse")
        answers = {str(item.get("bId")): item for item in items or () if isinstance(item, Mapping)}
        return tuple(
            self._item_outcome(shipment, answers.get(_batch_id(position)), reply.trace_id)
            for position, shipment in enumerate(shipments)
        )

    def _item_outcome(self, shipment: Shipment, item: Mapping[str, Any] | None, trace_id: str) -> Outcome:
        if item is None:
            return OutcomeUnknown("the batch was answered without a word on this record", trace_id=trace_id)
        errors = fault_of(item)
        if errors:
            return batch_refusal(errors, trace_id=trace_id)
        return self._posted(shipment, item.get(ENTITY[shipment.kind]), trace_id)

    def _posted(self, shipment: Shipment, entity: object, trace_id: str) -> Posted | ConnectorError:
        if not isinstance(entity, Mapping):
            return OutcomeUnknown("QuickBooks answered without the record", trace_id=trace_id)
        try:
            return echo.posted(shipment, entity, home_currency=self._company.home_currency, trace_id=trace_id)
        except echo.EchoUnreadable as problem:
            return OutcomeUnknown(f"QuickBooks' answer cannot be trusted: {problem}", trace_id=trace_id)

    def _held(self, shipment: Shipment, entities: Entities) -> Held | None:
        try:
            return echo.held(shipment, entities, home_currency=self._company.home_currency)
        except echo.EchoUnreadable as problem:
            raise OutcomeUnknown(f"the record under {shipment.lookup} cannot be read: {problem}") from problem

    def _with_foreign_names(
        self, shipments: Sequence[Shipment], results: list[Held | None]
    ) -> tuple[Held | None, ...]:
        """Customers share their names with vendors and employees (6240): look there for what is missing."""
        missing = [
            position
            for position, (shipment, held) in enumerate(zip(shipments, results, strict=True))
            if held is None and shipment.kind == "customer"
        ]
        names = tuple(dict.fromkeys(shipments[position].lookup for position in missing))
        for entity in ("Vendor", "Employee") if names else ():
            entities = list(self._rows(entity, queries.by_display_name(entity, names)))
            for position in missing:
                results[position] = results[position] or echo.foreign(shipments[position], entities)
        return tuple(results)

    def _numbers(self, prefix: str) -> Iterator[str]:
        for entity in ("Invoice", "CreditMemo"):
            for row in self._rows(entity, (queries.numbers_behind(entity, prefix),)):
                yield str(row.get("DocNumber") or "")

    def _rows(self, entity: str, selects: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        for select in selects:
            yield from rows_in(self._client.query(select).payload, entity)

    def _today(self) -> date:
        return self._clock.now().date()


def _batch_body(shipments: Sequence[Shipment]) -> bytes:
    """The batch of creates, each with its stored bytes as they are."""
    requests = [
        {
            "bId": _batch_id(position),
            "operation": "create",
            ENTITY[shipment.kind]: msgspec.Raw(shipment.body),
        }
        for position, shipment in enumerate(shipments)
    ]
    return _ENCODER.encode({"BatchItemRequest": requests})


def _batch_id(position: int) -> str:
    """Short: with a requestid a `bId` has at most 10 characters (qbo.md section 3)."""
    return f"i{position}"
