"""`subledger statement`: what a group was billed, over all its legal documents, in one currency."""

from __future__ import annotations

import csv
import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from worker.cli import exits
from worker.cli.opening import opened
from worker.cli.options import AsJson, a_day
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.billing.statement import RateDate, Statement, StatementEntry

_COLUMNS = (
    "issuer", "bill_to", "kind", "number", "date", "due", "currency", "net", "tax", "gross", "rate",
    "rate_date", "rate_source", "reported",
)  # fmt: skip
_RATE_DATES = ("statement_date", "document_date")


def add_to(app: typer.Typer) -> None:
    """Register the verb at the top level."""
    app.command("statement")(statement)


def statement(
    group: Annotated[str, typer.Argument(metavar="PARTY", help="The group: this party and all below it.")],
    currency: Annotated[str, typer.Option("--in", metavar="CURRENCY", help="The reporting currency.")],
    from_: Annotated[
        date | None,
        typer.Option("--from", parser=a_day, metavar="DATE", help="First day; else the first of the month."),
    ] = None,
    on: Annotated[
        date | None,
        typer.Option(
            "--on", parser=a_day, metavar="DATE", help="The statement's, and last, day; else today."
        ),
    ] = None,
    rates: Annotated[
        str,
        typer.Option(
            "--rates", help="statement_date: the rates of its day; document_date: of each document."
        ),
    ] = "statement_date",
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    as_json: AsJson = False,
) -> int:
    """Sum up a group's invoices and credit notes in one currency; each with its rate, its day and source.

    It is no invoice: it has no number and no tax of its own. A missing rate is told, never guessed.

    Example: subledger statement ACME --in EUR --from 2026-01-01 --on 2026-01-31
    """
    from mappings.canonical.period import Period
    from worker.flows import statement as stating

    rate_date = _rate_date(rates)
    _refuse_unknown(currency)
    with opened() as installation:
        day = on or installation.clock.now().date()
        first = from_ or day.replace(day=1)
        if first > day:
            raise Stop(exits.WRONG_USE, f"--from {first} is after the statement's day {day}")
        found = stating.statement(
            installation.ports,
            group,
            currency=currency,
            dated_in=Period(first, day + timedelta(days=1)),
            on=day,
            rate_date=rate_date,
        )
    if isinstance(found, tuple):
        raise Stop(
            exits.REFUSED,
            f"the statement of {group} cannot be summed up in {currency}",
            why="Exchange rates are missing.",
            fix="Add the rates under fx_rates and import the file; or try --rates document_date.",
            details=tuple(check.sentence for check in found),
        )
    _tell(Output(as_json=as_json), found, first, as_csv=as_csv)
    return exits.DONE


def _rate_date(rates: str) -> RateDate:
    if rates not in _RATE_DATES:
        raise Stop(
            exits.WRONG_USE, f"--rates {rates} is neither of them", fix=f"One of: {', '.join(_RATE_DATES)}"
        )
    return cast("RateDate", rates)


def _refuse_unknown(currency: str) -> None:
    from mappings.canonical.money import UnknownCurrency, minor_digits

    try:
        minor_digits(currency)
    except UnknownCurrency as unknown:
        raise Stop(exits.WRONG_USE, str(unknown), fix="Name a currency by its code, as in EUR.") from None


def _tell(out: Output, found: Statement, first: date, *, as_csv: bool) -> None:
    rows = [_row(one) for one in found.entries]
    out.result({"from": first, **plain(found)})
    if out.as_json:
        return
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
        return
    out.line(f"{found.group}, {first} to {found.on}, in {found.currency}: a statement, not an invoice")
    out.table(tuple(name.replace("_", " ") for name in _COLUMNS), rows)
    for amount in found.by_currency:
        out.line(f"together {amount}")
    out.line(f"total {found.total}")


def _row(one: StatementEntry) -> tuple[Any, ...]:
    return (
        one.issuer, one.bill_to, one.kind, one.number, one.document_date, one.due_date, one.gross.currency,
        one.net.decimal, one.tax.decimal, one.gross.decimal, format(one.exchange.rate, "f"),
        one.exchange.on, one.exchange.source, one.reported.decimal,
    )  # fmt: skip
