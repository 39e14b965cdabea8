"""One row of the kit: its name, what it proves, and the function that tries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from connectors.protocols import Ledger
from mappings.canonical.record import RecordKind

if TYPE_CHECKING:
    from connectors.conformance.trial import Trial

Verdict = Literal["passed", "failed", "not offered", "not possible"]
"""not offered = by this ledger; not possible = with this book, a practice book could show it."""


class Failed(Exception):
    """The ledger did not keep what a row asks for; the message says what was seen."""


@dataclass(frozen=True, slots=True)
class Row:
    """A safety or an ability, and how to try it.

    `run` returns how it is achieved, one sentence, or raises `Failed`, `NotOffered` or `NotPossible`. `lacks`
    says why a session does not have what the row is about, "" = it has. A core row is for every ledger: what
    it asks for cannot be "not offered".
    """

    name: str
    proves: str
    run: Callable[[Trial], str]
    lacks: Callable[[Ledger], str] | None = None
    is_core: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a row; `how` is the sentence that goes with the verdict."""

    row: str
    proves: str
    verdict: Verdict
    how: str


def lacks_kind(kind: RecordKind, what: str) -> Callable[[Ledger], str]:
    """A row about a kind of record that a ledger may not hold."""
    return lambda ledger: "" if kind in ledger.capabilities.records else what


def lacks_ability(ability: type, what: str) -> Callable[[Ledger], str]:
    """A row about an optional protocol of `connectors.protocols`."""
    return lambda ledger: "" if isinstance(ledger, ability) else what


def lacks_batches(ledger: Ledger) -> str:
    """A row about many records in one call."""
    return "" if ledger.capabilities.batch_size > 1 else "this ledger takes one record a call"
