"""Plain HTTP calls to the simulator, without our client."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from connectors.ledgers.xero.simulator import (
    Limits,
    OrganisationConfig,
    Running,
    SimulatorClock,
    SimulatorConfig,
    serve,
)
from tests.contract.xero.opened import UK
from tests.unit.connectors.ledgers.xero import records as make

SECOND = "0b6c7bd2-0000-4000-8000-000000000002"
IRELAND = OrganisationConfig(
    tenant_id=SECOND, name="Seller Ireland", base_currency="EUR", currencies=("GBP",)
)


class OwnTime:
    """A clock that only moves when told, in the middle of a minute."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 2, 12, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def pass_by(self, **span: float) -> None:
        self.instant += timedelta(**span)


@dataclass(frozen=True)
class Calls:
    """A running simulator, a token for both its organisations, and the time."""

    running: Running
    access: str
    refresh: str
    time: OwnTime

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        tenant: str = make.TENANT,
        access: str | None = None,
        params: Mapping[str, str] | None = None,
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {access or self.access}", "xero-tenant-id": tenant}
        headers |= {"Idempotency-Key": key} if key else {}
        address = f"{self.running.api_base}/{path}"
        return requests.request(method, address, json=body, headers=headers, params=params, timeout=10)

    def invoice(self, number: str, **changes: Any) -> dict[str, Any]:
        """A complete invoice; `Lines` replaces its line items."""
        line = {
            "Description": "x",
            "Quantity": 2,
            "UnitAmount": 10,
            "AccountCode": "200",
            "TaxType": "OUTPUT2",
        }
        body = {
            "Type": "ACCREC",
            "InvoiceNumber": number,
            "Contact": {"ContactID": make.ACME},
            "Date": "2026-11-02",
            "DueDate": "2026-12-02",
            "Status": "AUTHORISED",
            "LineItems": [line],
        }
        return {"Invoices": [body | changes]}

    def create(self, number: str, *, key: str = "", **changes: Any) -> Any:
        """The one record of an answer to a create."""
        params = {"summarizeErrors": "false", "unitdp": "4"}
        answer = self("PUT", "Invoices", self.invoice(number, **changes), key=key, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["Invoices"][0]

    def token(self, **form: str) -> requests.Response:
        client = (self.running.client_id, self.running.client_secret)
        return requests.post(self.running.token_endpoint, data=form, auth=client, timeout=10)


@contextmanager
def calling(*, limits: Limits | None = None, key_window_s: float = 360.0) -> Iterator[Calls]:
    config = SimulatorConfig(
        organisations=(UK, IRELAND), limits=limits or Limits(enabled=False), key_window_s=key_window_s
    )
    time = OwnTime()
    with serve(config, clock=SimulatorClock(time)) as running:
        access, refresh = running.simulator.oauth.new_pair(make.TENANT, SECOND)
        yield Calls(running, access, refresh, time)


def messages(record: Mapping[str, Any]) -> list[str]:
    return [one["Message"] for one in record.get("ValidationErrors", ())]


def at_once(count: int, call: Any) -> list[Any]:
    """The results of a call made by that many threads together."""
    barrier, results = threading.Barrier(count), []

    def run() -> None:
        barrier.wait(10)
        results.append(call())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
