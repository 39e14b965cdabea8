"""The fault script: what goes wrong, for which call, how often.

A call meets at most one outcome fault (it drops, hangs, answers nonsense) and any number of modifiers
(reads lag, request ids are forgotten, duplicate numbers pass).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

FaultName = Literal[
    "ok",
    "commit_then_drop",
    "drop_before_commit",
    "hang",
    "drip",
    "reset",
    "reset_mid_body",
    "429",
    "5xx_before_commit",
    "5xx_after_commit",
    "malformed",
    "html",
    "empty",
    "fault",
    "fault_in_200",
    "wrong_echo",
    "read_lag",
    "ignore_request_id",
    "id_replays_error",
    "allow_duplicate_docnumber",
    "rotate_token",
    "refuse_refresh",
    "consent_revoked",
    "batch_item_missing",
    "batch_item_throttled",
    "batch_item_fault",
    "batch_repeat_refused",
]
MODIFIERS = frozenset(
    {
        "read_lag",
        "ignore_request_id",
        "id_replays_error",
        "allow_duplicate_docnumber",
        "rotate_token",
        "batch_item_missing",
        "batch_item_throttled",
        "batch_item_fault",
        "batch_repeat_refused",
    }
)
Commit = Literal["never", "first", "late"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the script.

    Matchers (empty = any): `realm` (the company), `method`, `entity` (as in the path, in lower case; token
    for the token endpoint), `operation` (create, update, delete, void, read, query, batch, upload, refresh,
    authorize_code and what else the ledger knows), `body_contains`. Of the matching calls it strikes from
    the `nth` (1 = the next) for `times` calls (0 = for ever), each with `probability` drawn from `seed`.

    Settings by kind: `seconds` (hang; drip per byte; read_lag); `commit` of hang, reset, malformed, html,
    empty and batch_item_missing: never executed, executed first, or late (after the wait); `status` of 5xx
    (0 = 500) and fault (0 = the code's own); `format` of 429 and 5xx (json | xml | html); `retry_after` as
    text; `code` (the ledger's own) and `detail` of fault, fault_in_200, batch_item_fault; `index` of the
    batch item; `changes` of a wrong echo (default: another number, total and customer).
    """

    fault: FaultName
    realm: str = ""
    method: str = ""
    entity: str = ""
    operation: str = ""
    body_contains: str = ""
    nth: int = 1
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 0.0
    commit: Commit | None = None
    status: int = 0
    format: Literal["", "json", "xml", "html"] = ""
    retry_after: str = ""
    code: str = ""
    detail: str = ""
    index: int = 0
    changes: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What matchers look at."""

    realm: str
    method: str
    entity: str
    operation: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Struck:
    """What the script does to one call."""

    outcome: Fault | None = None
    modifiers: tuple[Fault, ...] = ()

    def has(self, name: FaultName) -> bool:
        return any(modifier.fault == name for modifier in self.modifiers)

    def on_item(self, index: int) -> Fault | None:
        """What happens to one item of a batch."""
        items = (fault for fault in self.modifiers if fault.fault.startswith("batch_item_"))
        return next((fault for fault in items if fault.index == index), None)

    @property
    def read_lag_s(self) -> float:
        return max((fault.seconds for fault in self.modifiers if fault.fault == "read_lag"), default=0.0)


@dataclass(slots=True)
class _Scripted:
    fault: Fault
    seen: int = 0
    struck: int = 0
    random: random.Random = field(default_factory=random.Random)

    @property
    def is_used_up(self) -> bool:
        return bool(self.fault.times) and self.struck >= self.fault.times


class FaultScript:
    """The queue of faults; the first outcome that strikes decides the call. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[_Scripted] = []

    def add(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self._entries.extend(_Scripted(fault, random=random.Random(fault.seed)) for fault in faults)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def state(self) -> list[dict[str, object]]:
        """Every entry with how many calls it saw and struck."""
        with self._lock:
            return [
                {"fault": entry.fault, "seen": entry.seen, "struck": entry.struck} for entry in self._entries
            ]

    def strike(self, call: Call) -> Struck:
        """The faults for this call. Counts the call on every entry it matches."""
        with self._lock:
            outcome: Fault | None = None
            modifiers: list[Fault] = []
            for entry in self._entries:
                if entry.is_used_up or not _matches(entry.fault, call):
                    continue
                entry.seen += 1
                is_modifier = entry.fault.fault in MODIFIERS
                if entry.seen < entry.fault.nth or (outcome is not None and not is_modifier):
                    continue
                if entry.fault.probability < 1.0 and entry.random.random() >= entry.fault.probability:
                    continue
                entry.struck += 1
                if is_modifier:
                    modifiers.append(entry.fault)
                else:
                    outcome = entry.fault
            return Struck(outcome, tuple(modifiers))


def _matches(fault: Fault, call: Call) -> bool:
    return (
        fault.realm in ("", call.realm)
        and fault.method.upper() in ("", call.method)
        and fault.entity.lower() in ("", call.entity)
        and fault.operation.lower() in ("", call.operation)
        and (not fault.body_contains or fault.body_contains.encode() in call.body)
    )
