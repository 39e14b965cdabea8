"""`subledger help`: pages that belong to no verb."""

from __future__ import annotations

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.options import AsJson
from worker.cli.output import Output

app = noun("Pages about the whole program.")


@app.command("exit-codes")
def exit_codes(as_json: AsJson = False) -> int:
    """Print what each exit code means."""
    out = Output(as_json=as_json)
    codes = sorted(exits.MEANINGS.items())
    out.result({"exit_codes": [{"code": code, "meaning": meaning} for code, meaning in codes]})
    out.table(("code", "meaning"), codes)
    return exits.DONE
