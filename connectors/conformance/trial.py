"""What a row works with: one stage, a session, documents nobody used before, and ways to insist."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from connectors.conformance import goods
from connectors.conformance.goods import Wanted
from connectors.conformance.row import Failed
from connectors.conformance.stage import NotOffered, Stage, Trouble
from connectors.errors import ConnectorError, Refused, Throttled
from connectors.protocols import Clock, Held, Ledger, Outcome, Posted, Shipment
from mappings.canonical.document import DocumentKind
from mappings.canonical.record import (
    ApplicationRecord,
    AttachmentRecord,
    CustomerRecord,
    DocumentRecord,
    EmailRecord,
    FollowUp,
    FollowUpKind,
    ItemRecord,
    Record,
    RecordKind,
    Reference,
    Target,
    VoidRecord,
    customer_code,
)
from mappings.identity import DeliveryIdentity

_REQUESTS_A_CALL = 3
_FOLLOW_UP: Mapping[type[FollowUp], FollowUpKind] = {
    VoidRecord: "void",
    ApplicationRecord: "application",
    AttachmentRecord: "attachment",
    EmailRecord: "email",
}


class Trial:
    """One ledger on its stage. Rows share it; each takes numbers of its own."""

    def __init__(self, stage: Stage, *, clock: Clock) -> None:
        self.stage = stage
        self.clock = clock
        self.ground = stage.ground
        started = f"{stage.ground.book.code} {clock.now().isoformat()}"
        self.tag = base64.b32encode(hashlib.sha256(started.encode()).digest()).decode("ascii")[:6]
        self._made: dict[Reference, str] = {}
        self._numbers = 0
        self.ledger = stage.open()

    def reopen(self) -> Ledger:
        """Go on in a new session, as a process that knows nothing of the one before."""
        self.ledger = self.stage.open()
        return self.ledger

    def number(self) -> str:
        """A number that no document has, of 12 characters."""
        self._numbers += 1
        return f"K-{self.tag}-{self._numbers:03}"

    def batch_key(self) -> str:
        """A key that no batch has had, of 32 characters."""
        return hashlib.sha256(f"batch {self.number()}".encode()).hexdigest()[:32]

    def document(self, wanted: Wanted | None = None) -> Shipment:
        """A document on its way, its customer and item made before if need be."""
        wanted = wanted or Wanted(self.number())
        currency = wanted.currency or self.ground.book.home_currency
        customer = wanted.customer or customer_code(f"KIT-{self.tag}", currency)
        record = goods.document(self.ground, wanted, customer=customer, item=f"KIT-{self.tag}")
        return self.shipment(record)

    def shipment(self, record: Record, *, bound: Mapping[Reference, str] | None = None) -> Shipment:
        """A record as a delivery carries it; `bound` overrides ids. Raises what the ledger's render does."""
        kind, ref = _identity(record)
        identity = DeliveryIdentity(self.ground.book.code, kind, ref)
        ids = {reference: self._id(reference, bound or {}) for reference in self.ledger.needs(record)}
        made = self.ledger.render(record, marker=identity.marker, bound=ids)
        return Shipment(kind, identity.key, identity.marker, made.lookup, made.body, made.expect)

    def customer(self, name: str, *, code: str = "") -> Shipment:
        """A customer of the home currency on its way."""
        home = self.ground.book.home_currency
        code = code or customer_code(f"{self.number()}", home)
        return self.shipment(goods.customer(self.ground, code, name=name))

    def id_of(self, reference: Reference) -> str:
        """The ledger's id of a customer or item, made if need be, or of an account or tax code."""
        return self._id(reference, {})

    def target(self, document: Shipment) -> Target:
        """A document of this trial as follow-ups name it."""
        gross = document.expect.gross
        if gross is None or document.kind not in ("invoice", "credit_note"):
            raise Failed(f"{document.kind} {document.lookup} cannot be the document of a follow-up")
        kind: DocumentKind = "invoice" if document.kind == "invoice" else "credit_note"
        return Target(kind, f"REF-{document.marker}", document.lookup, gross)

    def attempt(self, shipment: Shipment, *, not_after: float | None = None) -> Outcome:
        """Push one; a failed call is told as the outcome."""
        (outcome,) = self._push((shipment,), batch_key="", not_after=not_after)
        return outcome

    def attempt_all(self, shipments: tuple[Shipment, ...], *, batch_key: str) -> tuple[Outcome, ...]:
        """Push many by the ledger's batch call; a failed call is told as the outcome of each."""
        return self._push(shipments, batch_key=batch_key, not_after=None)

    def posted(self, shipment: Shipment) -> Posted:
        """Push one that must be posted."""
        outcome = self.attempt(shipment)
        if not isinstance(outcome, Posted):
            raise Failed(f"{shipment.kind} {shipment.lookup} was not posted: {told(outcome)}")
        return outcome

    def find(self, shipment: Shipment) -> Held | None:
        """What a read answers."""
        self._pace()
        (held,) = self.ledger.find([shipment])
        return held

    def held(self, shipment: Shipment) -> Held:
        """What a read answers, which must be ours and live."""
        held = self.find(shipment)
        if held is None:
            raise Failed(f"a read does not find {shipment.kind} {shipment.lookup}, which the book holds")
        insist(held.marker == shipment.marker, f"{shipment.lookup} is found, but not known as ours")
        return held

    def refused(self, outcome: Outcome, *words: type[ConnectorError], what: str) -> ConnectorError:
        """An outcome that must be one of these words."""
        if not isinstance(outcome, words):
            raise Failed(
                f"{what}: expected {' or '.join(word.__name__ for word in words)}, got {told(outcome)}"
            )
        return outcome

    def once(self, number: str) -> str:
        """Insist that the book has one document under a number, counted by the stage; says so in words."""
        return self.counted(number, 1)

    def counted(self, number: str, wanted: int) -> str:
        """Insist on a count by the stage's own witness; says so in words."""
        count = self.stage.count(number)
        if count is None:
            return "not counted, this book tells one document per number"
        insist(count == wanted, f"the book has {count} documents under {number}, not {wanted}")
        return f"{count} in the book"

    @contextmanager
    def trouble(self, what: Trouble, *, about: str = "") -> Iterator[None]:
        """In trouble inside the block. What the stage cannot do ends the row."""
        with self.stage.trouble(what, about=about):
            yield

    def _id(self, reference: Reference, bound: Mapping[Reference, str]) -> str:
        known = bound.get(reference) or self._made.get(reference) or self.ground.bound.get(reference)
        if known:
            return known
        record: Record
        if reference.kind == "customer":
            record = goods.customer(self.ground, reference.code, name=f"Conformance {reference.code}")
        elif reference.kind == "item":
            record = goods.item(self.ground, reference.code)
        else:
            raise Failed(f"the book names no id of {reference}; the stage's ground, or the chart, has to")
        return self._make(reference, record)

    def _make(self, reference: Reference, record: CustomerRecord | ItemRecord) -> str:
        outcome = self.attempt(self.shipment(record))
        if isinstance(outcome, Posted):
            self._made[reference] = outcome.ledger_id
            return outcome.ledger_id
        currency = record.currency if isinstance(record, CustomerRecord) else ""
        if isinstance(outcome, Refused) and currency not in ("", self.ground.book.home_currency):
            raise NotOffered(f"this book takes no customers in {currency}: {outcome.why}")
        raise Failed(f"{reference} could not be made: {told(outcome)}")

    def _push(
        self, shipments: tuple[Shipment, ...], *, batch_key: str, not_after: float | None
    ) -> tuple[Outcome, ...]:
        self._pace()
        try:
            outcomes = tuple(self.ledger.push(shipments, batch_key=batch_key, not_after=not_after))
        except ConnectorError as problem:
            outcomes = tuple(problem for _ in shipments)
        insist(len(outcomes) == len(shipments), f"{len(shipments)} sent, {len(outcomes)} outcomes")
        for outcome in () if self.stage.is_practice else outcomes:
            if isinstance(outcome, Throttled):
                raise outcome  # nobody asked for it: the row is tried again later
        return outcomes

    def _pace(self) -> None:
        """Keep below the limits of a book of somebody's own, where one call may take a few requests."""
        if self.stage.is_practice:
            return
        rates = self.ledger.capabilities.rates
        waits = [1 / rates.per_second if rates.per_second else 0]
        waits += [60 / rates.per_minute if rates.per_minute else 0]
        self.clock.sleep(_REQUESTS_A_CALL * max(waits))


def insist(condition: object, why: str) -> None:
    """End the row unless it is so."""
    if not condition:
        raise Failed(why)


def told(outcome: Outcome) -> str:
    """An outcome in a few words."""
    if isinstance(outcome, Posted):
        return f"Posted ({outcome.ledger_id})"
    code = f", {outcome.code}" if outcome.code else ""
    return f"{type(outcome).__name__} ({outcome.why}{code})"


def _identity(record: Record) -> tuple[RecordKind, str]:
    if isinstance(record, CustomerRecord):
        return "customer", record.code
    if isinstance(record, ItemRecord):
        return "item", record.code
    if isinstance(record, DocumentRecord):
        return record.document.kind, record.document.ref
    return _FOLLOW_UP[type(record)], record.document.ref
