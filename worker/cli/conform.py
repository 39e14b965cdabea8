"""`subledger conform`: the proof of exactly-once posting that anybody can run for a ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import conform_page, exits
from worker.cli.opening import confirm, opened
from worker.cli.options import AsJson, Yes
from worker.cli.output import Output
from worker.cli.problems import Stop
from worker.cli.progress import Progress

if TYPE_CHECKING:
    from connectors.conformance.own_book import OwnBook
    from connectors.conformance.row import Row
    from mappings.canonical.book import Book
    from worker.bootstrap import App
    from worker.flows.conform import Report

Tell = Callable[[int, int], None]


def add_to(app: typer.Typer) -> None:
    """Register the verb at the top level."""
    app.command("conform")(conform)


def conform(
    ledger: Annotated[
        str, typer.Argument(metavar="[LEDGER]", help="As in: subledger ledger list. None named = all.")
    ] = "",
    book: Annotated[
        str, typer.Option("--book", help="Try this book of yours, a sandbox, instead of a practice book.")
    ] = "",
    row: Annotated[list[str] | None, typer.Option("--row", help="Only this row; repeatable.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The verdicts as a Markdown table.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Try every safety and ability of a ledger, and say how each is achieved there.

    Without --book it is tried on a practice book on this machine. With --book some forty documents are
    written into that book and stay there; a book that has documents of yours is refused.

    Example: subledger conform quickbooks
    """
    from worker.flows import conform as flow

    if book and not ledger:
        raise Stop(exits.WRONG_USE, "--book needs the ledger", fix=f"subledger conform LEDGER --book {book}")
    try:
        rows = flow.chosen(row or ())
    except flow.UnknownRow as unknown:
        raise Stop(exits.WRONG_USE, str(unknown), fix="See all rows: subledger conform beancount") from None
    out = Output(as_json=as_json)
    with Progress(quiet=as_json) as progress:
        if book:
            reports = [_on_book(ledger, book, rows, _telling(progress, ledger), yes=yes)]
        else:
            reports = _practised(ledger, rows, progress, out)
    if markdown:
        out.text(conform_page.as_markdown(reports))
    else:
        conform_page.show(out, reports)
    return exits.DONE if all(one.is_conform for one in reports) else exits.FAILED


def _practised(ledger: str, rows: Sequence[Row], progress: Progress, out: Output) -> list[Report]:
    from connectors import registry
    from connectors.conformance.stage import StageMissing
    from worker.clock import SystemClock
    from worker.flows import conform as flow

    reports: list[Report] = []
    for name in (ledger,) if ledger else registry.names():
        with tempfile.TemporaryDirectory(prefix="subledger-conform-") as folder:
            try:
                tell = _telling(progress, name)
                report = flow.practice(name, folder=Path(folder), clock=SystemClock(), rows=rows, tell=tell)
            except StageMissing as missing:
                told = f"{name} cannot be tried on this machine: {missing}"
                if ledger:
                    raise Stop(exits.LATER, told) from None
                out.hint(told)
                continue
        reports.append(report)
    return reports


def _on_book(ledger: str, code: str, rows: Sequence[Row], tell: Tell, *, yes: bool) -> Report:
    from connectors import registry
    from worker.flows import conform as flow

    with opened() as installation:
        book = installation.book(code)
        if book.ledger != ledger:
            raise Stop(exits.WRONG_USE, f"book {code} is of ledger {book.ledger}, not of {ledger}")
        findings = registry.findings(book)
        if findings:
            raise Stop(exits.WRONG_USE, f"book {code} cannot be opened", details=findings)
        with installation.holding():
            stage = _own(installation, book)
            company = stage.open().check()
            confirm(
                f"Write some forty documents of a trial into book {code}, company {company.company_name} "
                f"({company.company_id}), where they stay?",
                yes=yes,
            )
            return flow.tried(stage, ledger, clock=installation.clock, rows=rows, tell=tell)


def _own(installation: App, book: Book) -> OwnBook:
    from connectors import registry
    from worker.flows import conform as flow

    kind = registry.ledger(book.ledger)
    reached, tokens = installation.as_reached(book), installation.tokens(book.code)
    try:
        return flow.own_book(
            installation.ports,
            book,
            open_session=lambda store: kind.open(reached, clock=installation.clock, tokens=store or tokens),
            tokens=tokens if kind.consent is not None else None,
        )
    except flow.BookInUse as used:
        fix = "Give a book that is connected to a sandbox and was never sent to."
        raise Stop(exits.REFUSED, str(used), fix=fix) from None


def _telling(progress: Progress, ledger: str) -> Tell:
    return lambda done, of: progress.tell(f"rows of {ledger}", done, of)
