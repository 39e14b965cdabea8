"""Named places where a fault test may end this process as a crash would: at once, with nothing cleaned up.

In production nothing is armed and a crash point costs one comparison with None. Only the environment arms
one: SUBLEDGER_CRASH_AT=NAME, or NAME:3 for the third time it is reached.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = "SUBLEDGER_CRASH_AT"
EXIT_CODE = 137
"""What a shell says of a process that was ended by SIGKILL."""

POINTS: Mapping[str, str] = {
    "webhook.before_commit": "the event is inserted, its transaction is not committed",
    "webhook.after_commit": "the event is committed, nobody was told",
    "webhook.before_enqueue": "the worker is about to be rung",
    "webhook.before_answer": "the worker was rung, the sender has no answer yet",
    "event.after_begin": "a start of the event is counted, nothing of it is used yet",
    "event.after_versions": "the event's versions are stored, its group is not billed yet",
    "event.before_finish": "billed and released, the event still counts as waiting",
    "compute.mid": "a group's bill is computed and not stored",
    "invoice.before_commit": "the drafts are written, their transaction is not committed",
    "invoice.after_commit": "the drafts are committed, nothing is released",
    "outbox.before_commit": "numbers taken and deliveries planned, the transaction is not committed",
    "outbox.after_commit": "released with deliveries, nobody was told",
    "actor.before_claim": "a worker is about to take the lane",
    "actor.after_claim": "the lane is taken, nothing done with it",
    "ratelimit.acquired": "the slot for a call has come, nothing written ahead",
    "send.before_writeahead": "bytes are rendered and marked, the transaction is not committed",
    "send.after_writeahead": "the write-ahead is committed, no byte has left",
    "token.before_call": "the right to refresh is taken, the token endpoint was not called",
    "token.after_response": "a new token pair has come, it is not stored",
    "token.after_commit": "the new pair is stored, the right to refresh is not given back",
    "send.after_bytes": "the whole request has left, no byte of the answer was read",
    "post.after_response": "the answer has come, no verdict is written",
    "post.before_commit": "the verdicts are written, their transaction is not committed",
    "post.after_commit": "the verdicts are committed, the lane goes on",
    "post.before_ack": "the actor is done, its message is not acknowledged",
    "recover.after_adopt": "what a dead holder left is uncertain now",
    "recover.after_read": "the book was read, nothing is decided",
    "sweeper.mid": "one of the due rows was rung for",
}
"""Every crash point and what is so when it is reached."""


class UnknownCrashPoint(ValueError):
    """SUBLEDGER_CRASH_AT names no crash point."""


@dataclass
class _Armed:
    name: str
    times_left: int


def crashpoint(name: str) -> None:
    """End the process here if this point is armed."""
    if _armed is not None:
        _reach(_armed, name)


def arm() -> None:
    """Read the environment again, after a fork for instance. Raises `UnknownCrashPoint`."""
    global _armed
    _armed = _from_environment()


def _reach(armed: _Armed, name: str) -> None:
    if armed.name == name:
        armed.times_left -= 1
        if armed.times_left <= 0:
            os._exit(EXIT_CODE)


def _from_environment() -> _Armed | None:
    name, _, times = os.environ.get(VARIABLE, "").partition(":")
    if not name:
        return None
    if name not in POINTS:
        raise UnknownCrashPoint(f"{VARIABLE} names no crash point: {name!r}")
    return _Armed(name, int(times or "1"))


_armed: _Armed | None = _from_environment()
