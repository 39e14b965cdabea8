"""`subledger keys`: the keys that seal tokens at rest."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.options import AsJson
from worker.cli.output import Output
from worker.cli.problems import Stop

app = noun("Keys that encrypt the books' tokens (SUBLEDGER_KEYS).")


@app.command("new")
def new(
    key_id: Annotated[str, typer.Option("--id", help="Name of the key: letters and digits.")] = "k1",
    as_json: AsJson = False,
) -> int:
    """Make a fresh key. It is printed once and stored nowhere.

    Example: export SUBLEDGER_KEYS="$(subledger keys new)"
    """
    from worker.store.vault import new_key

    if not key_id.isalnum():
        raise Stop(exits.WRONG_USE, f"the key id {key_id!r} has more than letters and digits")
    key = new_key(key_id)
    out = Output(as_json=as_json)
    out.result({"id": key_id, "key": key})
    out.line(key)
    if not as_json:
        out.hint(
            "To rotate, put a new key first: SUBLEDGER_KEYS=NEW,OLD; keep the old one as long as needed."
        )
    return exits.DONE
