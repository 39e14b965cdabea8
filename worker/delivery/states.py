"""The states of a delivery and the only edges between them (design section 7).

Protects: nothing that may already be in a book is ever sent again without looking first.
"""

from __future__ import annotations

from typing import Literal

State = Literal["planned", "due", "sending", "uncertain", "blocked", "parked", "posted", "cancelled"]

EDGES: dict[State, frozenset[State]] = {
    "planned": frozenset({"due", "cancelled"}),
    "due": frozenset({"sending", "blocked", "parked", "cancelled"}),
    "sending": frozenset({"posted", "uncertain", "due", "blocked", "parked"}),
    # uncertain -> uncertain: its read failed, or one more read is needed.
    "uncertain": frozenset({"posted", "sending", "parked", "uncertain"}),
    # blocked/parked -> uncertain: bytes of it may have left, so a replay looks before it sends.
    "blocked": frozenset({"due", "uncertain", "parked", "cancelled"}),
    "parked": frozenset({"due", "uncertain", "cancelled", "posted"}),
    "posted": frozenset(),
    "cancelled": frozenset(),
}

OPEN: frozenset[State] = frozenset({"planned", "due", "sending", "uncertain"})
"""States that go on by themselves."""

NEEDS_A_PERSON: frozenset[State] = frozenset({"parked", "blocked"})
"""States an operator sees as exceptions."""


class ForbiddenEdge(Exception):
    """A delivery was asked to go where the state machine has no edge."""

    def __init__(self, before: State, after: State) -> None:
        super().__init__(f"a delivery never goes from {before} to {after}")
        self.before = before
        self.after = after


def check_edge(before: State, after: State) -> None:
    """Raise `ForbiddenEdge` unless the edge exists."""
    if after not in EDGES[before]:
        raise ForbiddenEdge(before, after)


def replayed(state: State, *, may_have_arrived: bool) -> State:
    """Where a replay takes a delivery: due, or uncertain when its bytes may already be in the book.

    A delivery that is on its way already stays where it is; posted is only verified.
    """
    if state in ("parked", "blocked"):
        return "uncertain" if may_have_arrived else "due"
    return state
