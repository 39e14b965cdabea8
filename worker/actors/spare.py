"""Hands for what the queue does not take: while Redis is away or full, a worker works its own rings (R3)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class SpareHands:
    """Does actors' work in this process: each (actor, id) waits once, a few threads start on need."""

    def __init__(self, actor: Callable[[str], Callable[[str], None]], *, threads: int) -> None:
        self._actor = actor
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="spare")
        self._waiting: set[tuple[str, str]] = set()
        self._guard = threading.Lock()
        self._is_stopped = False

    def take(self, name: str, row_id: str) -> None:
        """Have it done soon, unless it waits here already or this process stops."""
        place = (name, row_id)
        with self._guard:
            if self._is_stopped or place in self._waiting:
                return
            self._waiting.add(place)
            self._pool.submit(self._work, place)

    def stop(self) -> None:
        """Take nothing more and return when what has begun is done; what waits stays due."""
        with self._guard:
            self._is_stopped = True
        self._pool.shutdown(cancel_futures=True)

    def _work(self, place: tuple[str, str]) -> None:
        name, row_id = place
        with self._guard:
            self._waiting.discard(place)
        self._actor(name)(row_id)
