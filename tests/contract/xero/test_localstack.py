"""A smoke run against somebody else's Xero: our requests are understood by a peer that we did not write.

It is no authority (no totals, no unique numbers, `where` ignored): only the exchange itself is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from connectors.ledgers.xero import open_book
from connectors.ledgers.xero.ledger import XeroLedger
from connectors.protocols import Held, Posted, Shipment, Token
from mappings.canonical.record import Reference
from tests.contract.xero.opened import PassingClock, posted
from tests.servers.localstack_xero import running_localstack_xero
from tests.unit.connectors.http.loopback import MemoryTokens
from tests.unit.connectors.ledgers.xero import records as make


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_localstack_xero(tmp_path_factory.mktemp("localstack-xero")) as url:
        yield url


@pytest.fixture(scope="module")
def tokens() -> MemoryTokens:
    """A pair whose access token has ended: the first call has to refresh it."""
    clock = PassingClock()
    return MemoryTokens(Token("", "any", clock.now() - timedelta(seconds=1), version=1))


@pytest.fixture(scope="module")
def ledger(peer: str, tokens: MemoryTokens) -> XeroLedger:
    book = make.book(api_base=f"{peer}/api.xro/2.0", token_endpoint=f"{peer}/connect/token")
    return open_book(book, clock=PassingClock(), tokens=tokens)


@pytest.fixture(scope="module")
def contact(peer: str, ledger: XeroLedger, tokens: MemoryTokens) -> str:
    """A contact made by hand: the peer creates contacts by POST alone."""
    ledger._client.page("Contacts", {})
    assert tokens.stored is not None
    headers = {"Authorization": f"Bearer {tokens.stored.access_token}", "xero-tenant-id": make.TENANT}
    body = {"Contacts": [{"Name": "Acme Group"}]}
    answer = requests.post(f"{peer}/api.xro/2.0/Contacts", json=body, headers=headers, timeout=10)
    return str(answer.json()["Contacts"][0]["ContactID"])


def sent(number: str, contact: str, **facts: object) -> Shipment:
    bound = {**make.BOUND, Reference("customer", "ACME/GBP"): contact}
    return make.shipment(make.document(number, **facts), bound=bound)  # type: ignore[arg-type]  # kind


class TestPeer:
    def test_gives_a_token_for_our_refresh(self, contact: str, tokens: MemoryTokens) -> None:
        assert contact
        assert tokens.stored is not None
        assert tokens.stored.version == 2

    def test_takes_an_invoice_and_gives_it_back_by_number(self, ledger: XeroLedger, contact: str) -> None:
        shipment = sent("INV-1", contact)

        (done,) = posted(ledger.push([shipment]))
        (held,) = ledger.find([shipment])

        assert isinstance(held, Held)
        assert (held.ledger_id, held.lookup) == (done.ledger_id, "INV-1")
        assert (held.marker, held.lines) == (shipment.marker, 1)

    def test_takes_fifty_in_one_call(self, ledger: XeroLedger, contact: str) -> None:
        shipments = [sent(f"INV-{index}", contact) for index in range(100, 150)]

        done = posted(ledger.push(shipments, batch_key="b" * 32))

        assert [one.lookup for one in done] == [one.lookup for one in shipments]
        assert len({one.ledger_id for one in done}) == len(shipments)

    def test_takes_a_credit_note(self, ledger: XeroLedger, contact: str) -> None:
        (outcome,) = ledger.push([sent("CN-1", contact, kind="credit_note")])

        assert isinstance(outcome, Posted), outcome
        assert outcome.lookup == "CN-1"
