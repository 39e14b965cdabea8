"""What a bill reads and writes for whole groups: their state in, drafts and charges out.

Protects: a draft is written once and stays as it is while its content stays, so that approvals survive a
repeated run; only charges of released documents count as billed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    select,
    text,
    update,
)

from mappings.canonical.workspace import Setup
from mappings.identity import canonical_json, fingerprint, fingerprint_of
from worker.billing.values import (
    BilledCharge,
    Charge,
    Check,
    Draft,
    Exchange,
    GroupBill,
    GroupState,
)
from worker.store import bulk, groups, provider_lines, setup, subscriptions
from worker.store.columns import new_id
from worker.store.holds import all_holds, document_key, follow, hold_check
from worker.store.tables import BillingGroup, ChargeRow, DocumentRow, SubscriptionRow, table_of

GROUP = table_of(BillingGroup)
SUBSCRIPTION = table_of(SubscriptionRow)
DOCUMENT = table_of(DocumentRow)
CHARGE = table_of(ChargeRow)

_DOCUMENT_COLUMNS = (
    "id", "ref", "state", "kind", "issuer", "bill_to", "group_code", "currency", "net_minor", "tax_minor",
    "gross_minor", "sort_key", "body", "fingerprint", "checks", "run_id", "as_of",
)  # fmt: skip
_CHARGE_COLUMNS = (
    "id", "document_id", "group_code", "subscription", "cycle_start", "revision", "contract", "price_list",
    "net_minor", "currency", "body",
)  # fmt: skip
_CHARGE = msgspec.json.Decoder(Charge)
_CLOSE = text(
    "UPDATE billing_group SET billed_as_of = :day, is_dirty = false, account = bill.account"
    " FROM unnest(CAST(:codes AS text[]), CAST(:accounts AS text[])) AS bill (code, account)"
    " WHERE billing_group.code = bill.code"
)
"""One statement for all groups of a chunk, on PostgreSQL."""

Compute = Callable[[str, GroupState], GroupBill | None]
"""The bill of a group of this code and state; None when it could not be computed: it stays as it is."""


@dataclass(frozen=True, slots=True)
class BillChange:
    """Documents of a chunk: written new, kept as they were, dropped; and how many of them are held."""

    written: int = 0
    kept: int = 0
    dropped: int = 0
    held: int = 0

    def __add__(self, other: BillChange) -> BillChange:
        return BillChange(
            self.written + other.written,
            self.kept + other.kept,
            self.dropped + other.dropped,
            self.held + other.held,
        )


@dataclass(frozen=True, slots=True)
class _Rate:
    """The part of a document's body that says at which rate it was issued."""

    currency: str
    home_currency: str
    exchange_rate: Decimal
    exchange_rate_on: date | None
    exchange_rate_source: str


_RATE = msgspec.json.Decoder(_Rate)


class Chunks:
    """Bills chunks of whole groups, each in the caller's transaction, for one day and run.

    What every group reads is kept between chunks while no import changes it.
    """

    def __init__(self, as_of: date, run_id: str) -> None:
        self._as_of = as_of
        self._run_id = run_id
        self._stamp = ""
        self._shared = Setup()

    def of_run(self, as_of: date, run_id: str) -> Chunks:
        """The same for another day and run, with what is kept."""
        self._as_of, self._run_id = as_of, run_id
        return self

    def warm_up(self, connection: Connection) -> Setup:
        """What every group reads, as it stands in this transaction."""
        stamp = setup.read_stamp(connection)
        if stamp != self._stamp:
            self._shared, self._stamp = setup.load_shared(connection), stamp
        return self._shared

    def bill(
        self, connection: Connection, *, codes: Collection[str], compute: Compute
    ) -> tuple[Mapping[str, GroupBill], BillChange]:
        """Lock the groups, compute them from what is committed by then, and store their drafts."""
        locked = groups.lock(connection, codes)
        bills, _ = self.compute(connection, locked, compute)
        return bills, store_bills(connection, bills, as_of=self._as_of, run_id=self._run_id)

    def compute(
        self, connection: Connection, codes: Collection[str], compute: Compute
    ) -> tuple[Mapping[str, GroupBill], BillChange]:
        """The bills alone, with nothing locked or written."""
        states = load_states(connection, codes, self.warm_up(connection))
        bills = {code: bill for code, state in states.items() if (bill := compute(code, state)) is not None}
        drafts = [draft for bill in bills.values() for draft in bill.drafts]
        return bills, BillChange(written=len(drafts), held=sum(draft.is_held for draft in drafts))


def load_states(connection: Connection, codes: Collection[str], shared: Setup) -> Mapping[str, GroupState]:
    """Group -> everything that decides its bill, in a handful of queries for each 500 groups."""
    setups = setup.load_for_groups(connection, codes, shared)
    states = subscriptions.load_for_groups(connection, codes)
    billed = _billed(connection, codes)
    repeating = {
        code
        for code in codes
        if any("provider_lines" in (one.bill_by, one.cost_from) for one in setups[code].contracts)
    }
    return {
        code: GroupState(
            setup=setups[code],
            subscriptions=states[code].subscriptions,
            versions=states[code].versions,
            usage=states[code].usage,
            billed=tuple(billed.get(code, ())),
            provider_charges=(
                provider_lines.charges_of(connection, [one.code for one in states[code].subscriptions])
                if code in repeating
                else ()
            ),
        )
        for code in codes
    }


def store_bills(
    connection: Connection, bills: Mapping[str, GroupBill], *, as_of: date, run_id: str
) -> BillChange:
    """Replace the unreleased documents of these groups by their new drafts; the groups are locked.

    A draft with the same reference and content stays the row it is. The groups are clean afterwards.
    """
    standing = _unreleased(connection, bills)
    wanted = {draft.document.ref: (code, draft) for code, bill in bills.items() for draft in bill.drafts}
    holds = all_holds(connection) if wanted else {}
    new: list[tuple[str, Draft, tuple[Check, ...]]] = []
    kept: set[str] = set()
    held = 0
    for ref, (code, draft) in wanted.items():
        hold = holds.get(document_key(sort_key(draft)))
        checks = draft.checks
        if hold is not None:
            follow(connection, hold, ref)
            checks = (*checks, hold_check(hold))
        held += bool(checks)
        row = standing.get(ref)
        if row is None or row.fingerprint != fingerprint(draft.document):
            new.append((code, draft, checks))
            continue
        kept.add(ref)
        if row.checks != _checks_text(checks):
            _set_checks(connection, row.id, checks)
    dropped = [row.id for ref, row in standing.items() if ref not in kept]
    _drop(connection, dropped)
    _insert(connection, new, as_of=as_of, run_id=run_id)
    _close_groups(connection, bills, as_of)
    return BillChange(written=len(new), kept=len(kept), dropped=len(dropped), held=held)


def _billed(connection: Connection, codes: Collection[str]) -> Mapping[str, list[BilledCharge]]:
    """Group -> its charges on released documents, by subscription, cycle and revision."""
    found: dict[str, list[BilledCharge]] = {}
    for chunk in bulk.chunks(sorted(codes)):
        query = (
            select(
                CHARGE.c.group_code,
                CHARGE.c.body,
                DOCUMENT.c.id,
                DOCUMENT.c.ref,
                DOCUMENT.c.number,
                DOCUMENT.c.document_date,
                DOCUMENT.c.body.label("document"),
            )
            .join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
            .where(CHARGE.c.group_code.in_(chunk), DOCUMENT.c.state == "released")
        )
        rates: dict[str, Exchange | None] = {}
        for row in connection.execute(query):
            if row.id not in rates:
                rates[row.id] = _exchange(row.document)
            charge = _CHARGE.decode(row.body)
            billed = BilledCharge(charge, row.ref, row.number, row.document_date, rates[row.id])
            found.setdefault(row.group_code, []).append(billed)
    for charges in found.values():
        charges.sort(key=_charge_order)
    return found


def _charge_order(billed: BilledCharge) -> tuple[str, date, int]:
    ref = billed.charge.ref
    return ref.subscription, ref.cycle_start, ref.revision


def _exchange(document: str) -> Exchange | None:
    """The rate a document in a foreign currency was issued at."""
    rate = _RATE.decode(document)
    if rate.currency == rate.home_currency:
        return None
    return Exchange(rate.exchange_rate, rate.exchange_rate_on, rate.exchange_rate_source)


def _unreleased(connection: Connection, codes: Iterable[str]) -> Mapping[str, Any]:
    """Reference -> row of every draft and held document of these groups."""
    rows: dict[str, Any] = {}
    columns = (DOCUMENT.c.id, DOCUMENT.c.ref, DOCUMENT.c.fingerprint, DOCUMENT.c.checks)
    for chunk in bulk.chunks(sorted(codes)):
        query = select(*columns).where(DOCUMENT.c.group_code.in_(chunk), DOCUMENT.c.state != "released")
        rows |= {row.ref: row for row in connection.execute(query)}
    return rows


def _drop(connection: Connection, ids: Sequence[str]) -> None:
    for chunk in bulk.chunks(ids):
        connection.execute(delete(CHARGE).where(CHARGE.c.document_id.in_(chunk)))
        connection.execute(delete(DOCUMENT).where(DOCUMENT.c.id.in_(chunk)))


def _insert(
    connection: Connection,
    drafts: Iterable[tuple[str, Draft, tuple[Check, ...]]],
    *,
    as_of: date,
    run_id: str,
) -> None:
    documents: list[bulk.Values] = []
    charges: list[bulk.Values] = []
    for group, draft, checks in drafts:
        document, document_id = draft.document, new_id()
        state = "held" if checks else "draft"
        amounts = (document.net.minor, document.tax.minor, document.gross.minor)
        facts = (document_id, document.ref, state, document.kind, document.issuer.code, document.bill_to.code)
        body = canonical_json(document)
        texts = (sort_key(draft), body.decode(), fingerprint_of(body), _checks_text(checks))
        documents.append((*facts, group, document.currency, *amounts, *texts, run_id, as_of))
        charges.extend(_charge_row(charge, document_id, group) for charge in draft.charges)
    bulk.insert(connection, DOCUMENT, _DOCUMENT_COLUMNS, documents)
    bulk.insert(connection, CHARGE, _CHARGE_COLUMNS, charges)


def insert_drafts(
    connection: Connection, drafts: Iterable[tuple[str, Draft]], *, as_of: date, run_id: str
) -> None:
    """Write drafts (group, draft) that no bill computed; the caller holds the groups' locks."""
    _insert(connection, ((group, draft, ()) for group, draft in drafts), as_of=as_of, run_id=run_id)


def drop_drafts(connection: Connection, ids: Sequence[str]) -> None:
    """Take drafts back, with their charges."""
    _drop(connection, ids)


def sort_key(draft: Draft) -> str:
    """The order in which documents of an issuer are numbered: document key, then reference."""
    return "\x1f".join((*draft.key, draft.document.ref))


def _charge_row(charge: Charge, document_id: str, group: str) -> bulk.Values:
    ref = charge.ref
    identity = (new_id(), document_id, group, ref.subscription, ref.cycle_start, ref.revision)
    agreed = (charge.contract, charge.facts.price.price_list)
    return (*identity, *agreed, charge.net.minor, charge.currency, canonical_json(charge).decode())


def _checks_text(checks: Sequence[Check]) -> str:
    return canonical_json(checks).decode() if checks else "[]"


def _set_checks(connection: Connection, document_id: str, checks: Sequence[Check]) -> None:
    state = "held" if checks else "draft"
    values = {"state": state, "checks": _checks_text(checks)}
    connection.execute(update(DOCUMENT).where(DOCUMENT.c.id == document_id).values(values))


def _close_groups(connection: Connection, bills: Mapping[str, GroupBill], as_of: date) -> None:
    accounts = {code: canonical_json(bill.account).decode() for code, bill in bills.items()}
    if connection.dialect.name == "postgresql":
        connection.execute(
            _CLOSE, {"day": as_of, "codes": list(accounts), "accounts": list(accounts.values())}
        )
        return
    rows = [{"of_code": code, "to_day": as_of, "to_account": body} for code, body in accounts.items()]
    if rows:
        values = {"billed_as_of": bindparam("to_day"), "is_dirty": False, "account": bindparam("to_account")}
        connection.execute(update(GROUP).where(GROUP.c.code == bindparam("of_code")).values(values), rows)
