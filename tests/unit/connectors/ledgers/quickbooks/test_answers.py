"""Answers of a ledger are input, too: what is not as promised is never taken for something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.errors import OutcomeUnknown
from connectors.ledgers.quickbooks import limits, open_book
from connectors.ledgers.quickbooks.ledger import QuickBooksLedger
from connectors.protocols import Posted
from tests.unit.connectors.http.loopback import (
    Loopback,
    MemoryTokens,
    WallClock,
    answer,
    answering,
    serving,
    token,
)
from tests.unit.connectors.ledgers.quickbooks import records as make

GOOD = {
    "Id": "41", "SyncToken": "0", "DocNumber": "INV-1", "TxnDate": "2026-11-01", "TotalAmt": 1.10,
    "CurrencyRef": {"value": "USD"}, "CustomerRef": {"value": "101"},
}  # fmt: skip
ODD: dict[str, object] = {
    "no object": [GOOD],
    "no id": {**GOOD, "Id": None},
    "an id that is a list": {**GOOD, "Id": ["41"]},
    "an empty id": {**GOOD, "Id": ""},
    "an amount with a comma": {**GOOD, "TotalAmt": "1,10"},
    "an amount that is an object": {**GOOD, "TotalAmt": {"value": 1}},
    "a currency that is none": {**GOOD, "CurrencyRef": {"value": "dollars"}},
    "a customer that is a number": {**GOOD, "CustomerRef": 101},
    "nothing": {},
}


def opened(server: Loopback) -> QuickBooksLedger:
    return open_book(make.book(api_base=server.url), clock=WallClock(), tokens=MemoryTokens(token()))


def told(body: object) -> bytes:
    return answer("200 OK", json.dumps(body).encode())


class TestCreate:
    @pytest.mark.parametrize("invoice", ODD.values(), ids=ODD)
    def test_answered_oddly_is_unknown_or_compared_never_a_crash(self, invoice: object) -> None:
        """Bad input 45: ids that are no ids, amounts as text, another shape."""
        shipment = make.shipment(make.document(number="INV-1"))

        with serving(answering(told({"Invoice": invoice}))) as server:
            (outcome,) = opened(server).push([shipment])

        assert isinstance(outcome, Posted | OutcomeUnknown)
        if isinstance(outcome, Posted):
            assert outcome.ledger_id == "41"


class TestList:
    @pytest.mark.parametrize("kind", ["customer", "item"])
    def test_whose_pages_never_end_is_given_up(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Bad input 45: a ledger that answers every page with the first one."""
        monkeypatch.setattr(limits, "QUERY_ROWS_MAX", 2)
        entity = kind.capitalize()
        rows = [{"Id": str(number), "DisplayName": f"C{number}", "Name": f"I{number}"} for number in (1, 2)]
        page = told({"QueryResponse": {entity: rows}})

        with serving(answering(page)) as server, pytest.raises(OutcomeUnknown, match="has no end"):
            list(opened(server).reference_data(kind))  # type: ignore[arg-type]  # one of the two kinds


def find(ledger: QuickBooksLedger) -> object:
    return ledger.find([make.shipment(make.document(number="INV-1"))])


READS: dict[str, Callable[[QuickBooksLedger], object]] = {
    "find": find,
    "list": lambda ledger: list(ledger.reference_data("customer")),
    "changes": lambda ledger: ledger.changes(ledger._clock.now() - timedelta(days=1)),
    "check": lambda ledger: ledger.check(),
}


class TestRead:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"time": "2026-11-01"},
            {"QueryResponse": []},
            {"QueryResponse": {"Customer": {"Id": 1}, "Invoice": "none"}},
            {"CDCResponse": {}},
            {"CDCResponse": [{"QueryResponse": {}}]},
            {"CompanyInfo": [], "Preferences": None},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("read", READS.values(), ids=READS)
    def test_answered_in_another_shape_proves_no_absence(
        self, read: Callable[[QuickBooksLedger], object], body: object
    ) -> None:
        """Bad input 45: `{}` is well-formed JSON, and does not say that anything is absent."""
        with serving(answering(told(body))) as server, pytest.raises(OutcomeUnknown, match="says nothing"):
            read(opened(server))
