"""One company file: its records in memory, indexed, written through to the store before an answer leaves.

Holds no business rule. Whoever changes it holds `lock`; `flush` makes the changes of one request durable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.config import CompanyConfig
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in
from connectors.ledgers.quickbooks.simulator.rules import NAME_LISTS
from connectors.ledgers.quickbooks.simulator.store import Row, Store, StoredAnswer
from connectors.simulation.clock import local_text

ZERO = Decimal(0)
_OWN_ID_DIGITS_MAX = 12
_PARTIES = ("Customer", "Vendor", "Employee")
_OWED = {"Invoice": ("Balance", 1), "CreditMemo": ("Balance", -1), "Payment": ("UnappliedAmt", -1)}


@dataclass(frozen=True, slots=True)
class Change:
    """What a webhook tells about one record. `verb` as in `qbo.invoice.<verb>.v1`."""

    realm: str
    entity: str
    id: str
    verb: str
    at: datetime
    deleted_id: str = ""


class Company:
    """The records of one realm. Not thread-safe by itself: take `lock`."""

    def __init__(
        self, config: CompanyConfig, store: Store, *, notify: Callable[[tuple[Change, ...]], None]
    ) -> None:
        self.config = config
        self.lock = threading.RLock()
        self._store = store
        self._notify = notify
        self._rows: dict[str, dict[str, Row]] = {}
        self._numbers: dict[tuple[str, str], dict[str, None]] = {}
        self._party_names: dict[str, tuple[str, str]] = {}
        self._children: dict[tuple[str, str], dict[str, None]] = {}
        self._owed: dict[str, Decimal] = {}
        self._changed: dict[tuple[str, str], Row] = {}
        self._answers: list[tuple[str, StoredAnswer]] = []
        self._files: list[tuple[str, bytes]] = []
        self._changes: list[Change] = []
        self._next_id = 1001
        self.next_number = 1001
        for row in store.rows(config.realm_id):
            self._rows.setdefault(row.entity, {})[row.id] = row
            self._index(row, add=True)
            self._count(row.id)

    @property
    def realm(self) -> str:
        return self.config.realm_id

    @property
    def is_empty(self) -> bool:
        return not self._rows

    def get(self, entity: str, identifier: str) -> Row | None:
        """The live record, or None when it never was or is deleted."""
        row = self._rows.get(entity, {}).get(identifier)
        return None if row is None or row.gone else row

    def is_deleted(self, entity: str, identifier: str) -> bool:
        row = self._rows.get(entity, {}).get(identifier)
        return row is not None and row.gone

    def all(self, entity: str, *, deleted: bool = False) -> Iterator[Row]:
        """Live records (and deleted ones on demand) in order of creation."""
        for row in list(self._rows.get(entity, {}).values()):
            if deleted or not row.gone:
                yield row

    def entities(self) -> tuple[str, ...]:
        return tuple(self._rows)

    def by_number(self, entity: str, number: str) -> list[Row]:
        found = self._numbers.get((entity, number), {})
        return [row for row in (self.get(entity, identifier) for identifier in found) if row is not None]

    def party_named(self, name: str) -> tuple[str, str] | None:
        """(entity, id) of the active customer, vendor or employee holding this name."""
        return self._party_names.get(_name_key(name))

    def owed_by(self, customer_id: str) -> Decimal:
        return self._owed.get(customer_id, ZERO)

    def put(self, entity: str, body: dict[str, object], *, now: datetime, verb: str = "") -> Row:
        """Write a record: a new one gets an id, a known one the next SyncToken."""
        identifier = str(body.get("Id") or self._new_id())
        old = self._rows.get(entity, {}).get(identifier)
        token = "0" if old is None else str(int(str(old.body["SyncToken"])) + 1)
        body = {**body, "Id": identifier, "SyncToken": token}
        if old is not None:
            self._index(old, add=False)
        row = Row(entity, identifier, body, created_at=old.created_at if old else now, updated_at=now)
        self._keep(row, verb or ("updated" if old else "created"))
        return row

    def remove(self, row: Row, *, now: datetime, verb: str = "deleted") -> None:
        self._index(row, add=False)
        gone = Row(row.entity, row.id, row.body, created_at=row.created_at, updated_at=now, gone=True)
        self._keep(gone, verb)

    def erase(self, row: Row) -> None:
        """Forget a record of this request as if it had never been, unlike a deletion."""
        self._index(row, add=False)
        del self._rows[row.entity][row.id]
        self._changed.pop((row.entity, row.id), None)

    def forget_changes(self) -> None:
        """What was done so far is not announced (a company's first records are no news)."""
        self._changes.clear()

    def note(self, change: Change) -> None:
        self._changes.append(change)

    def remember_answer(self, request_id: str, answer: StoredAnswer) -> None:
        self._answers.append((request_id, answer))

    def stored_answer(self, request_id: str) -> StoredAnswer | None:
        return self._store.answer(self.realm, request_id)

    def attach(self, identifier: str, content: bytes) -> None:
        self._files.append((identifier, content))

    def attachment(self, identifier: str) -> bytes | None:
        return self._store.attachment(self.realm, identifier)

    def flush(self) -> None:
        """Everything since the last flush becomes durable, then is announced."""
        if self._changed or self._answers or self._files:
            self._store.save(self.realm, self._changed.values(), answers=self._answers, files=self._files)
        changes = tuple(self._changes)
        self._changed, self._answers, self._files, self._changes = {}, [], [], []
        if changes:
            self._notify(changes)

    def rendered(self, row: Row) -> dict[str, object]:
        """The record as an answer shows it."""
        if row.gone:
            stamp = local_text(row.updated_at, offset_minutes=self.config.utc_offset_minutes)
            return {
                "Id": row.id,
                "status": "Deleted",
                "domain": "QBO",
                "MetaData": {"LastUpdatedTime": stamp},
            }
        shown = dict(row.body)
        if row.entity == "ExchangeRate":
            del shown["Id"], shown["SyncToken"]
        if row.entity == "Customer":
            shown["Balance"] = self.owed_by(row.id)
            shown["BalanceWithJobs"] = self._owed_with_jobs(row.id)
        offset = self.config.utc_offset_minutes
        shown["domain"] = "QBO"
        shown["sparse"] = False
        shown["MetaData"] = {
            "CreateTime": local_text(row.created_at, offset_minutes=offset),
            "LastUpdatedTime": local_text(row.updated_at, offset_minutes=offset),
        }
        return shown

    def children(self, entity: str, parent_id: str) -> list[Row]:
        found = (self.get(entity, child) for child in self._children.get((entity, parent_id), {}))
        return [row for row in found if row is not None]

    def _owed_with_jobs(self, customer_id: str) -> Decimal:
        jobs = (self._owed_with_jobs(child.id) for child in self.children("Customer", customer_id))
        return self.owed_by(customer_id) + sum(jobs, ZERO)

    def _keep(self, row: Row, verb: str) -> None:
        self._rows.setdefault(row.entity, {})[row.id] = row
        self._index(row, add=True)
        self._changed[row.entity, row.id] = row
        if verb:
            self._changes.append(Change(self.realm, row.entity, row.id, verb, row.updated_at))

    def _index(self, row: Row, *, add: bool) -> None:
        """Numbers, party names and what is owed follow every write; deleted rows are in no index."""
        if row.gone:
            return
        number = row.body.get("DocNumber")
        if isinstance(number, str):
            _member(self._numbers.setdefault((row.entity, number), {}), row.id, add=add)
            if number.isdigit():
                self.next_number = max(self.next_number, int(number) + 1)
        parent = reference_id(row.body, "ParentRef")
        if parent:
            _member(self._children.setdefault((row.entity, parent), {}), row.id, add=add)
        if row.entity in _PARTIES and row.body.get("Active", True):
            key = _name_key(str(row.body.get("DisplayName", "")))
            if add:
                self._party_names[key] = (row.entity, row.id)
            elif self._party_names.get(key) == (row.entity, row.id):
                del self._party_names[key]
        if row.entity in _OWED:
            member, sign = _OWED[row.entity]
            amount = decimal_in(row.body.get(member))
            customer = reference_id(row.body, "CustomerRef")
            self._owed[customer] = self.owed_by(customer) + amount * (sign if add else -sign)

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id - 1)

    def _count(self, identifier: str) -> None:
        if identifier.isdigit() and len(identifier) <= _OWN_ID_DIGITS_MAX:
            self._next_id = max(self._next_id, int(identifier) + 1)


def reference_id(body: dict[str, object], member: str) -> str:
    """The id a reference points to, "" when it is absent."""
    reference = body.get(member)
    return str(reference.get("value", "")) if isinstance(reference, dict) else ""


def is_active(row: Row) -> bool:
    """Transactions have no Active member; list entries without it are active."""
    return row.entity not in NAME_LISTS or bool(row.body.get("Active", True))


def _member(held: dict[str, None], identifier: str, *, add: bool) -> None:
    """Put into or take out of an ordered set."""
    if add:
        held[identifier] = None
    else:
        held.pop(identifier, None)


def _name_key(name: str) -> str:
    return " ".join(name.split()).casefold()
