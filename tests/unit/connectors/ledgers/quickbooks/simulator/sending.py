"""Short ways to say what a caller sends, and what it is refused with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.operations import Options, save
from connectors.ledgers.quickbooks.simulator.problems import Refusal

Maker = Callable[..., Company]
NOW = datetime(2026, 11, 2, 16, 15, 30, tzinfo=UTC)


def line(amount: object = Decimal(22), *, tax_code: str = "TAX", **detail: object) -> dict[str, object]:
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "41"}, "TaxCodeRef": {"value": tax_code}, **detail},
    }


def invoice(number: str = "N-1", *lines: Mapping[str, object], **members: object) -> dict[str, object]:
    return {
        "CustomerRef": {"value": "102"},
        "DocNumber": number,
        "TxnDate": "2026-11-01",
        "Line": list(lines) or [line()],
        **members,
    }


def put(company: Company, entity: str, sent: object, *, allow_duplicate: bool = False) -> dict[str, Any]:
    """Save and show."""
    options = Options(allow_duplicate_number=allow_duplicate)
    return company.rendered(save(company, entity, sent, now=NOW, options=options))


def refused(act: Callable[[], object]) -> list[str]:
    """The fault codes an act is refused with."""
    with pytest.raises(Refusal) as raised:
        act()
    return [problem.code for problem in raised.value.problems]
