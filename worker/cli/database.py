"""`subledger db`: the schema of the database, forward only."""

from __future__ import annotations

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import actor, confirm, opened, ports_of, settings_of_environment
from worker.cli.options import AsJson, DryRun, Reason, Yes
from worker.cli.output import Output

app = noun("The database: its schema revision, and upgrading it.")


@app.command("upgrade")
def upgrade(dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Bring the database to the schema of this program. Safe to run twice, and from many machines at once.

    Example: subledger db upgrade
    """
    from worker.store import migrate
    from worker.store.engine import open_store

    store = open_store(settings_of_environment().database_url)
    try:
        before = None if dry_run and _is_absent() else migrate.revision(store)
        after = migrate.head() if dry_run else migrate.upgrade(store)
    finally:
        store.close()
    out = Output(as_json=as_json)
    out.result({"before": before, "after": after, "applied": not dry_run and before != after})
    verb = "would go" if dry_run else "went"
    out.line(
        f"schema {after}, nothing to do" if before == after else f"schema {verb} from {before} to {after}"
    )
    return exits.DONE


@app.command("check")
def check(as_json: AsJson = False) -> int:
    """Say whether this program can work on the database as it is.

    Example: subledger db check
    """
    from worker.cli.problems import Stop
    from worker.store import migrate
    from worker.store.engine import open_store

    if _is_absent():
        raise Stop(exits.NOT_FOUND, "there is no database yet", fix="Create it: subledger db upgrade")
    store = open_store(settings_of_environment().database_url)
    try:
        migrate.check(store)
        kind = store.engine.dialect.name
    finally:
        store.close()
    out = Output(as_json=as_json)
    out.result({"revision": migrate.head(), "database": kind})
    out.line(f"{kind}: schema {migrate.head()}, as it should be")
    return exits.DONE


def _is_absent() -> bool:
    path = settings_of_environment().sqlite_path
    return path is not None and not path.exists()


@app.command("restored")
def restored(reason: Reason = "", dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False) -> int:
    """Say that this database was restored from a backup: every book is read before anything is created in it.

    Noticed by itself on SQLite, and by a new SUBLEDGER_RESTORE_EPOCH; saying it once more does no harm.

    Example: subledger db restored --reason "backup of 24 November" --yes
    """
    from worker.flows import verify

    with opened() as installation:
        if not dry_run:
            confirm("Read every book before anything is created in it?", yes=yes)
        ports = ports_of(installation, dry_run=dry_run)
        begun = verify.restored(ports, actor=actor(), reason=reason)
    out = Output(as_json=as_json)
    out.result({"books": begun, "applied": bool(begun) and not dry_run})
    out.line(f"{len(begun)} books are read before anything is created: {', '.join(begun) or 'none new'}")
    out.hint("Then: subledger run, and subledger reconcile book BOOK for each, which ends it.")
    return exits.DONE
