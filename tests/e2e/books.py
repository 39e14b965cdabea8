"""What the books hold, read from the books: the simulator's dump, and Beancount's own reader of the file.

Independent of our database and of our own readers; what we decided to issue is read from the database.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from mappings.identity import canonical_json
from tests.e2e.harness import REALMS, Farm
from worker.store.deliveries import DELIVERY
from worker.store.engine import Connection, open_store
from worker.store.tables import ChargeRow, DocumentRow, table_of

DOCUMENT = table_of(DocumentRow)
CHARGE = table_of(ChargeRow)
MARKER = re.compile(r"subledger:([A-Z2-7]{20})")
NOTES = {"Invoice": "PrivateNote", "CreditMemo": "PrivateNote", "Customer": "Notes", "Item": "Description"}
KINDS = {"Invoice": "invoice", "CreditMemo": "credit_note"}

_READ_BEANCOUNT = """
import json, sys
from beancount import loader
from beancount.core import data, realization
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors
found = [
    [e.meta["number"], e.meta["kind"], e.meta["marker"], e.meta["net"].currency, str(e.meta["net"].number),
     str(e.meta["gross"].number)]
    for e in entries if isinstance(e, data.Transaction) and "marker" in e.meta
]
balances = [
    [node.account, position.units.currency, str(position.units.number)]
    for node in realization.iter_children(realization.realize(entries)) for position in node.balance
]
print(json.dumps([found, balances]))
"""


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A document as a book holds it, or as we decided to issue it. Amounts are positive."""

    book: str
    number: str
    kind: str
    marker: str
    currency: str
    net: Decimal


@dataclass(frozen=True, slots=True)
class Books:
    """The documents in all three books, and the markers of every record of ours, customers included."""

    documents: tuple[Held, ...]
    markers: tuple[str, ...]

    @property
    def duplicates(self) -> list[str]:
        """Markers and numbers that a book holds more than once."""
        numbers = Counter((one.book, one.kind, one.number) for one in self.documents)
        return [name for name, n in Counter(self.markers).items() if n > 1] + [
            f"{book} {number}" for (book, _, number), n in numbers.items() if n > 1
        ]


def held_by(farm: Farm) -> Books:
    """What the three books hold now."""
    documents: list[Held] = []
    markers: list[str] = []
    for book, realm in REALMS.items():
        dump = farm.simulator.get("dump", realm=realm)
        for entity in NOTES:
            for record in dump.get(entity, ()):
                found = _note(record)
                if found is not None:
                    markers.append(f"{book} {entity} {found[1]}")
                    if entity in KINDS:
                        documents.append(_of_quickbooks(book, KINDS[entity], record, found[1]))
    for number, kind, marker, currency, net, _gross in _beancount(farm.beancount)[0]:
        documents.append(Held("DE-BOOK", number, kind, marker, currency, Decimal(net)))
        markers.append(f"DE-BOOK {marker}")
    return Books(tuple(sorted(documents)), tuple(markers))


def markers_held_twice(farm: Farm) -> list[str]:
    """Markers that a book holds more than once; also right while a document is half written."""
    found: list[str] = []
    for book, realm in REALMS.items():
        dump = farm.simulator.get("dump", realm=realm)
        records = [record for entity in NOTES for record in dump.get(entity, ())]
        found += [f"{book} {one[1]}" for one in map(_note, records) if one is not None]
    text = farm.beancount.read_text() if farm.beancount.exists() else ""
    found += re.findall(r'^  marker: "(\w+)"$', text, re.MULTILINE)
    return [name for name, n in Counter(found).items() if n > 1]


def _note(record: Mapping[str, Any]) -> re.Match[str] | None:
    return MARKER.search(" ".join(str(record.get(name, "")) for name in set(NOTES.values())))


def _of_quickbooks(book: str, kind: str, record: Mapping[str, Any], marker: str) -> Held:
    tax = Decimal((record.get("TxnTaxDetail") or {}).get("TotalTax", 0))
    net = Decimal(record["TotalAmt"]) - tax
    return Held(book, str(record["DocNumber"]), kind, marker, str(record["CurrencyRef"]["value"]), net)


def _beancount(file: Path) -> tuple[list[list[str]], list[list[str]]]:
    if not file.exists():
        return [], []
    done = _ended(sys.executable, "-c", _READ_BEANCOUNT, str(file))
    assert done.returncode == 0, done.stderr
    documents, balances = json.loads(done.stdout)
    return documents, balances


def _ended(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def complaints(farm: Farm) -> str:
    """What `bean-check` says about the farm's Beancount book; "" when it accepts it."""
    program = str(Path(sys.executable).parent / "bean-check")
    done = _ended(program, "--no-cache", str(farm.beancount))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def issued_by(farm: Farm) -> tuple[Held, ...]:
    """The released documents of our database with the identity they travel under."""
    store = open_store(farm.database_url)
    try:
        with store.read() as connection:
            columns = (
                DELIVERY.c.book,
                DOCUMENT.c.number,
                DOCUMENT.c.kind,
                DELIVERY.c.marker,
                DOCUMENT.c.body,
            )
            query = select(*columns).join(DELIVERY, DELIVERY.c.document_id == DOCUMENT.c.id)
            rows = connection.execute(query.where(DOCUMENT.c.state == "released")).all()
    finally:
        store.close()
    return tuple(sorted(_issued(*row) for row in rows))


def _issued(book: str, number: str, kind: str, marker: str, body: str) -> Held:
    document = json.loads(body)
    net = document["net"]
    return Held(book, number, kind, marker, document["currency"], _amount(net))


def _amount(money: Any) -> Decimal:
    """A Money of a canonical document as a decimal, by its currency's minor digits."""
    digits = 0 if money["currency"] == "JPY" else 2
    return Decimal(money["minor"]).scaleb(-digits)


def check(farm: Farm) -> tuple[Held, ...]:
    """Each issued document is in its book exactly once as issued, nothing else is, and the books add up."""
    held, issued = held_by(farm), issued_by(farm)
    assert held.duplicates == []
    assert held.documents == issued
    if farm.beancount.exists():
        assert complaints(farm) == ""
        assert beancount_nets(farm) == _nets(issued, "DE-BOOK")
    return issued


def beancount_nets(farm: Farm) -> dict[str, Decimal]:
    """What the Beancount book's revenue accounts add up to, by currency; zeros are left out."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for account, currency, amount in _beancount(farm.beancount)[1]:
        if account.startswith("Income:"):
            sums[currency] -= Decimal(amount)
    return {currency: amount for currency, amount in sums.items() if amount}


def _nets(documents: tuple[Held, ...], book: str) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in documents:
        if one.book == book:
            sums[one.currency] += one.net if one.kind == "invoice" else -one.net
    return {currency: amount for currency, amount in sums.items() if amount}


def canonical(farm: Farm) -> bytes:
    """Everything we decided, without row ids and instants: documents, charges, deliveries. One line each."""
    store = open_store(farm.database_url)
    try:
        with store.read() as connection:
            return b"\n".join(sorted(_canonical_rows(connection)))
    finally:
        store.close()


def _canonical_rows(connection: Connection) -> Iterator[bytes]:
    document = "ref state kind issuer bill_to series number document_date body fingerprint"
    charge = "subscription cycle_start revision net_minor currency body"
    delivery = "book kind ref revision state lookup key marker record gross_minor"
    for table, names in ((DOCUMENT, document), (CHARGE, charge), (DELIVERY, delivery)):
        for row in connection.execute(select(*(table.c[name] for name in names.split()))):
            values = (value.hex() if isinstance(value, bytes) else value for value in row)
            yield canonical_json((str(table.name), *values))
