"""`subledger report`: tables for finance."""

from __future__ import annotations

import csv
import sys
from datetime import date
from typing import Annotated

import typer

from mappings.canonical.period import Period
from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import opened
from worker.cli.options import AsJson, a_day
from worker.cli.output import Output, plain
from worker.cli.problems import Stop
from worker.cli.revenue_journal import journal

app = noun("Tables for finance.")

_AMOUNTS = ("gross", "cost", "net", "earned", "deferred")
_COLUMNS = ("month", "issuer", "product", "currency", "basis", *_AMOUNTS)


def _first_of_month(text: str) -> date:
    day = a_day(text if len(text) > len("2026-01") else f"{text}-01")
    if day.day != 1:
        raise typer.BadParameter(f"{text} is not the first day of a month")
    return day


@app.command("revenue")
def revenue(
    from_: Annotated[
        date,
        typer.Option("--from", parser=_first_of_month, metavar="MONTH", help="First month, as in 2026-01."),
    ],
    until: Annotated[
        date,
        typer.Option("--until", parser=_first_of_month, metavar="MONTH", help="The month after the last."),
    ],
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    beancount: Annotated[bool, typer.Option("--beancount", help="A Beancount journal on stdout.")] = False,
    as_json: AsJson = False,
) -> int:
    """What was invoiced, earned straight-line by day, per month; and what is deferred at each month's end.

    Example: subledger report revenue --from 2026-01 --until 2026-04 --csv
    """
    from worker.flows import revenue as schedule

    if until <= from_ or (as_csv and beancount):
        what = "--until must be after --from" if until <= from_ else "--csv or --beancount, one of them"
        raise Stop(exits.WRONG_USE, what, fix="As in: --from 2026-01 --until 2026-04")
    with opened() as installation:
        lines = schedule.revenue(installation.ports, Period(from_, until))
    out = Output(as_json=as_json)
    out.result({"lines": [{**plain(one), "earned": plain(one.earned)} for one in lines]})
    rows = [
        (
            f"{one.month:%Y-%m}", one.issuer, one.product, one.currency, one.basis,
            *(getattr(one, name).decimal for name in _AMOUNTS),
        )
        for one in lines
    ]  # fmt: skip
    if as_json:
        return exits.DONE
    if beancount:
        out.text(journal(lines))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
    else:
        out.table(_COLUMNS, rows)
    return exits.DONE
