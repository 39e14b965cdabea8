"""How anybody starts a ledger's simulator without knowing the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks of a simulator. Port 0 takes a free one; `state` is a folder that keeps the books.

    `config` is its set-up as a JSON file. `server_limit_s`: when a request is cut, None = as in life.
    """

    host: str = "127.0.0.1"
    port: int = 0
    state: Path | None = None
    config: Path | None = None
    has_limits: bool = True
    server_limit_s: float | None = None


class SimulatorOpener(Protocol):
    """A running simulator until the block ends: its `url` and what else a caller has to know, as JSON data.

    Raises `connectors.simulation.config.BadConfig`, also for what this simulator cannot do.
    """

    def __call__(self, asked: Asked) -> AbstractContextManager[Mapping[str, object]]: ...
