"""Faults that are none: what they change cannot be told from outside. Each is named, with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutators import Mutant

FILE = Path(__file__).with_name("excused.toml")


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why one fault, or all faults of one statement, are not planted."""

    path: str
    function: str
    statement: str
    reason: str
    now: str = ""
    """What the fault writes; "" for every fault of the statement."""

    def covers(self, mutant: Mutant) -> bool:
        return (
            (mutant.path, mutant.function, mutant.statement) == (self.path, self.function, self.statement)
        ) and self.now in ("", mutant.now)


def read_excuses(file: Path = FILE) -> tuple[Excuse, ...]:
    """The committed list."""
    return tuple(Excuse(**entry) for entry in tomllib.loads(file.read_text()).get("excused", ()))


def is_excused(mutant: Mutant, excuses: Sequence[Excuse]) -> bool:
    return any(excuse.covers(mutant) for excuse in excuses)
