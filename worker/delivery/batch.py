"""Batch or single: what the next call of a lane carries (design section 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mappings.canonical.record import RecordKind

BACKLOG_MIN = 5
"""From this many waiting deliveries on, the batch call is worth its own request id."""

_RANKS: Mapping[RecordKind, int] = {"customer": 0, "item": 1, "credit_note": 2, "invoice": 3}
_RANK_OF_FOLLOW_UPS = 4


def rank_of(kind: RecordKind) -> int:
    """The turn of a kind in its lane: customers, items, documents by kind, last what is done about them."""
    return _RANKS.get(kind, _RANK_OF_FOLLOW_UPS)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A due delivery as the choice sees it. `must_go_alone`: it was in a batch whose answer was lost."""

    id: str
    kind: RecordKind
    must_go_alone: bool


def choose(waiting: Sequence[Waiting], *, batch_size: int, mixes_kinds: bool = True) -> tuple[Waiting, ...]:
    """The deliveries of the next call, in the given order.

    A backlog of 5 or more goes by the batch call, unless the first in line must go alone under its
    own key: a batch whose answer was lost is never repeated. Where a batch call does not mix kinds, those of
    the first one's kind go together.
    """
    if not waiting:
        return ()
    if batch_size == 1 or len(waiting) < BACKLOG_MIN or waiting[0].must_go_alone:
        return (waiting[0],)
    first = waiting[0].kind
    together = [one for one in waiting if not one.must_go_alone and (mixes_kinds or one.kind == first)]
    return tuple(together[:batch_size])


def batch_key(keys: Sequence[str], attempt: int) -> str:
    """The batch call's own request id: 32 hex characters from its shipments' keys and the attempt."""
    return hashlib.sha256("|".join((*keys, str(attempt))).encode("ascii")).hexdigest()[:32]
