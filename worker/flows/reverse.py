"""Reverse a run: cancel what was not sent and credit what was, by a frozen plan that is applied once.

Protects: nothing that may be in a book is cancelled, nothing is credited twice, and what is in a book is
reversed only by a credit note of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import structlog

from mappings.canonical.money import Money
from mappings.identity import canonical_json
from worker.billing.reversal import is_untouched, reversal
from worker.billing.values import Check
from worker.flows import release
from worker.flows.exceptions import totals
from worker.flows.ports import Ports
from worker.flows.replay_plan import PlanRefused, Skipped, UnknownPlan, take
from worker.store import audit, deliveries, groups, plans, releasing, reversing
from worker.store.engine import Connection
from worker.store.plans import StoredPlan
from worker.store.releasing import Pile
from worker.store.reversing import InRun

log = structlog.get_logger()

KIND = "reverse"
VALID = timedelta(hours=24)

Act = Literal["cancel", "credit", "blocked"]

__all__ = ["PlanRefused", "UnknownPlan", "apply", "freeze", "load", "make"]


class UnknownRun(LookupError):
    """There was no bill run of this id."""


@dataclass(frozen=True, slots=True)
class ReverseItem:
    """One document and what will happen to it. `fingerprint` and `states` are as they were."""

    id: str
    number: str
    kind: str
    gross: Money
    act: Act
    sentence: str
    fingerprint: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReversePlan:
    """Every released document of a run, with the value per currency of each act."""

    run: str
    items: tuple[ReverseItem, ...]
    cancel: tuple[Money, ...]
    credit: tuple[Money, ...]
    blocked: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Reversed:
    """What applying did: number -> number of the credit note; cancelled ones were never sent to any book."""

    credited: tuple[tuple[str, str], ...]
    cancelled: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    books: tuple[str, ...]


def make(ports: Ports, run_id: str) -> ReversePlan:
    """Decide what becomes of each document of a run; changes nothing. Raises `UnknownRun`."""
    with ports.store.read() as connection:
        if not reversing.run_exists(connection, run_id):
            raise UnknownRun(f"there was no bill run {run_id}")
        found = reversing.documents(connection, run_id=run_id)
        items = tuple(_item(connection, one) for one in found)

    def worth(act: Act) -> tuple[Money, ...]:
        return totals(one.gross for one in items if one.act == act)

    return ReversePlan(run_id, items, worth("cancel"), worth("credit"), worth("blocked"))


def freeze(ports: Ports, plan: ReversePlan, *, actor: str, reason: str) -> tuple[str, datetime]:
    """Store a plan; returns its id and until when it may be applied."""
    now = ports.clock.now()

    def work(connection: Connection) -> str:
        body = canonical_json(plan).decode()
        plan_id = plans.put(
            connection, KIND, scope=canonical_json({"run": plan.run}).decode(), body=body, actor=actor,
            reason=reason, now=now, expires_at=now + VALID,
        )  # fmt: skip
        audit.record(
            connection, actor=actor, act="reverse.plan", subject=plan_id, reason=reason,
            body={"run": plan.run, "documents": len(plan.items)}, now=now,
        )  # fmt: skip
        return plan_id

    return ports.store.transact(work), now + VALID


def load(ports: Ports, plan_id: str) -> tuple[StoredPlan, ReversePlan]:
    """A stored plan; raises `UnknownPlan`."""
    with ports.store.read() as connection:
        stored = plans.get(connection, plan_id)
    if stored is None or stored.kind != KIND:
        raise UnknownPlan(f"there is no plan {plan_id} to reverse a run")
    return stored, msgspec.json.decode(stored.body, type=ReversePlan)


def apply(ports: Ports, plan_id: str, *, actor: str, reason: str) -> Reversed:
    """Do exactly what a plan says, once; a document that changed since is skipped and reported."""
    stored, plan = load(ports, plan_id)
    why = reason or stored.reason or "the run was reversed"
    take(ports, stored, actor=actor, reason=why)
    credited: list[tuple[str, str]] = []
    cancelled: list[str] = []
    skipped: list[Skipped] = []
    books: set[str] = set()
    for item in plan.items:
        if item.act == "blocked":
            continue
        done = ports.store.transact(_reverser(ports, plan.run, item, actor=actor, reason=why))
        if isinstance(done, Skipped):
            skipped.append(done)
            continue
        number, rung = done
        books |= set(rung)
        if item.act == "credit":
            credited.append((item.number, number))
        else:
            cancelled.append(item.number)
    result = Reversed(tuple(credited), tuple(cancelled), tuple(skipped), tuple(sorted(books)))
    ports.store.transact(
        lambda connection: plans.finish(connection, plan_id, canonical_json(result).decode())
    )
    for book in result.books:
        ports.doorbell.ring("drain_book", book)
    log.info("reverse.applied", plan=plan_id, credited=len(credited), cancelled=len(cancelled))
    return result


def _item(connection: Connection, one: InRun) -> ReverseItem:
    act, sentence = _decide(connection, one)
    states = tuple(state for _, _, state, _ in one.deliveries)
    return ReverseItem(one.id, one.number, one.kind, one.gross, act, sentence, one.fingerprint, states)


def _decide(connection: Connection, one: InRun) -> tuple[Act, str]:
    if one.kind != "invoice":
        return "blocked", "A credit note is not reversed; bill again what it took back."
    if any(may_be_there for *_, may_be_there in one.deliveries):
        return "blocked", "It may be in a book: replay its delivery first, which looks."
    own, by_cycle = reversing.charges_of(connection, one)
    if not own or not is_untouched(own, by_cycle):
        return "blocked", "A part of it was credited already: correct the rest at the source."
    posted = [book for _, book, state, _ in one.deliveries if state == "posted"]
    if posted:
        return "credit", f"Posted in {', '.join(posted)}: a credit note takes all of it back."
    return "cancel", "In no book: its delivery is cancelled, and a credit note of no book frees its charges."


def _reverser(
    ports: Ports, run_id: str, item: ReverseItem, *, actor: str, reason: str
) -> Callable[[Connection], tuple[str, tuple[str, ...]] | Skipped]:
    """One document in one transaction: the credit note is written, released and planned, or nothing is."""

    def work(connection: Connection) -> tuple[str, tuple[str, ...]] | Skipped:
        found = reversing.documents(connection, ids=(item.id,))
        if not found or _item(connection, found[0]) != item:
            return Skipped(item.id, item.number, "it changed since the plan was made")
        document, now = found[0], ports.clock.now()
        releasing.enter(connection, document.issuer)
        groups.lock(connection, {document.group})
        own, by_cycle = reversing.charges_of(connection, document)
        key = ("reversal", document.number, document.ref)
        draft = reversal(document.content, own, by_cycle, key=key, reason=reason)
        reversing.add_draft(connection, document, draft, run_id=run_id, actor=actor, now=now)
        pile, after = Pile(document.issuer, "credit_note"), ""
        while True:
            chunk = release.release_chunk(
                connection, ports=ports, pile=pile, after=after, only={document.group}
            )
            if not chunk.last:
                break
            after = chunk.last
        number = reversing.number_of(connection, draft.document.ref)
        if not number:
            why = _checks(reversing.drop_draft(connection, draft.document.ref))
            return Skipped(item.id, item.number, f"its credit note cannot be released: {why}")
        groups.mark_dirty(connection, {document.group})  # these cycles count as unbilled from here on
        _cancel(connection, document, draft.document.ref, now=now, reason=reason)
        audit.record(
            connection, actor=actor, act="document.reverse", subject=item.number, reason=reason,
            body={"credit_note": number, "act": item.act}, now=now,
        )  # fmt: skip
        return number, tuple(book for _, book, state, _ in document.deliveries if state == "posted")

    return work


def _cancel(connection: Connection, document: InRun, credit_ref: str, *, now: datetime, reason: str) -> None:
    """Never send the invoice to books that do not have it, nor the credit note."""
    unsent = {book for _, book, state, _ in document.deliveries if state not in ("posted", "cancelled")}
    ids = [one for one, book, state, _ in document.deliveries if book in unsent and state != "cancelled"]
    has_it = {book for _, book, state, _ in document.deliveries if state == "posted"}
    ids += reversing.unended(connection, "credit_note", credit_ref, not_in=has_it)
    for delivery in deliveries.get_many(connection, ids).values():
        deliveries.move(
            connection, delivery, "cancelled", now=now, reason="by_operator", why=f"Reversed: {reason}"
        )


def _checks(text: str) -> str:
    checks = msgspec.json.decode(text or "[]", type=tuple[Check, ...])
    return " ".join(check.sentence for check in checks) or "a bill replaced it meanwhile"
