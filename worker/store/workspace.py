"""A whole workspace into the store and out of it, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from mappings.canonical.workspace import Workspace
from worker.store import freeing, groups, setup, subscriptions
from worker.store.freeing import Freed
from worker.store.setup import SetupChange
from worker.store.subscriptions import Directory, StateChange


@dataclass(frozen=True, slots=True)
class WorkspaceChange:
    """What an import did to the set-up, to subscription state, and to subscriptions that had waited.

    `freed` are deliveries that go on because the books now have an id for what they lacked.
    """

    setup: SetupChange
    state: StateChange
    assigned: int = 0
    freed: Freed = field(default_factory=Freed)

    @property
    def is_empty(self) -> bool:
        """The second import of the same file."""
        return self.setup.is_empty and self.state.is_empty and not self.assigned


def store_workspace(
    connection: Connection, workspace: Workspace, *, now: datetime, restate: bool = False
) -> WorkspaceChange:
    """Store what is new or different. Raises `RestatementNeeded` as `setup.store_setup` does."""
    change = setup.store_setup(connection, workspace.setup, now=now, restate=restate)
    if not change.is_empty:
        groups.regroup(connection)
    whole = setup.load_setup(connection)
    directory = Directory.of(whole.parties, whole.products)
    state = subscriptions.store_state(
        connection,
        workspace.subscriptions,
        workspace.versions,
        workspace.usage,
        directory=directory,
        is_written_by_hand=True,
    )
    assigned = subscriptions.assign_unassigned(connection, directory).changed if not change.is_empty else 0
    if state.added or state.changed or assigned:
        groups.regroup(connection)  # a subscription may name a contract of another group
    freed = freeing.free_bound(connection, now=now) if change.bindings else Freed()
    return WorkspaceChange(change, state, assigned, freed)


def load_workspace(connection: Connection) -> Workspace:
    """Everything an export writes."""
    state = subscriptions.load_all(connection)
    return Workspace(setup.load_setup(connection), state.subscriptions, state.versions, state.usage)
