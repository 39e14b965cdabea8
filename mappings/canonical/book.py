"""Books and charts: where an issuer's documents land, and by which ledger codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Book:
    """One set of books of one issuer in one ledger product.

    `settings` are the ledger's own (company id, addresses, file path); the registry checks them.
    `closed_period` says what becomes of a document that would be dated into a closed period before it is
    released: hold ("" too), or redate to the first open day. `server_limit_s` None means the ledger's
    default; a smaller one is accepted for loopback only.
    """

    code: str
    issuer: str
    ledger: str
    chart: str
    home_currency: str
    release: Literal["", "approve", "auto"] = ""
    create_missing: Literal["", "never", "always"] = ""
    closed_period: Literal["", "hold", "redate"] = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    server_limit_s: float | None = None
    recheck_s: float | None = None


@dataclass(frozen=True, slots=True)
class LedgerCode:
    """A thing of a book that documents refer to: account, tax code, term or class.

    `name` is the ledger's own name (Beancount account, QBO name), `ledger_ids` its id per book.
    """

    kind: Literal["account", "tax_code", "term", "class"]
    code: str
    name: str
    ledger_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChartRule:
    """What we sell -> where it lands. The first rule that fits wins; "" and `*` fit everything."""

    revenue_account: str
    product: str = ""
    family: str = ""
    item: str = ""
    class_: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """The rules of one book: accounts for the sides of a document, tax codes, and rules per product.

    `tax_codes` maps the issuer's tax code -> code of a `LedgerCode` of kind tax_code.
    """

    code: str
    receivable_account: str
    tax_account: str
    rounding_account: str
    rules: tuple[ChartRule, ...]
    codes: tuple[LedgerCode, ...] = ()
    tax_codes: Mapping[str, str] = field(default_factory=dict)
