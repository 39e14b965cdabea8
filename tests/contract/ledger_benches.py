"""One bench per ledger for the shared protocol tests: an empty book, documents for it, and a stranger.

A new ledger adds a function here; the tests themselves know no ledger by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from connectors.ledgers import quickbooks
from connectors.ledgers.quickbooks import simulator
from connectors.protocols import Ledger, Shipment, Token
from tests.unit.connectors.ledgers.beancount import documents
from tests.unit.connectors.ledgers.quickbooks import records


@dataclass(frozen=True)
class Bench:
    """An empty book and how to fill it.

    `invoice` and `credit_note` make the shipment of a document with that number, `stranger` one with
    the same number that is somebody else's (another marker and key); `reopened` is a new session.
    """

    ledger: Ledger
    reopened: Callable[[], Ledger]
    invoice: Callable[[str], Shipment]
    credit_note: Callable[[str], Shipment]
    stranger: Callable[[str], Shipment]


MakesBench: TypeAlias = Callable[[Path], AbstractContextManager[Bench]]


@contextmanager
def beancount_bench(folder: Path) -> Iterator[Bench]:
    file = folder / "book.beancount"
    book = documents.ledger(file)

    def stranger(number: str) -> Shipment:
        record = documents.record(number, payee="A stranger", nets=(777,))
        of_other_facts = documents.with_document(record, ref="SOMEBODY-ELSE")
        return documents.shipment(of_other_facts, book)

    yield Bench(
        ledger=book,
        reopened=lambda: documents.ledger(file),
        invoice=lambda number: documents.shipment(documents.record(number), book),
        credit_note=lambda number: documents.shipment(documents.record(number, kind="credit_note"), book),
        stranger=stranger,
    )


class RealClock:
    """The machine's time: the simulator on the other side of the socket has it, too."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class OneToken:
    """A token store with one pair that is good for the whole test."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def read(self) -> Token:
        return self._token

    def read_previous(self) -> None:
        return None

    def save(self, token: Token, *, expected_version: int) -> Token:
        self._token = replace(token, version=expected_version + 1)
        return self._token

    def refreshing(self) -> AbstractContextManager[object]:
        return nullcontext()


REALM = "9341450000000001"


@contextmanager
def quickbooks_bench(folder: Path) -> Iterator[Bench]:
    company = simulator.CompanyConfig(
        realm_id=REALM,
        name="Example Corp",
        items=(simulator.ItemSeed("41", "Microsoft 365 E3"),),
        customers=(simulator.CustomerSeed("101", "Acme Group", "USD"),),
    )
    with simulator.serve(simulator.SimulatorConfig(companies=(company,))) as running:
        book = records.book(
            api_base=running.url,
            client_id=running.client_id,
            client_secret=running.client_secret,
            token_endpoint=f"{running.url}/oauth2/v1/tokens/bearer",
        )

        def opened() -> Ledger:
            in_an_hour = datetime.now(UTC) + timedelta(hours=1)
            token = Token(running.access_token(REALM), running.refresh_token(REALM), in_an_hour)
            return quickbooks.LEDGER.open(book, clock=RealClock(), tokens=OneToken(token))

        def document(number: str, kind: Literal["invoice", "credit_note"], ref: str = "") -> Shipment:
            return records.shipment(records.document(number, kind=kind), ref=ref)

        yield Bench(
            ledger=opened(),
            reopened=opened,
            invoice=lambda number: document(number, "invoice"),
            credit_note=lambda number: document(number, "credit_note"),
            stranger=lambda number: document(number, "invoice", ref="SOMEBODY-ELSE"),
        )


BENCHES: Mapping[str, MakesBench] = {"beancount": beancount_bench, "quickbooks": quickbooks_bench}
