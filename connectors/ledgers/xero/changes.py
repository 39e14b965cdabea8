"""What Xero lists as modified, as changes of our records (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Literal

from connectors.ledgers.xero import echo
from connectors.ledgers.xero.echo import Entity
from connectors.ledgers.xero.wire import ENDPOINTS, TYPES
from connectors.protocols import Change

Kind = Literal["customer", "item", "invoice", "credit_note"]

KINDS: tuple[Kind, ...] = ("invoice", "credit_note", "customer", "item")

OVERLAP = timedelta(minutes=5)
"""The next read begins this much earlier: their clock is not ours, and a change may appear late."""

LOOK_BACK = timedelta(days=365)
"""If-Modified-Since has no published end; a year is what we would ever ask for."""


def changes_of(kind: Kind, entities: Iterable[Entity]) -> Iterator[Change]:
    """Each record of a page; suppliers' bills and credits are left out. Raises `EchoUnreadable`."""
    for entity in entities:
        if kind in TYPES and echo.text_of(entity, "Type") != TYPES[kind]:
            continue
        yield _change(kind, entity)


def _change(kind: Kind, entity: Entity) -> Change:
    is_document = kind in TYPES
    _, gross = totals = echo.totals(kind, entity)
    has_balance = kind == "invoice" and gross is not None and "AmountDue" in entity
    is_gone = echo.text_of(entity, "Status") == "DELETED" or bool(echo.text_of(entity, "MergedToContactID"))
    return Change(
        kind=kind,
        ledger_id=echo.text_of(entity, ENDPOINTS[kind].id),
        version=echo.version_of(entity),
        lookup=echo.text_of(entity, ENDPOINTS[kind].lookup),
        marker=echo.marker_in(kind, entity),
        is_there=not is_gone,
        is_live=not is_document or echo.is_live(entity),
        is_active=is_document or echo.is_live(entity),
        customer_id=echo.contact_of(entity),
        net=totals[0],
        gross=gross,
        balance=echo.money(entity["AmountDue"], gross.currency) if has_balance and gross else None,
    )
