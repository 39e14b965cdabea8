"""A seller whose every signed event becomes one invoice at once: the workspace, the events, the companies.

Two QuickBooks books of one currency, lone customers, one product: small documents, many of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

SOURCE = "subscription_events"
SECRET = base64.b64encode(b"fault tests sign their events so").decode()
REALMS = {"US-BOOK": "9341450000000001", "UK-BOOK": "9341450000000002"}
PRICE = 7
STREET = "Canary Lane 4711"
"""Stands in every party's address; no log, error or output may ever hold it."""

_ISSUER = """
  - code: {code}
    name: Seller {code}
    legal_name: Seller {code}, Inc.
    country: US
    home_currency: USD
    timezone: America/New_York
    address: {{ line1: 1 Sample Street, city: Albany, region: NY, postal_code: "12201", country: US }}
    document_date: as_of
    series:
      - {{ code: {code}-INV, kind: invoice, pattern: "{code}-{{year}}-{{n:05}}", reset: year }}
      - {{ code: {code}-CRN, kind: credit_note, pattern: "{code}C-{{year}}-{{n:05}}", reset: year }}
    tax_rates: [{{ code: NONE, percent: "0" }}]
    domestic_tax_code: NONE
    export_tax_code: NONE"""
_BOOK = """
  - code: {code}-BOOK
    issuer: {code}
    ledger: quickbooks
    chart: {code}-CHART
    release: auto
    create_missing: always
    server_limit_s: {server_limit_s}
    recheck_s: {recheck_s}
    settings:
      realm_id: "{realm}"
      environment: simulator
      country: US
      client_id: simulator-client
      api_base: "{address}"
      token_endpoint: "{address}/oauth2/v1/tokens/bearer"
      multicurrency: "yes\""""
_CHART = """
  - code: {code}-CHART
    receivable_account: AR
    tax_account: TAX
    rounding_account: ROUND
    rules: [{{ revenue_account: REVENUE }}]
    codes:
      - {{ kind: account, code: AR, name: Accounts Receivable, ledger_ids: {{ {code}-BOOK: "84" }} }}
      - {{ kind: account, code: TAX, name: Sales Tax Payable, ledger_ids: {{ {code}-BOOK: "85" }} }}
      - {{ kind: account, code: ROUND, name: Rounding, ledger_ids: {{ {code}-BOOK: "86" }} }}
      - {{ kind: account, code: REVENUE, name: Sales, ledger_ids: {{ {code}-BOOK: "79" }} }}
      - {{ kind: tax_code, code: NON, name: NON }}
    tax_codes: {{ NONE: NON }}"""


@dataclass(frozen=True, slots=True)
class Timing:
    """The quiet period's parts, as the books have them."""

    server_limit_s: float = 120
    recheck_s: float = 10


@dataclass(frozen=True, slots=True)
class Seller:
    """`parties` customers, dealt out over the issuers. `standing` of them are subscribed from the start."""

    parties: int
    standing: int
    start: date
    issuers: tuple[str, ...] = ("US", "UK")

    def workspace(self, address: str, timing: Timing) -> str:
        """The workspace file; `address` is the simulator's."""
        lines = ["subledger: 1", "issuers:", *(_ISSUER.format(code=code) for code in self.issuers), "books:"]
        for code in self.issuers:
            realm = REALMS[f"{code}-BOOK"]
            limits = {"server_limit_s": timing.server_limit_s, "recheck_s": timing.recheck_s}
            lines.append(_BOOK.format(code=code, realm=realm, address=address, **limits))
        lines += ["charts:", *(_CHART.format(code=code) for code in self.issuers)]
        lines += ["parties:", *map(self._party, range(self.parties))]
        lines += ["products:", "  - { code: SEAT, name: Office Seat, unit: seat }"]
        lines += ["price_lists:", f"  - {{ code: USD, currency: USD, from: {self.start}, prices: ["]
        lines += [f'      {{ product: SEAT, plan: monthly, price: "{PRICE}.00" }} ] }}']
        lines += ["contracts:", *map(self._contract, range(self.parties))]
        if self.standing:
            lines += ["subscriptions:", *map(self._subscription, range(self.standing))]
        return "\n".join(lines) + "\n"

    def event(self, number: int) -> tuple[str, bytes]:
        """The n-th event's id and body: a new subscription of `1 + n % 9` seats, which is one invoice."""
        data = {
            "subscription": f"EVENT-{number:05}",
            "party": party_code(number % self.parties),
            "product": "SEAT",
            "plan": "monthly",
            "term": "P1M",
            "start": self.start.isoformat(),
            "quantity": 1 + number % 9,
            "effective": self.start.isoformat(),
        }
        told = {"type": "subscription.created", "timestamp": f"{self.start}T00:00:00Z", "data": data}
        return f"evt_{number:05}", json.dumps(told).encode()

    def _party(self, number: int) -> str:
        address = f'{{ line1: {STREET}, city: Albany, region: NY, postal_code: "12201", country: US }}'
        name = f"Customer {number:03}"
        return (
            f"  - {{ code: {party_code(number)}, name: {name}, legal_name: {name} Co, "
            f"bill_to_address: {address} }}"
        )

    def _contract(self, number: int) -> str:
        issuer = self.issuers[number % len(self.issuers)]
        return (
            f"  - {{ code: C-{number:03}, party: {party_code(number)}, issuer: {issuer}, price_list: USD, "
            f"from: {self.start}, bill_changes: at_once }}"
        )

    def _subscription(self, number: int) -> str:
        return (
            f"  - {{ code: STANDING-{number:03}, party: {party_code(number)}, product: SEAT, plan: monthly, "
            f"term: P1M, start: {self.start}, quantity: {number + 1} }}"
        )


def party_code(number: int) -> str:
    """The code of the n-th customer."""
    return f"P-{number:03}"


def companies(server_limit_s: float, **company: Any) -> Mapping[str, Any]:
    """The simulator's set-up: one US company for each book. `company` are settings of both."""
    listed = [{"realm_id": realm, "name": book} | company for book, realm in REALMS.items()]
    return {"companies": listed, "server_limit_s": server_limit_s}


def signed(event_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers of an event as a Standard Webhooks sender makes them (its specification, version 1)."""
    stamp = str(int(at.timestamp()))
    told = f"{event_id}.{stamp}.".encode() + body
    signature = base64.b64encode(hmac.new(base64.b64decode(SECRET), told, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }
