"""`subledger ledger`: which ledgers there are and what each can do, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.options import AsJson
from worker.cli.output import Output

if TYPE_CHECKING:
    from connectors.ledger_kind import LedgerKind

app = noun("Ledgers: the accounting products a book can be kept in.")

COLUMNS = ("ledger", "records", "a call", "limits", "numbers", "tax", "repeats are caught by", "it also")
_GUARDS = {"ledger": "the ledger's key", "number": "unique numbers", "marker": "our marker"}


@app.command("list")
def list_(
    markdown: Annotated[bool, typer.Option("--markdown", help="As the table in the README.")] = False,
    as_json: AsJson = False,
) -> int:
    """List the ledgers with what each holds, allows and can do.

    Example: subledger ledger list
    """
    from connectors import registry

    out = Output(as_json=as_json)
    if markdown:
        out.text(as_markdown())
        return exits.DONE
    kinds = registry.ledgers()
    out.result({"ledgers": [_facts(kind) for kind in kinds], "count": len(kinds)})
    out.table(COLUMNS, [_row(kind) for kind in kinds])
    return exits.DONE


def as_markdown() -> str:
    """The ledgers as a Markdown table."""
    from connectors import registry

    lines = [COLUMNS, ("---",) * len(COLUMNS), *(_row(kind) for kind in registry.ledgers())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _row(kind: LedgerKind) -> tuple[str, ...]:
    from connectors import registry

    known = kind.capabilities
    rates = known.rates
    limits = [f"{rates.per_second:g}/s"] if rates.per_second else []
    limits += [f"{rates.per_minute:g}/min"] if rates.per_minute else []
    basic = [kind_ for kind_ in ("customer", "item", "invoice", "credit_note") if kind_ in known.records]
    return (
        f"{kind.title} (`{kind.name}`)",
        ", ".join(one.replace("_", " ") for one in basic),
        f"1 to {known.batch_size}" if known.batch_size > 1 else "1",
        ", ".join(limits) or "none",
        "ours" if known.caller_sets_number else "ours as reference",
        "ours" if known.tax_mode == "ours" else "the ledger's",
        _GUARDS[known.key_guard],
        ", ".join(registry.abilities(kind)).replace("_", " "),
    )


def _facts(kind: LedgerKind) -> dict[str, object]:
    from connectors import registry

    return {
        "name": kind.name,
        "title": kind.title,
        "capabilities": kind.capabilities,
        "abilities": registry.abilities(kind),
        "settings": kind.settings,
        "required_settings": kind.required_settings,
    }
