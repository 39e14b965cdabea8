"""What a change in a book means for a record of ours: each difference by its own reason, with its fix. Pure.

Protects: finance's edits are reported and never overwritten; what we did ourselves is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from connectors.protocols import Change, Expectation

Flag = Literal["differs", "voided", "missing", "paid"]


@dataclass(frozen=True, slots=True)
class Known:
    """A record of ours in a book; `delivery_id` is "" for one that a person linked."""

    kind: str
    code: str
    ledger_id: str
    lookup: str
    version: str
    expect: Expectation
    delivery_id: str = ""
    is_voided_by_us: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: `what` in one sentence, `hint` is what to do."""

    reason: str
    what: str
    hint: str
    flag: Flag | None = None


def observe(change: Change, ours: Known) -> tuple[Difference, ...]:
    """Every difference between a record as it is there and as we know it; () when they agree."""
    if ours.kind in ("customer", "item"):
        return tuple(_of_name(change, ours))
    return tuple(_of_document(change, ours))


def is_paid(change: Change) -> bool:
    """Whether an invoice is settled there: no difference, but good to know before it is corrected."""
    return bool(change.is_live and change.gross and change.balance is not None and not change.balance)


def unknown(change: Change) -> Difference:
    """A document there carries our marker, and we do not know that we posted it."""
    return Difference(
        "unknown_there",
        f"The book holds {change.lookup} (id {change.ledger_id}) with our mark, and we do not know of it.",
        "After a restore its delivery finds and adopts it; else look who copied it, and void the copy.",
    )


def _of_document(change: Change, ours: Known) -> Iterator[Difference]:
    if not change.is_there:
        yield Difference(
            "deleted_there",
            f"{ours.lookup} was deleted in the book.",
            "It is not sent again by itself. Ask finance why; reverse it by a credit note, or issue it anew.",
            "missing",
        )
        return
    if not change.is_live:
        if not ours.is_voided_by_us:
            yield Difference(
                "voided_there",
                f"{ours.lookup} was voided in the book.",
                "It is not sent again by itself. Ask finance why; issue it anew if it was a mistake.",
                "voided",
            )
        return
    if change.lookup != ours.lookup:
        yield Difference(
            "renumbered_there",
            f"{ours.lookup} has the number {change.lookup or '(none)'} in the book.",
            "Let finance give it its number again: a used number may not name something else.",
            "differs",
        )
    expect = ours.expect
    if expect.customer_id and change.customer_id and expect.customer_id != change.customer_id:
        yield Difference(
            "customer_changed_there",
            f"{ours.lookup} is for customer {change.customer_id} in the book, we sent {expect.customer_id}.",
            "If customers were merged there, link the one that stayed; else let finance move it back.",
            "differs",
        )
    amounts = _amounts(change, expect)
    if amounts:
        yield Difference(
            "edited_there",
            f"{ours.lookup}: {amounts}",
            "Agree with finance which is right: accept theirs, or correct by a credit note and issue anew.",
            "differs",
        )


def _amounts(change: Change, expect: Expectation) -> str:
    for word, ours, theirs in (("net", expect.net, change.net), ("gross", expect.gross, change.gross)):
        if ours is None or theirs is None or ours == theirs:
            continue
        if ours.currency != theirs.currency or abs(ours.minor - theirs.minor) > expect.gross_within:
            return f"the book has {word} {theirs}, we sent {ours}."
    return ""


def _of_name(change: Change, ours: Known) -> Iterator[Difference]:
    if not change.is_there:
        yield Difference(
            "merged_there",
            f"{ours.kind} {ours.code} (id {ours.ledger_id}) is gone: merged into another, or deleted.",
            "Link the record that stayed: subledger mapping import FILE. Nothing is created in its place.",
        )
        return
    if not change.is_active:
        yield Difference(
            "inactive_there",
            f"{ours.kind} {ours.code} ({change.lookup}, id {ours.ledger_id}) was made inactive.",
            "Make it active there, or link another one, before the next document for it.",
        )
