"""The smallest ledger: a dictionary, with a script of what goes wrong next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.protocols import (
    BookState,
    Capabilities,
    Expectation,
    Held,
    Outcome,
    Posted,
    Rates,
    Rendered,
    Shipment,
)
from mappings.canonical.record import CustomerRecord, DocumentRecord, ItemRecord, Record, Reference
from mappings.identity import canonical_json

Fault = Callable[["MemoryLedger", Sequence[Shipment]], Sequence[Outcome]]
"""What happens to one push instead of success: returns outcomes or raises."""


MEMORY = Capabilities(
    records=frozenset({"customer", "item", "invoice", "credit_note"}),
    batch_size=30,
    rates=Rates(),
    server_limit_s=120,
    recheck_s=10,
)


@dataclass
class MemoryLedger:
    """Holds records by lookup. `ignores_keys`: like a ledger without idempotency of its own."""

    capabilities: Capabilities = MEMORY
    ignores_keys: bool = True
    records: list[tuple[Shipment, Posted]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    pushes: list[tuple[str, ...]] = field(default_factory=list)
    finds: int = 0
    find_faults: list[Exception] = field(default_factory=list)

    def check(self) -> BookState:
        return BookState("memory", "Memory", "EUR")

    def needs(self, record: Record) -> tuple[Reference, ...]:
        if isinstance(record, DocumentRecord):
            return (Reference("customer", record.customer),)
        if isinstance(record, CustomerRecord) and record.parent:
            return (Reference("customer", record.parent),)
        return ()

    def render(self, record: Record, *, marker: str, bound: Mapping[Reference, str]) -> Rendered:
        ids = {str(reference): bound[reference] for reference in self.needs(record)}
        body = canonical_json({"record": record, "marker": marker, "ids": ids})
        if isinstance(record, DocumentRecord):
            document = record.document
            customer = bound[Reference("customer", record.customer)]
            lines = len(document.lines)
            return Rendered(body, document.number, Expectation(document.net, document.gross, customer, lines))
        if not isinstance(record, CustomerRecord | ItemRecord):
            raise AssertionError("this ledger knows customers, items and documents, see its capabilities")
        return Rendered(body, record.code, Expectation())

    def push(
        self, shipments: Sequence[Shipment], *, batch_key: str = "", not_after: float | None = None
    ) -> Sequence[Outcome]:
        self.pushes.append(tuple(shipment.lookup for shipment in shipments))
        if self.faults:
            return self.faults.pop(0)(self, shipments)
        return self.commit(shipments)

    def commit(self, shipments: Sequence[Shipment]) -> list[Outcome]:
        """Hold the records and answer truthfully."""
        return [self._commit(shipment) for shipment in shipments]

    def _commit(self, shipment: Shipment) -> Posted:
        if not self.ignores_keys:
            for held, posted in self.records:
                if held.key == shipment.key:
                    return posted
        expect = shipment.expect
        posted = Posted(str(len(self.records) + 1), "0", shipment.lookup, expect.net, expect.gross)
        self.records.append((shipment, posted))
        return posted

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
        self.finds += 1
        if self.find_faults:
            raise self.find_faults.pop(0)
        return [self._held(shipment) for shipment in shipments]

    def _held(self, wanted: Shipment) -> Held | None:
        for shipment, posted in self.records:
            if shipment.lookup == wanted.lookup and shipment.kind == wanted.kind:
                expect = shipment.expect
                return Held(
                    posted.ledger_id,
                    posted.version,
                    shipment.lookup,
                    shipment.marker,
                    customer_id=expect.customer_id,
                    net=expect.net,
                    gross=expect.gross,
                    lines=expect.lines,
                )
        return None

    def documents(self) -> list[str]:
        """Numbers of the documents held, in order."""
        return [one.lookup for one, _ in self.records if one.kind in ("invoice", "credit_note")]
