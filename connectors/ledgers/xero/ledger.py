"""One Xero organisation as a `Ledger`: renders, pushes, finds, checks; no retries, rows or queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from connectors.errors import Conflict, ConnectorError, OutcomeUnknown, Refused, Unreachable, Unrecognised
from connectors.ledgers.xero import changes, echo, filters, limits, names
from connectors.ledgers.xero.client import Reply, XeroClient
from connectors.ledgers.xero.echo import Entity
from connectors.ledgers.xero.fault_bodies import is_refused, messages_of
from connectors.ledgers.xero.faults import record_refusal
from connectors.ledgers.xero.followups import FollowUps
from connectors.ledgers.xero.organisation import Organisation
from connectors.ledgers.xero.organisation_check import closed_until, problems_of
from connectors.ledgers.xero.wire import ENDPOINTS, contact_number, needed, rendered
from connectors.protocols import (
    BookState,
    Capabilities,
    Change,
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

_PAGES: Mapping[str, str] = {"production": "https://go.xero.com"}


class XeroLedger:
    """The session of one book."""

    def __init__(self, organisation: Organisation, *, client: XeroClient, clock: Clock) -> None:
        self._organisation = organisation
        self._client = client
        self._clock = clock
        self._follow_ups = FollowUps(client)
        self._capabilities = limits.capabilities(organisation.limits_share)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def reads_made(self) -> int:
        """Metered reads of this session so far."""
        return self._client.reads_made

    def check(self) -> BookState:
        """Read the organisation's facts and currencies (two reads); problems are plain sentences."""
        told = next(iter(self._client.organisation().records("Organisations")), {})
        listed = self._client.currencies().records("Currencies")
        currencies = [echo.text_of(one, "Code") for one in listed]
        return BookState(
            company_id=self._organisation.tenant_id,
            company_name=echo.text_of(told, "Name"),
            home_currency=echo.text_of(told, "BaseCurrency"),
            problems=problems_of(told, currencies, organisation=self._organisation, today=self._today()),
            closed_until=closed_until(told),
            reads=2,
        )

    def needs(self, record: Record) -> tuple[Reference, ...]:
        return needed(record)

    def render(self, record: Record, *, marker: str, bound: Mapping[Reference, str]) -> Rendered:
        return rendered(record, marker=marker, bound=bound, organisation=self._organisation)

    def push(
        self, shipments: Sequence[Shipment], *, batch_key: str = "", not_after: float | None = None
    ) -> Sequence[Outcome]:
        """Create by PUT, one under its own key or up to 50 of one kind under `batch_key`.

        PUT never changes what is there: a number that is taken is refused, where POST would overwrite.
        """
        if not shipments:
            return ()
        kinds = {one.kind for one in shipments}
        if len(shipments) > 1 and (len(shipments) > limits.BATCH_SIZE or not batch_key or len(kinds) > 1):
            raise ValueError(f"a batch takes 2 to {limits.BATCH_SIZE} shipments of one kind, and a key")
        (kind,) = kinds
        if kind in FOLLOW_UPS:
            (only,) = shipments
            return (self._follow_ups.push(only, not_after),)
        if len(shipments) == 1:
            return (self._create(shipments[0], not_after),)
        return self._create_all(kind, shipments, batch_key, not_after)

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
        """What the organisation holds under each number, name or key: a read or two per kind."""
        found: dict[RecordKind, list[Entity]] = {}
        for kind in dict.fromkeys(one.kind for one in shipments if one.kind not in FOLLOW_UPS):
            found[kind] = self._under(kind, [one for one in shipments if one.kind == kind])
        return [
            self._follow_ups.find(one) if one.kind in FOLLOW_UPS else self._held(one, found[one.kind])
            for one in shipments
        ]

    def highest_numbers(self, prefixes: Sequence[str]) -> Mapping[str, str]:
        """The highest number in the books behind each prefix ("" when there is none), two reads each.

        Exact for numbers padded with zeros, where the order of texts is that of numbers; else the highest of
        the last thousand texts.
        """
        return {prefix: echo.highest(prefix, list(self._numbers(prefix))) for prefix in prefixes}

    def reference_data(self, kind: Literal["customer", "item"]) -> Iterator[Sequence[HeldName]]:
        """Every contact, a thousand a read, archived ones too; items come in one read."""
        home = self._organisation.home_currency
        params = {"includeArchived": "true", "order": "UpdatedDateUTC"} if kind == "customer" else {}
        for page in self._pages(kind, params):
            yield [names.held_name(kind, one, home_currency=home) for one in page]

    @property
    def look_back(self) -> timedelta:
        return changes.LOOK_BACK

    def changes(self, since: datetime) -> Changes:
        """Documents, contacts and items modified since an instant; the next read overlaps by five minutes."""
        now, reads = self._clock.now(), 0
        found: list[Change] = []
        for kind in changes.KINDS:
            params = {"includeArchived": "true"} if kind == "customer" else {}
            for page in self._pages(kind, params, since=since):
                reads += 1
                found += changes.changes_of(kind, page)
        return Changes(tuple(found), until=now - changes.OVERLAP, reads=reads)

    def link(self, kind: DocumentKind, ledger_id: str) -> str:
        """The address of a document in Xero's own pages; a simulator has none."""
        base = _PAGES.get(self._organisation.environment, "")
        if not base:
            return ""
        if kind == "credit_note":
            return f"{base}/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={ledger_id}"
        return f"{base}/AccountsReceivable/View.aspx?InvoiceID={ledger_id}"

    def _create(self, shipment: Shipment, not_after: float | None) -> Outcome:
        """A refusal of this one record is its outcome; what concerns the call or the book is raised."""
        path = ENDPOINTS[shipment.kind].path
        try:
            reply = self._client.create(path, [shipment.body], key=shipment.key, not_after=not_after)
        except (Refused, Conflict, Unrecognised) as refused:
            return refused
        records = reply.records(path)
        return self._outcome(shipment, records[0] if len(records) == 1 else None, reply)

    def _create_all(
        self, kind: RecordKind, shipments: Sequence[Shipment], batch_key: str, not_after: float | None
    ) -> tuple[Outcome, ...]:
        """As many as fit into one body; the rest was provably not sent.

        A batch refused as a whole tells nothing about its records: each is looked up, then goes alone.
        """
        count = _fitting(shipments)
        sent, path = shipments[:count], ENDPOINTS[kind].path
        bodies = [one.body for one in sent]
        try:
            reply = self._client.create(path, bodies, key=batch_key, not_after=not_after)
        except (Refused, Conflict, Unrecognised) as refused:
            code, why = refused.code, f"the batch was refused as a whole: {refused.why}"
            raise OutcomeUnknown(why, code=code, status=refused.status) from refused
        answers = {echo.text_of(one, ENDPOINTS[kind].lookup).casefold(): one for one in reply.records(path)}
        outcomes = [self._outcome(one, answers.get(one.lookup.casefold()), reply) for one in sent]
        waits = Unreachable("the batch was full; nothing of it was sent", code="batch_full")
        return (*outcomes, *(waits for _ in shipments[count:]))

    def _outcome(self, shipment: Shipment, record: Entity | None, reply: Reply) -> Posted | ConnectorError:
        if record is None:
            return OutcomeUnknown("Xero answered without a word on this record", trace_id=reply.trace_id)
        if is_refused(record):
            return record_refusal(messages_of(record), trace_id=reply.trace_id)
        try:
            return echo.posted(shipment, record, trace_id=reply.trace_id)
        except echo.EchoUnreadable as problem:
            return OutcomeUnknown(f"Xero's answer cannot be trusted: {problem}", trace_id=reply.trace_id)

    def _held(self, shipment: Shipment, entities: Sequence[Entity]) -> Held | None:
        try:
            return echo.held(shipment, entities)
        except echo.EchoUnreadable as problem:
            raise OutcomeUnknown(f"the record under {shipment.lookup} cannot be read: {problem}") from problem

    def _under(self, kind: RecordKind, shipments: Sequence[Shipment]) -> list[Entity]:
        if kind == "customer":
            return self._contacts(shipments)
        lookups = [one.lookup for one in shipments]
        if kind == "invoice":
            queries = [{"InvoiceNumbers": listed} for listed in filters.lists_of(lookups)]
        else:
            queries = [{"where": where} for where in filters.any_of(ENDPOINTS[kind].lookup, lookups)]
        return [one for query in queries for page in self._pages(kind, query) for one in page]

    def _contacts(self, shipments: Sequence[Shipment]) -> list[Entity]:
        """Contacts by our key; where there is none, whoever has the name (archived ones too).

        A name is searched for, never put into a `where`: there case counts, and how quotes are escaped is
        nowhere written. For many names the whole list is read instead, a thousand a read.
        """
        keys = [contact_number(one.marker) for one in shipments]
        queries = [{"where": where} for where in filters.any_of("ContactNumber", keys)]
        found = self._contacts_by(queries)
        known = {echo.text_of(one, "ContactNumber") for one in found}
        absent = [one.lookup for one, key in zip(shipments, keys, strict=True) if key not in known]
        few = len(absent) <= limits.SEARCHES_MAX
        return found + self._contacts_by([{"searchTerm": name} for name in absent] if few else [{}])

    def _contacts_by(self, queries: Sequence[Mapping[str, str]]) -> list[Entity]:
        whole = ({**query, "includeArchived": "true"} for query in queries)
        return [one for query in whole for page in self._pages("customer", query) for one in page]

    def _numbers(self, prefix: str) -> Iterator[str]:
        for kind in echo.DOCUMENTS:
            member = ENDPOINTS[kind].lookup
            query = {"where": filters.begins_with(member, prefix), "order": f"{member} DESC"}
            for one in self._client.page(ENDPOINTS[kind].path, query).records(ENDPOINTS[kind].path):
                yield echo.text_of(one, member)

    def _pages(
        self, kind: RecordKind, params: Mapping[str, str], *, since: datetime | None = None
    ) -> Iterator[tuple[Entity, ...]]:
        path, number = ENDPOINTS[kind].path, 1
        while True:
            page = self._client.page(path, params, page=number, since=since).records(path)
            yield page
            if kind == "item" or len(page) < limits.PAGE_SIZE:
                return
            number += 1

    def _today(self) -> date:
        return self._clock.now().date()


def _fitting(shipments: Sequence[Shipment]) -> int:
    """How many of them one body holds; at least one."""
    size = 0
    for count, one in enumerate(shipments):
        size += len(one.body) + 1
        if size > limits.BODY_BYTES_MAX and count:
            return count
    return len(shipments)
