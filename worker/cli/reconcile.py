"""`subledger reconcile`: two sides that should say the same, compared."""

from __future__ import annotations

import csv
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from mappings.canonical.period import Period, add_months
from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import opened
from worker.cli.options import AsJson
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.billing.reconcile import Match

app = noun("Compare two sides that should say the same.")

AsCsv = Annotated[bool, typer.Option("--csv", help="Every match as CSV on stdout.")]
SHOWN = 40
_COLUMNS = (
    "issuer", "party", "subscription", "from", "until", "charge_types", "currency", "theirs", "by_rule",
    "ours", "difference", "class", "flags",
)  # fmt: skip


def a_month(text: str) -> Period:
    """The days of a month written as 2026-02."""
    try:
        start = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a month, as in 2026-02") from None
    return Period(start, add_months(start, 1))


@app.command("provider")
def provider(
    invoice: Annotated[str, typer.Option("--invoice", help="One invoice of the provider.")] = "",
    month: Annotated[
        Period | None,
        typer.Option("--month", parser=a_month, metavar="MONTH", help="All service that began in it."),
    ] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> int:
    """Compare what the provider invoiced with the cost we took, line by line. Changes nothing.

    Import the provider's reconciliation file first: subledger source import partner-center FILE.

    Example: subledger reconcile provider --month 2026-02
    """
    from worker.flows import reconcile_provider

    if bool(invoice) == bool(month):
        raise Stop(exits.WRONG_USE, "say --invoice NUMBER or --month 2026-02, one of them")
    with opened() as installation:
        try:
            found = reconcile_provider.reconcile(installation.ports, invoice=invoice, month=month)
        except reconcile_provider.NothingImported as nothing:
            raise Stop(
                exits.NOT_FOUND, str(nothing), fix="Import it: subledger source import partner-center FILE"
            ) from None
    out = Output(as_json=as_json)
    matches = [{**plain(one), "difference": plain(one.difference)} for one in found.matches]
    out.result({"entities": found.entities, "matches": matches, "beyond": len(found.beyond)})
    if as_csv and not as_json:
        _write_csv(found.matches)
    else:
        columns = (
            "issuer",
            "party",
            "theirs",
            "ours",
            "over-billed",
            "under-billed",
            "matches",
            "to look at",
        )
        rows = [
            (one.issuer, one.party, one.theirs, one.ours, one.over, one.under, one.matches, one.beyond)
            for one in found.entities
        ]
        out.table(columns, rows)
        out.table(_COLUMNS, [_row(one) for one in found.beyond[:SHOWN]], title="to look at")
        if len(found.beyond) > SHOWN:
            out.hint(f"{SHOWN} of {len(found.beyond)} shown; all of them with --csv or --json")
        out.line(f"{len(found.matches)} matches, {len(found.beyond)} to look at")
    return exits.DIFFERENT if found.beyond else exits.DONE


def _row(one: Match) -> tuple[object, ...]:
    types, flags = ", ".join(one.charge_types), "; ".join(one.flags)
    by_rule = one.by_rule.decimal if one.by_rule is not None else ""
    amounts = (one.theirs.decimal, by_rule, one.ours.decimal, one.difference.decimal)
    whose = (one.issuer, one.party, one.subscription)
    days = (one.days.start, one.days.until)
    return (*whose, *days, types, one.theirs.currency, *amounts, one.found, flags)


def _write_csv(matches: tuple[Match, ...]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_row(one) for one in matches)
