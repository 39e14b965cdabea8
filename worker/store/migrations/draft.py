"""Draft a migration: `python -m worker.store.migrations.draft` prints what the schema lacks.

The draft is text to read, correct and save as the next file in `versions`; nothing is written.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from worker.store.columns import Exact, Instant
from worker.store.engine import open_store
from worker.store.migrate import upgrade
from worker.store.tables import Row


def draft() -> str:
    """The body of `upgrade()` that brings the newest schema to the models, as Python source."""
    store = open_store("sqlite://")
    upgrade(store)
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": Row.metadata})
        operations = produce_migrations(context, Row.metadata).upgrade_ops
    store.close()
    if operations is None or operations.is_empty():
        return "    # models and schema are the same"
    return render_python_code(operations, render_item=_plain_type)


def _plain_type(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Types as the database has them: a migration must not change when our column classes do."""
    if kind != "type":
        return False
    if isinstance(item, Instant):
        return "sa.BigInteger()"
    if isinstance(item, Exact):
        return "sa.Text()"
    return "sa.String()" if type(item).__name__ == "AutoString" else False


if __name__ == "__main__":
    sys.stdout.write(draft() + "\n")
