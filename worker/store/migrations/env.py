"""Alembic's entry: runs the migrations on the connection that worker.store.migrate hands over.

The caller owns the transaction and the lock; nothing is configured from files.
"""

from __future__ import annotations

from alembic import context

from worker.store.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
