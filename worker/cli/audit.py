"""`subledger audit`: who did what, and whether the record of it is whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import opened
from worker.cli.options import AsJson, Limit
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.store.sealing import Head

app = noun("Who did what, and whether the record of it is whole.")


@app.command("list")
def list_(
    subject: Annotated[str, typer.Option("--object", help="Only about this, as `book UK`.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> int:
    """List acts of people and changes of settings, the newest first.

    Example: subledger audit list --object "book UK"
    """
    from worker.store import sealing

    with opened() as installation, installation.store.read() as connection:
        found = sealing.entries(connection, limit=limit, subject=subject)
    out = Output(as_json=as_json)
    out.result({"entries": found, "count": len(found)})
    rows = [(one.seq or "", one.at, one.actor, one.act, one.object, one.reason) for one in found]
    out.table(("seq", "at", "who", "act", "object", "reason"), rows)
    return exits.DONE


@app.command("verify")
def verify(
    anchor: Annotated[
        str, typer.Option("--anchor", metavar="SEQ:HASH", help="A head printed earlier and kept elsewhere.")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Seal what is not sealed yet and compute the whole chain anew; names the first entry that was changed.

    Keep the printed head outside the database: with --anchor a chain that was written anew, or cut, shows.

    Example: subledger audit verify --anchor 412:9f2c...
    """
    from worker.store import sealing

    kept = _anchor(anchor) if anchor else None
    with opened() as installation:
        while installation.store.transact(lambda connection: sealing.seal(connection, whole=True)):
            pass
        with installation.store.read() as connection:
            found = sealing.verify(connection, anchor=kept)
    out = Output(as_json=as_json)
    out.result({**plain(found), "head": str(found.head), "is_whole": found.is_whole})
    if found.is_whole:
        out.line(f"{found.entries} entries, whole; head {found.head}")
        return exits.DONE
    out.line(f"broken at {found.bad_seq} ({found.bad_id or 'no id'}): {found.why}")
    return exits.DIFFERENT


def _anchor(told: str) -> Head:
    from worker.store.sealing import Head

    match = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", told)
    if match is None:
        raise Stop(
            exits.WRONG_USE, f"{told!r} is no head of a chain", fix="It is SEQ:HASH, as verify prints it."
        )
    return Head(int(match[1]), match[2])
