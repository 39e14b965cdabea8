"""Tax ids: which of a party counts in a country on a day, and whether its form is right.

The form (length, letters, check digit) is checked offline by python-stdnum; whether the register knows the
id is another question. A country whose form is not known there passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from mappings.canonical.party import Registration

UNION = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    ]
)
"""Member states of the European Union (ISO 3166). Northern Ireland counts as the Union for goods only."""

_ALIASES = {"EL": "GR"}
"""Prefixes of tax ids that are not the country's ISO code (Directive 2006/112/EC, art. 215)."""


def in_union(country: str) -> bool:
    """Whether a country is a member state."""
    return _ALIASES.get(country, country) in UNION


def registrations_in(registrations: Iterable[Registration], country: str, *, on: date) -> tuple[str, ...]:
    """The tax ids of a country that are valid on a day."""
    wanted = _ALIASES.get(country, country)
    return tuple(
        one.id
        for one in registrations
        if _ALIASES.get(one.country, one.country) == wanted
        and (one.from_ is None or one.from_ <= on)
        and (one.until is None or on < one.until)
    )


@lru_cache(maxsize=8192)
def why_wrong(country: str, tax_id: str) -> str:
    """Why an id cannot be one of a country's, in a few words, or "" where nothing speaks against it."""
    module = get_cc_module(_ALIASES.get(country, country).lower(), "vat")
    if module is None:
        return ""
    try:
        module.validate(tax_id)
    except ValidationError as wrong:
        return str(wrong).rstrip(".").lower()
    return ""
