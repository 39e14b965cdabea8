"""Remembering what a pure function gave for the very same frozen objects: no hashing, a bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")
Result = TypeVar("Result")

KEPT_MAX = 4096
"""All is forgotten beyond so many; a run that keeps more different objects in use gains nothing here."""


def remembered(function: Callable[[First], Result]) -> Callable[[First], Result]:
    """The function of one object, computed once for each object as long as it is remembered."""
    known: dict[int, tuple[First, Result]] = {}

    def found(first: First) -> Result:
        kept = known.get(id(first))
        if kept is not None:
            return kept[1]
        if len(known) >= KEPT_MAX:
            known.clear()
        result = function(first)
        known[id(first)] = (first, result)  # holding the object keeps its id from being given to another
        return result

    return found


def remembered_pair(function: Callable[[First, Second], Result]) -> Callable[[First, Second], Result]:
    """The same for a function of two objects."""
    known: dict[tuple[int, int], tuple[First, Second, Result]] = {}

    def found(first: First, second: Second) -> Result:
        kept = known.get((id(first), id(second)))
        if kept is not None:
            return kept[2]
        if len(known) >= KEPT_MAX:
            known.clear()
        result = function(first, second)
        known[id(first), id(second)] = (first, second, result)
        return result

    return found
