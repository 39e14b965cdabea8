"""`subledger adjustment`: one-off charges and goodwill credits that a person approved."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import actor, opened, ports_of
from worker.cli.options import AsJson, DryRun, a_day
from worker.cli.output import Output
from worker.cli.problems import Stop

app = noun("One-off charges and goodwill credits, with reason and approver.")


@app.command("add")
def add(
    party: Annotated[str, typer.Option("--party", help="Who it is sold to.")],
    product: Annotated[str, typer.Option("--product", help="What it is booked as.")],
    amount: Annotated[str, typer.Option("--amount", help="Net, as in 50.00.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; printed with the line.")],
    approved_by: Annotated[str, typer.Option("--approved-by", help="Who approved it.")],
    credit: Annotated[
        bool, typer.Option("--credit", help="Give the amount back: a goodwill credit.")
    ] = False,
    on: Annotated[
        date | None, typer.Option("--on", parser=a_day, metavar="DATE", help="Its day; else today.")
    ] = None,
    currency: Annotated[str, typer.Option("--currency", help="Else the contract's.")] = "",
    contract: Annotated[str, typer.Option("--contract", help="Else the party's own on that day.")] = "",
    code: Annotated[str, typer.Option("--code", help="Your own code; else made of the facts.")] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Add a one-off charge or goodwill credit; the next bill bills it.

    The same command twice adds it once.

    Example: subledger adjustment add --party ACME --product SUPPORT --amount 50.00 --credit
    --reason "outage of 3 May" --approved-by "J. Doe"
    """
    from mappings.canonical.contract import Adjustment
    from worker.flows import adjust

    if amount.startswith("-"):
        raise Stop(exits.WRONG_USE, f"{amount} is negative", fix="Say --credit to give an amount back.")
    with opened() as installation:
        given = Adjustment(
            code=code,
            party=party,
            product=product,
            on=on or installation.clock.now().date(),
            net=f"-{amount}" if credit else amount,
            currency=currency,
            reason=reason,
            approved_by=approved_by,
            contract=contract,
        )
        try:
            whole, done = adjust.add(ports_of(installation, dry_run=dry_run), given, actor=actor())
        except adjust.AdjustmentRefused as refused:
            raise Stop(exits.WRONG_USE, str(refused), why="Nothing was written.") from None
    out = Output(as_json=as_json)
    out.result({"adjustment": whole, "result": done, "applied": done == "added" and not dry_run})
    words = "is there already" if done == "unchanged" else "would be added" if dry_run else "is added"
    out.line(f"adjustment {whole.code} of {whole.net} {whole.currency} for {whole.party} {words}")
    if done == "added" and not dry_run:
        out.hint(f"It is billed by: subledger bill --as-of {whole.on} (or later)")
    return exits.DONE


@app.command("list")
def list_(as_json: AsJson = False) -> int:
    """List adjustments by day.

    Example: subledger adjustment list
    """
    from worker.flows import adjust

    with opened() as installation:
        found = adjust.all_(installation.ports)
    out = Output(as_json=as_json)
    out.result({"adjustments": found, "count": len(found)})
    columns = ("code", "on", "party", "product", "net", "currency", "reason", "approved by")
    rows = [
        (one.code, one.on, one.party, one.product, one.net, one.currency, one.reason, one.approved_by)
        for one in found
    ]
    out.table(columns, rows)
    return exits.DONE
