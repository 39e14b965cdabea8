"""What the books do wrong at random all the time: the simulator's fault script, by seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Guard = Literal["request-ids", "numbers", "none"]
"""What keeps a record single in the book besides us: request ids and used numbers, numbers alone, nothing."""

Entry = Mapping[str, Any]

_FOR_EVER: Entry = {"times": 0}
_WRITES: tuple[Entry, ...] = (
    {"fault": "commit_then_drop"},
    {"fault": "drop_before_commit"},
    {"fault": "5xx_before_commit"},
    {"fault": "5xx_after_commit", "status": 503},
    {"fault": "hang", "commit": "late", "seconds": 1.0},
    {"fault": "hang", "commit": "first", "seconds": 0.6},
    {"fault": "reset", "commit": "first"},
    {"fault": "reset", "commit": "never"},
    {"fault": "reset_mid_body"},
    {"fault": "malformed"},
    {"fault": "html"},
    {"fault": "empty"},
)
_READS: tuple[Entry, ...] = ({"fault": "5xx_before_commit"}, {"fault": "reset"}, {"fault": "malformed"})
_RATE = 0.012
"""Of each of the twelve kinds: about one write in seven goes wrong."""

_BATCH_RATE = 0.03
_LATENCY_S = 0.35
"""Most good answers take this long, so that a blow often hits a call that is open."""


def script(guard: Guard, seed: int) -> list[Entry]:
    """The entries for the whole run."""
    faults: list[Entry] = []
    for number, one in enumerate(_WRITES):
        chance = {"method": "POST", "seed": seed + number, **_FOR_EVER}
        for entity in ("invoice", "customer", "item"):
            faults.append({**one, **chance, "entity": entity, "probability": _RATE})
        faults.append({**one, **chance, "entity": "batch", "probability": _BATCH_RATE})
    for number, one in enumerate(_READS):
        faults.append({**one, "entity": "query", "seed": seed - number - 1, "probability": 0.04, **_FOR_EVER})
    faults.append({"fault": "batch_item_missing", "entity": "batch", "commit": "first", "probability": 0.05,
                   "seed": seed, **_FOR_EVER})  # fmt: skip
    faults.append({"fault": "rotate_token", "entity": "token", "probability": 0.5, "seed": seed, **_FOR_EVER})
    faults.append({"fault": "5xx_before_commit", "entity": "token", "probability": 0.1, "seed": seed,
                   **_FOR_EVER})  # fmt: skip
    slow = {"fault": "hang", "commit": "first", "seconds": _LATENCY_S, "method": "POST", "seed": seed}
    faults += [
        {**slow, "entity": entity, "probability": 0.7, **_FOR_EVER}
        for entity in ("invoice", "customer", "item", "batch")
    ]
    if guard != "request-ids":
        faults.append({"fault": "ignore_request_id", **_FOR_EVER})
    return faults


def storm(realm: str) -> Entry:
    """The next calls of one company are throttled, with a wait that the run can afford."""
    return {"fault": "429", "realm": realm, "times": 4, "retry_after": "2"}
