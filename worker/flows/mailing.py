"""E-mail to the customer: the ledger mails a document once it is posted, where the contract says so.

Protects: at most one mail. A mail is a delivery of its own; an unclear outcome is looked up in the ledger and
never repeated by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from connectors import registry
from mappings.canonical.contract import Contract
from mappings.canonical.document import Document
from mappings.canonical.record import EmailRecord
from mappings.canonical.workspace import Setup
from worker.store import contracts, followups, setup
from worker.store.engine import Connection


def plan(
    connection: Connection,
    released: Mapping[str, Document],
    setups: Iterable[Setup],
    *,
    now: datetime,
) -> None:
    """Plan the mails of documents (id -> content) that are being released, each after its document.

    `setups` are those of their groups. Nothing for a party without an address, or a ledger that mails
    nothing: both show as not sent.
    """
    mailed = contracts.documents_under(connection, released, _sending(setups))
    if not mailed:
        return
    by_ref = {document.ref: document for document in released.values()}
    books = {book.code: registry.ledger(book.ledger) for book in setup.books(connection)}
    wanted = []
    for place in followups.in_books(connection, sorted(mailed)):
        recipients = by_ref[place.target.ref].bill_to.emails
        if recipients and "email" in books[place.book].capabilities.records:
            wanted.append((place, EmailRecord(place.target, recipients)))
    followups.plan(connection, wanted, now=now)


def _sending(setups: Iterable[Setup]) -> set[str]:
    """Codes of the contracts whose newest version lets the ledger mail."""
    newest: dict[str, Contract] = {}
    for one in setups:
        for contract in one.contracts:
            known = newest.get(contract.code)
            if known is None or known.from_ < contract.from_:
                newest[contract.code] = contract
    return {code for code, contract in newest.items() if contract.send == "ledger"}
