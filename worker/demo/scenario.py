"""What the demo plays: workspace files for three months, changes that come by webhook, two companies.

All of it is data; the files ship inside the package and are copied into the demo's folder, filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

GROUP = "QUELLMAR"
QUICKBOOKS: Mapping[str, str] = {"US-BOOK": "9341450000000001", "UK-BOOK": "9341450000000002"}
"""Book -> company id in the simulator."""

BEANCOUNT = "DE-BOOK"
EXPLAINED = ("WRENFORD", date(2026, 2, 1))
"""Bill-to and date of the invoice that is explained: two brands, and the settlement of the group's tier."""

SERVER_LIMIT_S = 1.0
"""When the simulator cuts a request. QuickBooks needs 120 s; the demo should not wait that long."""


@dataclass(frozen=True, slots=True)
class Month:
    """One monthly run: the file that says what changed before it, the day it bills until, and the story."""

    name: str
    file: str
    as_of: date
    story: tuple[str, ...]


MONTHS = (
    Month(
        "January",
        "1-january.yaml",
        date(2026, 1, 1),
        ("The group holds 790 Suite seats: the second price tier for all of it.",),
    ),
    Month(
        "February",
        "2-february.yaml",
        date(2026, 2, 1),
        (
            "12 January: Elmfunk adds 30 Suite seats. 820 in all reach the third tier, in January too.",
            "16 January: Pinequill cancels Mail Guard, billed to the end of the month: a credit note.",
            "20 January: Hoshiume adds 25 Mail Guard seats.",
        ),
    ),
    Month(
        "March",
        "3-march.yaml",
        date(2026, 3, 1),
        (
            "10 February: Peepo adds 20 Suite seats.",
            "17 February: Tejomar gives 12 Suite seats back: a credit note to its reseller.",
            "21 February: Hoshiume cancels its phones: a credit note in yen, at the rate of the invoice.",
            "1 March: the UK price list has new phone tiers.",
        ),
    ),
)


OWN_START = "minimal.yaml"
"""The file to begin with for one's own data; the same as deploy/examples/minimal.yaml."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one subscription, as its system of record would tell it: what is held from a day on."""

    id: str
    subscription: str
    party: str
    product: str
    start: date
    quantity: int
    effective: date
    story: str = ""

    def body(self) -> bytes:
        """The event's JSON."""
        data = {
            "subscription": self.subscription,
            "party": self.party,
            "product": self.product,
            "plan": "monthly",
            "term": "P1M",
            "start": self.start.isoformat(),
            "quantity": self.quantity,
            "effective": self.effective.isoformat(),
        }
        return msgspec.json.encode({"type": "subscription.updated", "data": data})


WEBHOOK_AFTER = "February"
"""The run after which the signed event comes."""

JANUARY_1 = date(2026, 1, 1)
WEBHOOK = Change(
    id="evt_demo_1",
    subscription="BRIGHTELM-SUITE",
    party="BRIGHTELM",
    product="SUITE",
    start=JANUARY_1,
    quantity=200,
    effective=date(2026, 2, 12),
    story="12 February: Brightelm has 200 Suite seats, 20 more than before",
)
BEFORE_THE_KILL = (
    Change("evt_demo_2", "PINEQUILL-SUITE", "PINEQUILL", "SUITE", JANUARY_1, 52, date(2026, 3, 10)),
    Change("evt_demo_3", "PEEPO-GUARD", "PEEPO", "GUARD", JANUARY_1, 120, date(2026, 3, 10)),
    Change("evt_demo_4", "ELMFUNK-SUITE", "ELMFUNK", "SUITE", JANUARY_1, 172, date(2026, 3, 10)),
    Change("evt_demo_5", "BRIGHTELM-PHONE", "BRIGHTELM", "PHONE", JANUARY_1, 41, date(2026, 3, 10)),
)
"""Changes for all three books, each billed on an invoice of its own."""


def write_workspace(into: Path, *, simulator: str, folder: Path) -> None:
    """Copy the workspace files into `into`, with the simulator's address and the demo's folder filled in."""
    into.mkdir()
    for file in (*(month.file for month in MONTHS), OWN_START):
        text = (resources.files("worker.demo") / "scenario" / file).read_text(encoding="utf-8")
        for name, value in (("simulator", simulator), ("folder", str(folder))):
            text = text.replace("{{" + name + "}}", _in_quotes(value))
        (into / file).write_text(text, encoding="utf-8")


def _in_quotes(value: str) -> str:
    """A text as it stands between double quotes in YAML."""
    return msgspec.json.encode(value).decode()[1:-1]


def simulator_config() -> dict[str, Any]:
    """The two practice companies: a US one with sales tax, a UK one with VAT, with QuickBooks' limits."""
    vat = [
        {"id": "2", "name": "20% S", "rates": [{"id": "4", "name": "20% S", "percent": "20"}]},
        {"id": "3", "name": "0% Z", "rates": [{"id": "5", "name": "0% Z", "percent": "0"}]},
        {"id": "5", "name": "No VAT", "rates": [{"id": "7", "name": "No VAT", "percent": "0"}]},
    ]
    return {
        "companies": [
            {
                "realm_id": QUICKBOOKS["US-BOOK"],
                "name": "Fernwolke Cloud, Inc.",
                "country": "US",
                "home_currency": "USD",
                "currencies": ["JPY"],
                "us_tax_percent": "8.25",
            },
            {
                "realm_id": QUICKBOOKS["UK-BOOK"],
                "name": "Fernwolke Cloud Ltd",
                "country": "GB",
                "home_currency": "GBP",
                "currencies": ["EUR"],
                "tax_codes": vat,
                "utc_offset_minutes": 0,
            },
        ],
        "server_limit_s": SERVER_LIMIT_S,
    }
