"""The demo's acts in order, each checked, and what a user can do afterwards."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.protocols import Clock, ReadsBalances
from mappings.canonical.money import Money
from worker.demo import kill, months, pictures, scenario, simulator
from worker.demo.books import HeldBook
from worker.demo.folder import DemoFolder
from worker.demo.kill import AfterKill
from worker.demo.months import SecondRun
from worker.demo.report import Report
from worker.demo.stage import Stage, installation


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the demo. `posted` counts documents that reached a book while it ran."""

    posted: int
    books: tuple[HeldBook, ...]
    calls: tuple[int, ...]
    ledgers: tuple[str, ...]
    group_net: Money
    webhook_s: float
    second_run: SecondRun
    after_kill: AfterKill
    explained: str
    view_command: str
    seconds: float

    def as_json(self, folder: Path) -> dict[str, Any]:
        """The demo's one JSON document."""
        books = zip(self.books, self.ledgers, self.calls, strict=True)
        return {
            "schema": 1,
            "ok": True,
            "folder": str(folder),
            "documents": sum(len(book.documents) for book in self.books),
            "posted": self.posted,
            "books": [_book_json(book, ledger, calls) for book, ledger, calls in books],
            "group": {"net": str(self.group_net.decimal), "currency": self.group_net.currency},
            "webhook": {"posted": 1, "seconds": round(self.webhook_s, 2)},
            "second_run": {
                "posted": self.second_run.posted,
                "billed": self.second_run.billed,
                "calls": self.second_run.calls,
            },
            "after_kill": {
                "unheard": self.after_kill.unheard,
                "documents": self.after_kill.documents,
                "duplicates": self.after_kill.duplicates,
                "missing": self.after_kill.missing,
                "seconds": round(self.after_kill.seconds, 2),
            },
            "explained": self.explained,
            "seconds": round(self.seconds, 1),
        }


def _book_json(book: HeldBook, ledger: str, calls: int) -> dict[str, Any]:
    totals = [
        {
            "currency": one.gross.currency,
            "invoices": one.invoices,
            "credit_notes": one.credit_notes,
            "net": str(one.net.decimal),
            "tax": str(one.tax.decimal),
            "gross": str(one.gross.decimal),
        }
        for one in book.totals()
    ]
    return {
        "name": book.code,
        "ledger": ledger,
        "documents": len(book.documents),
        "calls": calls,
        "totals": totals,
    }


def play(folder: DemoFolder, running: simulator.Simulator, report: Report, *, clock: Clock) -> Played:
    """Every act on a running simulator. Raises `ClaimFailed` at the first thing that is not as we say."""
    began = clock.monotonic()
    scenario.write_workspace(folder.workspace, simulator=running.url, folder=folder.path)
    app = installation(folder, client_secret=running.client_secret)
    try:
        stage = Stage(folder, running, app, report)
        posted, webhook_s = _bill(stage)
        group_net, explained = _show(stage)
        report.head("Once more")
        again = months.run_again(stage)
        report.head("A crash at the worst moment")
        after_kill = kill.kill_and_recover(stage)
        books = stage.books()
        pictures.claim_equal(stage, books)
        ledgers = {book.code: book.ledger for book in app.books()}
        return Played(
            posted=posted + after_kill.posted,
            books=books,
            calls=tuple(stage.calls(book.code) for book in books),
            ledgers=tuple(ledgers[book.code] for book in books),
            group_net=group_net,
            webhook_s=webhook_s,
            second_run=again,
            after_kill=after_kill,
            explained=explained,
            view_command=_view_command(stage),
            seconds=clock.monotonic() - began,
        )
    finally:
        app.store.close()


def _view_command(stage: Stage) -> str:
    """The shell command that shows the plain-text book to a person."""
    ledger = stage.app.open_ledger(stage.app.book(scenario.BEANCOUNT))
    assert isinstance(ledger, ReadsBalances), "a Beancount book tells how to look at it"
    return ledger.view_command()


def _bill(stage: Stage) -> tuple[int, float]:
    """Set-up, the monthly runs and the webhook between them; returns the documents posted."""
    report = stage.report
    report.head("Set-up")
    months.set_up(stage)
    posted, webhook_s = 0, 0.0
    for month in scenario.MONTHS:
        report.head(f"{month.name}: the run as of {month.as_of}")
        posted += months.bill_month(stage, month)
        if month.name == scenario.WEBHOOK_AFTER:
            report.head("A change by webhook")
            webhook_s = months.change_by_webhook(stage)
            posted += 1
    return posted, webhook_s


def _show(stage: Stage) -> tuple[Money, str]:
    """The three pictures; returns the group's net and the number of the invoice that was explained."""
    report = stage.report
    report.head("The books")
    pictures.show_books(stage, stage.books())
    report.head("The group as one")
    group_net = pictures.show_group(stage)
    report.head("One invoice, line by line")
    return group_net, pictures.show_invoice(stage)


def show_commands(report: Report, folder: DemoFolder, played: Played, *, command: str) -> None:
    """What to paste into another shell."""
    here = f"DATABASE_URL={shlex.quote(folder.database_url)} {shlex.quote(command)}"
    report.tell("Each of these works in a new shell.")
    report.command(
        "The German book in a browser (Fava is a program of its own: uvx fava FILE, or pipx run fava FILE):",
        played.view_command,
    )
    report.command("Explain an invoice:", f"{here} explain {played.explained}")
    report.command("List the documents:", f"{here} document list")
    report.command("How the books stand:", f"{here} status")
