"""A small valid workspace file as plain data, and what the reader says about changed copies of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors.sources.workspace_file import (
    Finding,
    WorkspaceError,
    read_workspace,
    read_workspace_with_warnings,
)
from mappings.canonical.workspace import Workspace

EXAMPLE = Path(__file__).parents[5] / "deploy" / "examples" / "minimal.yaml"

SMALL: dict[str, Any] = {
    "subledger": 1,
    "issuers": [
        {
            "code": "DE",
            "name": "Seller",
            "legal_name": "Seller GmbH",
            "country": "DE",
            "home_currency": "EUR",
            "timezone": "Europe/Berlin",
            "address": {"line1": "Street 1", "city": "Berlin", "country": "DE"},
            "registrations": [{"country": "DE", "id": "DE123456788"}],
            "series": [
                {"code": "INV", "kind": "invoice", "pattern": "INV-{year}-{n:05}"},
                {"code": "CRN", "kind": "credit_note", "pattern": "CRN-{year}-{n:05}"},
            ],
            "tax_rates": [{"code": "S", "percent": "19"}],
            "domestic_tax_code": "S",
        }
    ],
    "books": [
        {"code": "BOOK", "issuer": "DE", "ledger": "beancount", "chart": "C", "settings": {"file": "a.bean"}}
    ],
    "charts": [
        {
            "code": "C",
            "receivable_account": "AR",
            "tax_account": "TAX",
            "rounding_account": "ROUND",
            "rules": [{"revenue_account": "REV"}],
            "codes": [
                {"kind": "account", "code": code, "name": f"Assets:{code}"}
                for code in ("AR", "TAX", "ROUND", "REV")
            ],
        }
    ],
    "parties": [
        {"code": "GROUP", "name": "Group"},
        {"code": "UNIT", "name": "Unit", "parent": "GROUP", "emails": ["bill@unit.example"]},
    ],
    "products": [{"code": "SEAT", "name": "Seat"}],
    "price_lists": [
        {
            "code": "LIST",
            "currency": "EUR",
            "from": "2026-01-01",
            "prices": [
                {
                    "product": "SEAT",
                    "plan": "monthly",
                    "model": "graduated",
                    "tiers": [{"up_to": "10", "price": "9.90"}, {"price": "8.40"}],
                }
            ],
        }
    ],
    "pools": [{"code": "POOL", "group": "GROUP", "products": ["SEAT"], "measure": "peak"}],
    "contracts": [
        {"code": "DEAL", "party": "GROUP", "issuer": "DE", "price_list": "LIST", "from": "2026-01-01"}
    ],
    "subscriptions": [
        {
            "code": "SUB",
            "party": "UNIT",
            "product": "SEAT",
            "term": "P1M",
            "plan": "monthly",
            "start": "2026-01-01",
            "quantity": "12",
            "changes": [{"on": "2026-02-01", "add": "3"}],
        }
    ],
    "usage": [{"subscription": "SUB", "on": "2026-01-05", "quantity": "1.5"}],
    "opening_charges": [
        {
            "subscription": "SUB",
            "from": "2026-01-01",
            "until": "2026-02-01",
            "quantity": "12",
            "unit_price": "9.90",
            "net": "118.80",
            "number": "OLD-1",
            "date": "2026-01-01",
        }
    ],
    "fx_rates": [{"currency": "USD", "home": "EUR", "on": "2026-01-01", "rate": "0.92", "source": "ECB"}],
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A copy of the small file after `change` was let at it."""
    data = copy.deepcopy(SMALL)
    change(data)
    return data


def put(path: str, value: object) -> dict[str, Any]:
    """The small file with one value set: `put("parties.1.parent", "X")`."""

    def change(data: Any) -> None:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        for step in way:
            data = data[step]
        if isinstance(data, list) and last == len(data):
            data.append(value)
        else:
            data[last] = value

    return changed(change)


def as_json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, indent=1).encode()


def workspace_of(data: dict[str, Any]) -> Workspace:
    return read_workspace(as_json(data), name="small.json")


def errors(data: dict[str, Any]) -> tuple[Finding, ...]:
    """What the file is refused for; nothing when it is read."""
    try:
        workspace_of(data)
    except WorkspaceError as refused:
        return refused.findings
    return ()


def warnings(data: dict[str, Any]) -> tuple[Finding, ...]:
    """What is said about a file that is read."""
    return read_workspace_with_warnings(as_json(data), name="small.json")[1]


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Path and sentence of each finding."""
    return [(finding.path, finding.sentence) for finding in findings]
