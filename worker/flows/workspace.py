"""Import and export of a whole workspace. Importing twice changes nothing; real books are never surprised."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from connectors import registry
from connectors.registry import workspace_file
from mappings.canonical.workspace import Setup, Workspace
from worker.flows.ports import Ports
from worker.store import audit, setup, subscriptions
from worker.store.engine import Connection
from worker.store.workspace import WorkspaceChange, load_workspace, store_workspace

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WorkspaceImport:
    """What an import did, or would do, and what in the file is allowed but probably not meant."""

    change: WorkspaceChange
    warnings: tuple[str, ...]
    is_dry: bool


class CutOverMissing(workspace_file.WorkspaceError):
    """The file is right, but a real book would be billed for a past that another system billed."""


class _Undo(Exception):
    """Ends a dry run's transaction."""

    def __init__(self, change: WorkspaceChange) -> None:
        super().__init__("a dry run writes nothing")
        self.change = change


def import_(
    ports: Ports, raw: bytes, *, name: str, actor: str, restate: bool = False, dry_run: bool = False
) -> WorkspaceImport:
    """Import one workspace file as a whole or not at all.

    Raises `WorkspaceError` with every finding of the file, and what `import_workspace` raises.
    """
    with ports.store.read() as connection:
        known = Workspace(setup.load_setup(connection), subscriptions.load_lasting(connection))
    workspace, warnings = workspace_file.read_workspace_with_warnings(raw, name=name, known=known)
    change = import_workspace(ports, workspace, name=name, actor=actor, restate=restate, dry_run=dry_run)
    return WorkspaceImport(change, tuple(map(str, warnings)), dry_run)


def import_workspace(
    ports: Ports,
    workspace: Workspace,
    *,
    name: str = "workspace",
    actor: str = "subledger",
    restate: bool = False,
    dry_run: bool = False,
) -> WorkspaceChange:
    """Import a workspace that was read already, as a whole or not at all.

    Raises `WorkspaceError` where a book cannot work, `CutOverMissing` where a contract that bills into a
    real book says no `cut_over`, and `RestatementNeeded` where billed days would change.
    """
    _refuse_surprises(ports, workspace, name=name)

    def act(connection: Connection) -> WorkspaceChange:
        now = ports.clock.now()
        change = store_workspace(connection, workspace, now=now, restate=restate)
        if dry_run:
            raise _Undo(change)
        if not change.is_empty:
            body = _summary(change)
            audit.record(connection, actor=actor, act="workspace.import", subject=name, body=body, now=now)
        return change

    try:
        change = ports.store.transact(act)
    except _Undo as undo:
        change = undo.change
    else:
        for book in change.freed.books:
            ports.doorbell.ring("drain_book", book)
    log.info("workspace.imported", file=name, is_dry=dry_run, is_new=not change.is_empty)
    return change


def export(ports: Ports) -> str:
    """The whole workspace as a file; importing it elsewhere gives the same workspace."""
    with ports.store.read() as connection:
        return workspace_file.write_workspace(load_workspace(connection))


def _refuse_surprises(ports: Ports, workspace: Workspace, *, name: str) -> None:
    """Refuse books that cannot work, rates nobody can know, and contracts that would bill the past again."""
    findings = [
        workspace_file.Finding(f"books[{position}]", None, sentence)
        for position, book in enumerate(workspace.setup.books)
        for sentence in registry.findings(book)
    ]
    today = ports.clock.now().date()
    findings.extend(workspace_file.rates_ahead(workspace, today))
    if findings:
        raise workspace_file.WorkspaceError(tuple(findings), name=name)
    with ports.store.read() as connection:
        known = setup.load_setup(connection)
    whole = replace(workspace, setup=_whole(workspace.setup, known))
    practice = frozenset(book.code for book in whole.setup.books if registry.is_practice(book))
    missing = workspace_file.missing_cut_over(whole, practice, today)
    if missing:
        raise CutOverMissing(missing, name=name)


def _whole(given: Setup, known: Setup) -> Setup:
    """The set-up after the import, as far as the cut-over depends on it; the file's contracts come first."""
    issuers = {one.code: one for one in (*known.issuers, *given.issuers)}
    books = {one.code: one for one in (*known.books, *given.books)}
    told = {(one.code, one.from_) for one in given.contracts}
    kept = tuple(one for one in known.contracts if (one.code, one.from_) not in told)
    return replace(
        given,
        issuers=tuple(issuers.values()),
        books=tuple(books.values()),
        contracts=(*given.contracts, *kept),
    )


def _summary(change: WorkspaceChange) -> dict[str, object]:
    return {
        "added": change.setup.added,
        "changed": change.setup.changed,
        "bindings": change.setup.bindings,
        "subscriptions": change.state.added,
        "versions": change.state.versions,
        "restated": [str(one) for one in change.setup.restated],
    }
