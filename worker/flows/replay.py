"""What an operator can do with one delivery: replay it, or cancel what was provably never sent.

Protects: a replay never makes a second document. What may have arrived is looked for first; what is
posted is only compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.errors import ConnectorError
from mappings.canonical.book import Book
from worker.delivery.states import OPEN, State, replayed
from worker.delivery.verdict import held_differs
from worker.flows.ports import Ports, Timing
from worker.flows.sending import facts
from worker.store import audit, deliveries
from worker.store.deliveries import Delivery
from worker.store.engine import Connection


class UnknownDelivery(KeyError):
    """No delivery has this id."""

    def __str__(self) -> str:
        return f"there is no delivery {self.args[0]}"


class NotCancellable(Exception):
    """The delivery may be in the book, or is there: cancelling would only hide it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of it: state before and after, and one sentence for the operator."""

    delivery: str
    before: State
    after: State
    sentence: str


def replay(ports: Ports, delivery_id: str, *, actor: str, reason: str) -> Replayed:
    """Make a parked or blocked delivery go on, and ring its book. Pressing twice is as good as once."""
    now = ports.clock.now()

    def work(connection: Connection) -> tuple[Delivery, State]:
        delivery = _get(connection, delivery_id)
        after = replayed(delivery.state, may_have_arrived=delivery.send_started_at is not None)
        if after != delivery.state:
            deliveries.reopen(connection, delivery, after, now=now)
            audit.record(
                connection, actor=actor, act="delivery.replay", subject=delivery_id, reason=reason, now=now
            )
        return delivery, after

    delivery, after = ports.store.transact(work)
    if after != delivery.state:
        ports.doorbell.ring("drain_book", delivery.book)
    return Replayed(delivery_id, delivery.state, after, _sentence(delivery, after))


def verify(ports: Ports, book: Book, delivery_id: str, timing: Timing) -> str:
    """Compare a posted delivery with what its book holds now; "" = equal, else how it differs. One read."""
    with ports.store.read() as connection:
        delivery = _get(connection, delivery_id)
    try:
        (held,) = ports.open_ledger(book).find([delivery.shipment])
    except ConnectorError as error:
        return f"Could not read book {book.code}: {error}"
    if held is None:
        return f"Book {book.code} no longer holds {delivery.lookup}."
    if held.marker != delivery.marker:
        return f"Book {book.code} holds another record under {delivery.lookup} (id {held.ledger_id})."
    if not held.live:
        return f"{delivery.lookup} was voided in book {book.code}."
    return held_differs(held, facts(delivery, timing))


def cancel(ports: Ports, delivery_id: str, *, actor: str, reason: str) -> Replayed:
    """Never send a delivery; frees neither the document's number nor its charges.

    Raises `NotCancellable` for one that is, or may be, in the book.
    """
    now = ports.clock.now()

    def work(connection: Connection) -> Delivery:
        delivery = _get(connection, delivery_id)
        if delivery.state == "cancelled":
            return delivery
        if delivery.state == "posted":
            raise NotCancellable(
                f"{delivery.lookup} is in book {delivery.book}; reverse it by a credit note."
            )
        may_be_there = delivery.send_started_at is not None and delivery.reason != "voided_there"
        if delivery.state in ("sending", "uncertain") or may_be_there:
            raise NotCancellable(
                f"{delivery.lookup} may already be in book {delivery.book}; replay it first, which looks."
            )
        deliveries.move(connection, delivery, "cancelled", now=now, reason="by_operator", why=reason)
        audit.record(
            connection, actor=actor, act="delivery.cancel", subject=delivery_id, reason=reason, now=now
        )
        return delivery

    delivery = ports.store.transact(work)
    return Replayed(delivery_id, delivery.state, "cancelled", f"{delivery.lookup} will never be sent.")


def _get(connection: Connection, delivery_id: str) -> Delivery:
    delivery = deliveries.get(connection, delivery_id)
    if delivery is None:
        raise UnknownDelivery(delivery_id)
    return delivery


def _sentence(delivery: Delivery, after: State) -> str:
    what = f"{delivery.kind.replace('_', ' ')} {delivery.lookup}"
    if delivery.state == "posted":
        return f"The {what} is in book {delivery.book} already; nothing to send."
    if delivery.state == "cancelled":
        return f"The {what} was cancelled; it is never sent."
    if delivery.state in OPEN:
        return f"The {what} is on its way ({delivery.state}); nothing to do."
    if after == "uncertain":
        return f"The {what} may have arrived before: book {delivery.book} is read first, then it is decided."
    return f"The {what} is due and goes to book {delivery.book} next."
