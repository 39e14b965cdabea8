"""Whether this process can do its work: the database with its schema; the queue only degrades it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from worker.bootstrap import App
from worker.store import migrate
from worker.store.trouble import DATABASE_ERRORS, explain


@dataclass(frozen=True, slots=True)
class Health:
    """The answer to "are you ready": `checks` says "ok" or what is wrong, per part."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: Mapping[str, str]

    @property
    def status_code(self) -> int:
        """200 while events can be taken: without the queue they are stored and found by the sweeper."""
        return 503 if self.status == "not_ready" else 200


def readiness(app: App, queue_trouble: Callable[[], str]) -> Health:
    """Look at everything now. The words name parts of ours, never addresses."""
    database = _database(app)
    queue = queue_trouble()
    checks = {"database": database or "ok", "queue": queue or "ok"}
    if database:
        return Health("not_ready", checks)
    return Health("degraded" if queue else "ready", checks)


def _database(app: App) -> str:
    try:
        migrate.check(app.store)
    except migrate.UnsupportedRevision as unsupported:
        return str(unsupported)
    except DATABASE_ERRORS as error:
        trouble = explain(error)
        return trouble.why if trouble else "the database cannot be read"
    return ""
