"""A plain HTTP caller of the simulator for its contract tests: nothing of our own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import requests

from connectors.ledgers.quickbooks.simulator import (
    CompanyConfig,
    CustomerSeed,
    ItemSeed,
    Limits,
    Running,
    SimulatorClock,
    SimulatorConfig,
    serve,
)

_ENCODER = msgspec.json.Encoder(decimal_format="number")
US = "9341450000000001"
UK = "9341450000000002"
UNLIMITED = Limits(enabled=False)

US_COMPANY = CompanyConfig(
    realm_id=US,
    name="US Corp",
    multicurrency=False,
    items=(ItemSeed("41", "Seat"), ItemSeed("42", "Support")),
    customers=(CustomerSeed("102", "Contoso West"),),
)
UK_COMPANY = CompanyConfig(
    realm_id=UK,
    name="UK Ltd",
    country="GB",
    home_currency="GBP",
    items=(ItemSeed("41", "Seat"), ItemSeed("42", "Support")),
    customers=(CustomerSeed("210", "Fabrikam", "EUR"), CustomerSeed("211", "Litware", "GBP")),
)


@dataclass
class Caller:
    """One company through HTTP with a token that works."""

    running: Running
    realm: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self.running.access_token(self.realm)}"
        self.session.headers["Accept"] = "application/json"

    @property
    def base(self) -> str:
        return f"{self.running.url}/v3/company/{self.realm}"

    def post(self, path: str, body: object, *, timeout_s: float = 10, **query: str) -> requests.Response:
        raw = body if isinstance(body, bytes) else _ENCODER.encode(body)
        headers = {"Content-Type": "application/json"}
        url = f"{self.base}/{path}"
        return self.session.post(url, data=raw, params=query, headers=headers, timeout=timeout_s)

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(f"{self.base}/{path}", params=query, timeout=10)

    def query(self, text: str) -> dict[str, Any]:
        answer = decimal_json(self.get("query", query=text))
        response: dict[str, Any] = answer["QueryResponse"]
        return response

    def created(self, entity: str, body: object, **query: str) -> dict[str, Any]:
        answer = self.post(entity.lower(), body, timeout_s=10, **query)
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = decimal_json(answer)[entity]
        return record

    def admin(self, path: str, body: object = None) -> Any:
        url = f"{self.running.url}/_sim/{path}"
        answer = requests.get(url, timeout=10) if body is None else requests.post(url, json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, fault: str, **settings: object) -> None:
        self.admin("faults", {"fault": fault, **settings})


def decimal_json(answer: requests.Response) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(answer.text, parse_float=Decimal)
    return decoded


def codes(answer: requests.Response) -> list[str]:
    """The fault codes of an answer, in order."""
    return [error["code"] for error in answer.json()["Fault"]["Error"]]


def us_invoice(number: str, **members: object) -> dict[str, object]:
    """One taxable seat for 22.00 in the US company."""
    return {
        "CustomerRef": {"value": "102"},
        "DocNumber": number,
        "TxnDate": "2026-11-01",
        "Line": [sales_line("22.00")],
        **members,
    }


def sales_line(
    amount: str, *, tax_code: str = "TAX", item: str = "41", **detail: object
) -> dict[str, object]:
    return {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item}, "TaxCodeRef": {"value": tax_code}, **detail},
    }


@contextmanager
def simulator(
    *companies: CompanyConfig,
    folder: Path | None = None,
    clock: SimulatorClock | None = None,
    **settings: Any,
) -> Iterator[Running]:
    """A running simulator of the two usual companies, without limits unless asked."""
    settings.setdefault("limits", UNLIMITED)
    settings.setdefault("server_limit_s", 1.0)
    config = SimulatorConfig(companies=companies or (US_COMPANY, UK_COMPANY), **settings)
    with serve(config, folder=folder, clock=clock) as running:
        yield running


def stopped_clock() -> SimulatorClock:
    """Time that moves only when a test advances it."""
    return SimulatorClock(lambda: datetime(2026, 11, 2, 16, 15, 30, tzinfo=UTC))


def token_call(running: Running, **form: str) -> requests.Response:
    url = f"{running.url}/oauth2/v1/tokens/bearer"
    return requests.post(url, data=form, auth=(running.client_id, running.client_secret), timeout=10)


def refresh(running: Running, token: str) -> requests.Response:
    return token_call(running, grant_type="refresh_token", refresh_token=token)
