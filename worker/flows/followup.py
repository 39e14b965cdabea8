"""What a person asks for about a document that is in a book: void it, settle it, hang a file on it, mail it.

Each becomes a delivery of its own kind and goes the way of every delivery: written ahead, at most once,
looked up after an unclear outcome. A ledger that cannot do it is said so before anything is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors import registry
from connectors.errors import ConnectorError
from connectors.protocols import LinksToDocuments
from mappings.canonical.book import Book
from mappings.canonical.document import Document
from mappings.canonical.money import Money
from mappings.canonical.record import (
    ApplicationRecord,
    AttachmentRecord,
    EmailRecord,
    FollowUp,
    FollowUpKind,
    VoidRecord,
    customer_code,
)
from worker.flows import overview
from worker.flows.overview import DeliveryLine, DocumentFacts
from worker.flows.ports import Ports
from worker.store import audit, followups, setup
from worker.store.engine import Connection
from worker.store.followups import InBook, Planned

FILE_MAX = 10 * 1024 * 1024
_WORD = {"void": "void", "application": "settle", "attachment": "attach files to", "email": "mail"}


class NotPossible(Exception):
    """The follow-up makes no sense for this document, or its book's ledger cannot do it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request: one delivery per book the document is in."""

    number: str
    planned: tuple[Planned, ...]


def void(ports: Ports, number: str, *, actor: str, reason: str) -> Asked:
    """Void an invoice where it is posted: it stays at zero there. Frees neither number nor charges."""
    facts = overview.document(ports, number)
    if facts.line.kind != "invoice":
        raise NotPossible(f"{facts.line.number} is a credit note; only invoices are voided")
    return _ask(
        ports, facts, "void", lambda place: VoidRecord(place.target, reason), actor=actor, reason=reason,
        only_posted=True,
    )  # fmt: skip


def attach(
    ports: Ports, number: str, *, name: str, media_type: str, content: bytes, actor: str, reason: str = ""
) -> Asked:
    """Hang a file on a document; the same file twice is as good as once."""
    if not content or len(content) > FILE_MAX:
        raise NotPossible(f"{name} has {len(content):,} bytes; a file has 1 to {FILE_MAX:,}")
    facts = overview.document(ports, number)
    return _ask(
        ports, facts, "attachment",
        lambda place: AttachmentRecord(place.target, name, media_type, content), actor=actor, reason=reason,
    )  # fmt: skip


def send(ports: Ports, number: str, *, to: tuple[str, ...] = (), actor: str, reason: str = "") -> Asked:
    """Let the ledger mail a document, to the payer's addresses or to these; again, by a person's word."""
    facts = overview.document(ports, number)
    recipients = to or facts.content.bill_to.emails
    if not recipients:
        raise NotPossible(
            f"{facts.content.bill_to.name} has no e-mail address: give one, or name it with --to"
        )
    return _ask(
        ports, facts, "email", lambda place: EmailRecord(place.target, recipients), actor=actor,
        reason=reason, again=True,
    )  # fmt: skip


def settle(
    ports: Ports, credit: str, invoice: str, *, amount: Money | None = None, actor: str, reason: str = ""
) -> Asked:
    """Apply a credit note, or a part of it, to an invoice of the same payer and currency."""
    facts, other = overview.document(ports, credit), overview.document(ports, invoice)
    if (facts.line.kind, other.line.kind) != ("credit_note", "invoice"):
        raise NotPossible(f"{credit} must be a credit note and {invoice} an invoice")
    if _payer(facts.content) != _payer(other.content):
        raise NotPossible(f"{credit} and {invoice} are not of the same payer and currency")
    part = amount or min(facts.line.gross, other.line.gross, key=lambda one: one.minor)
    highest = min(facts.line.gross.minor, other.line.gross.minor)
    if part.currency != facts.line.gross.currency or not 0 < part.minor <= highest:
        raise NotPossible(f"{part} is not between nothing and {Money(highest, facts.line.gross.currency)}")
    with ports.store.read() as connection:
        invoices = {one.book: one for one in followups.in_books(connection, (other.line.id,))}
    customer = customer_code(facts.content.bill_to.code, facts.content.currency)

    def record(place: InBook) -> ApplicationRecord:
        if place.book not in invoices or invoices[place.book].state != "posted":
            raise NotPossible(f"{invoice} is not posted in book {place.book} yet")
        on = max(filter(None, (facts.content.document_date, other.content.document_date)))
        return ApplicationRecord(place.target, invoices[place.book].target, part, customer, on)

    return _ask(ports, facts, "application", record, actor=actor, reason=reason, only_posted=True)


def link(ports: Ports, book: Book, kind: str, ledger_id: str) -> str:
    """The address of a posted document in its ledger's own pages, "" where there is none. No call is made."""
    try:
        ledger = ports.open_ledger(book)
    except (ConnectorError, ValueError):
        return ""
    if not isinstance(ledger, LinksToDocuments):
        return ""
    return ledger.link("credit_note" if kind == "credit_note" else "invoice", ledger_id)


def links(ports: Ports, lines: Sequence[DeliveryLine]) -> dict[str, str]:
    """Delivery id -> address in its ledger's own pages, of the posted ones that have one."""
    with ports.store.read() as connection:
        known = {book.code: book for book in setup.books(connection)}
    found = {
        one.id: link(ports, known[one.book], one.kind, one.ledger_id)
        for one in lines
        if one.ledger_id and one.book in known
    }
    return {delivery_id: address for delivery_id, address in found.items() if address}


def _ask(
    ports: Ports,
    facts: DocumentFacts,
    kind: FollowUpKind,
    record: Callable[[InBook], FollowUp],
    *,
    actor: str,
    reason: str,
    only_posted: bool = False,
    again: bool = False,
) -> Asked:
    """Store the follow-up for every book the document is in, and ring for them."""

    def work(connection: Connection) -> Asked:
        now = ports.clock.now()
        places = followups.in_books(connection, (facts.line.id,))
        if not places:
            raise NotPossible(f"{facts.line.number or facts.line.ref} is in no book and on its way to none")
        known = {book.code: book for book in setup.books(connection)}
        for place in places:
            _refuse(known[place.book], place, kind, only_posted=only_posted)
        planned = followups.plan(
            connection, [(place, record(place)) for place in places], now=now, again=again
        )
        if any(one.is_new for one in planned):
            audit.record(
                connection,
                actor=actor,
                act=f"document.{kind}",
                subject=facts.line.number,
                reason=reason,
                now=now,
            )
        return Asked(facts.line.number, planned)

    asked = ports.store.transact(work)
    for one in asked.planned:
        ports.doorbell.ring("drain_book", one.book)
    return asked


def _refuse(book: Book, place: InBook, kind: FollowUpKind, *, only_posted: bool) -> None:
    known = registry.ledger(book.ledger)
    if kind not in known.capabilities.records:
        raise NotPossible(f"{known.title} (book {book.code}) cannot {_WORD[kind]} documents from here")
    if only_posted and place.state != "posted":
        raise NotPossible(
            f"{place.target.number} is not posted in book {book.code} ({place.state}); what is not sent is"
            " cancelled, not voided or settled"
        )


def _payer(document: Document) -> tuple[str, str, str]:
    return document.issuer.code, document.bill_to.code, document.currency
