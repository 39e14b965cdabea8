"""Which record of a book is which customer or item of ours: exact, likely, or missing. Pure.

Protects: a record that exists is adopted, never created again, and nothing is adopted by a guess alone:
likely matches are for a person to confirm. A customer of another currency never matches (qbo.md, rule 6).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.protocols import HeldName

Grade = Literal["exact", "likely", "missing"]


@dataclass(frozen=True, slots=True)
class Ours:
    """A customer (party, currency) or an item as we know it. `names` are those it may have there."""

    kind: Literal["customer", "item"]
    code: str
    marker: str
    names: tuple[str, ...]
    currency: str = ""
    emails: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for one of ours. `because` are the signs that agree, `others` further candidates."""

    kind: Literal["customer", "item"]
    code: str
    name: str
    grade: Grade
    ledger_id: str = ""
    their_name: str = ""
    because: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    held: HeldName
    signs: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Our own marker, or a tax id, or two other signs at once, on a record that is in use."""
        strong = {"marker", "tax id", "sku"}.intersection(self.signs)
        return self.held.is_active and bool(strong or len(self.signs) >= 2)


def match(wanted: Iterable[Ours], held: Sequence[HeldName]) -> tuple[Match, ...]:
    """The match of each, in the given order. Several equally good candidates are likely, never exact."""
    index = _Index(held)
    return tuple(_match(one, index) for one in wanted)


def plain(name: str) -> str:
    """A name without what differs by accident: case, composed characters, blanks, invisible signs."""
    composed = unicodedata.normalize("NFKC", name).casefold()
    seen = (char for char in composed if unicodedata.category(char) not in ("Cf", "Cc"))
    return " ".join("".join(seen).split())


class _Index:
    """Records of the book by every sign they can be known by."""

    def __init__(self, held: Sequence[HeldName]) -> None:
        self._by_sign: dict[tuple[str, str, str], list[HeldName]] = {}
        for one in held:
            for sign, value in _signs(one.marker, (one.name,), one.emails, (one.tax_id,), one.sku):
                self._by_sign.setdefault((one.kind, sign, value), []).append(one)

    def candidates(self, ours: Ours) -> list[_Candidate]:
        """Records that share a sign, the one with the most and strongest first."""
        found: dict[str, tuple[HeldName, list[str]]] = {}
        for sign, value in _signs(ours.marker, ours.names, ours.emails, ours.tax_ids, ours.sku):
            for held in self._by_sign.get((ours.kind, sign, value), ()):
                signs = found.setdefault(held.ledger_id, (held, []))[1]
                if sign not in signs:
                    signs.append(sign)
        candidates = [_Candidate(held, tuple(signs)) for held, signs in found.values()]
        return sorted(candidates, key=lambda one: (not one.is_sure, -len(one.signs), one.held.ledger_id))


def _signs(
    marker: str, names: Iterable[str], emails: Iterable[str], tax_ids: Iterable[str], sku: str
) -> Iterable[tuple[str, str]]:
    if marker:
        yield "marker", marker
    for tax_id in tax_ids:
        if squeezed := "".join(char for char in tax_id.upper() if char.isalnum()):
            yield "tax id", squeezed
    if sku:
        yield "sku", sku.casefold()
    for email in emails:
        yield "e-mail", email.strip().casefold()
    for name in names:
        if plain(name):
            yield "name", plain(name)


def _match(ours: Ours, index: _Index) -> Match:
    all_found = index.candidates(ours)
    fitting = [one for one in all_found if not ours.currency or one.held.currency == ours.currency]
    name = ours.names[0] if ours.names else ours.code
    if not fitting:
        return Match(ours.kind, ours.code, name, "missing", note=_note(ours, all_found))
    best = fitting[0]
    rivals = [one for one in fitting[1:] if one.is_sure == best.is_sure]
    others = tuple(f"{one.held.ledger_id} {one.held.name}" for one in fitting[1:6])
    is_exact = best.is_sure and ("marker" in best.signs or not rivals)
    return Match(
        ours.kind,
        ours.code,
        name,
        "exact" if is_exact else "likely",
        ledger_id=best.held.ledger_id,
        their_name=best.held.name,
        because=best.signs,
        others=others,
        note="" if best.held.is_active else "inactive there: make it active before it is used",
    )


def _note(ours: Ours, found: Sequence[_Candidate]) -> str:
    if not found:
        return ""
    other = found[0].held
    return f"{other.name} (id {other.ledger_id}) is a customer in {other.currency}, not {ours.currency}"
