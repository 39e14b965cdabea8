"""The kinds of set-up object: what each is called as a row, its code, and whether it is append-only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from mappings.canonical.book import Book, Chart
from mappings.canonical.catalog import Pool, PriceList, Product, Promotion
from mappings.canonical.contract import Adjustment, Contract, OpeningCharge
from mappings.canonical.party import FxRate, Issuer, Party
from mappings.canonical.workspace import Setup


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: row name, field of `Setup`, type, and the code of an object (unique in its kind).

    Objects of a `shared` kind are read by every billing group, the others only by their own. A `dated`
    kind is append-only by `from_`.
    """

    name: str
    field: str
    type: type[Any]
    code: Callable[[Any], str]
    shared: bool = True
    dated: bool = False


def _dated(value: PriceList | Contract) -> str:
    return f"{value.code}@{value.from_}"


def _opening(value: OpeningCharge) -> str:
    return f"{value.subscription}@{value.start}..{value.until}@{value.number}"


def _rate(value: FxRate) -> str:
    return f"{value.currency}/{value.home}@{value.on}/{value.source}"


def _code(value: Issuer | Book | Chart | Party | Product | Promotion | Pool | Adjustment) -> str:
    return value.code


KINDS: tuple[Kind, ...] = (
    Kind("issuer", "issuers", Issuer, _code),
    Kind("book", "books", Book, _code),
    Kind("chart", "charts", Chart, _code),
    Kind("party", "parties", Party, _code, shared=False),
    Kind("product", "products", Product, _code),
    Kind("price_list", "price_lists", PriceList, _dated, dated=True),
    Kind("promotion", "promotions", Promotion, _code),
    Kind("pool", "pools", Pool, _code, shared=False),
    Kind("contract", "contracts", Contract, _dated, shared=False, dated=True),
    Kind("opening_charge", "opening_charges", OpeningCharge, _opening, shared=False),
    Kind("adjustment", "adjustments", Adjustment, _code, shared=False),
    Kind("fx_rate", "fx_rates", FxRate, _rate),
)
KIND_OF: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
_DECODERS = {kind.name: msgspec.json.Decoder(kind.type) for kind in KINDS}


def decode(kind: str, body: str) -> Any:
    """The frozen value of a row's body."""
    return _DECODERS[kind].decode(body)


def as_setup(rows: Iterable[tuple[str, str]]) -> Setup:
    """A `Setup` of rows (kind, body), each kind in the order given."""
    found: dict[str, list[Any]] = {kind.field: [] for kind in KINDS}
    for kind, body in rows:
        found[KIND_OF[kind].field].append(decode(kind, body))
    return replace(Setup(), **{field: tuple(values) for field, values in found.items()})
