"""`run` as a JSON document: done here, or by the process that holds the embedded database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any

from worker.cli import exits
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from mappings.canonical.book import Book
    from worker.bootstrap import App
    from worker.flows.overview import BookLine, Status
    from worker.flows.run import Hands, Run

Report = Callable[[str, int, int], None]
Document = Mapping[str, Any]


def run_or_hand_over(
    app: App, *, as_of: date, books: tuple[str, ...], report: Report, should_stop: Callable[[], bool]
) -> Document:
    """Do a run here, or let the process that holds the embedded database do it and follow it."""
    from worker.embedded import HeldElsewhere
    from worker.flows import overview, run

    hands = app.hands(books, should_stop=should_stop)
    with ExitStack() as held:
        try:
            held.enter_context(app.holding())
        except HeldElsewhere:
            done = _handed_over(app, hands, as_of=as_of, books=books, report=report)
        else:
            done = run.run(app.ports, hands, as_of=as_of, progress=report)
    wanted = [book for book, _ in hands.books.values()]
    return _document(done, wanted, overview.status(app.ports))


def _handed_over(app: App, hands: Hands, *, as_of: date, books: tuple[str, ...], report: Report) -> Run:
    from worker.flows import orders

    try:
        lock = app.lock()
        assert lock is not None, "only an embedded database is held by one process"
        return orders.hand_over(
            app.ports, as_of=as_of, books=books, hands=hands, is_held=lock.is_held, progress=report
        )
    except orders.OrderFailed:
        if not hands.should_stop():
            raise
        raise Stop(
            exits.INTERRUPTED,
            "stopped waiting for the process that holds the database; it goes on with the run",
            fix="Look again: subledger status",
        ) from None


def exit_code(document: Document) -> int:
    """What the run's result means for whoever started it."""
    books = document["books"]
    if document["failed"]:
        return exits.FAILED
    if any(book["paused"] == "consent_lost" for book in books):
        return exits.SIGN_IN
    account = document["account"]
    stuck = any(book["attention"] or book["paused"] for book in books)
    unbilled = account["held"] or account["unassigned"] or account["unpriced"]
    if document["approve"] or document["held"] or stuck or unbilled:
        return exits.ATTENTION
    return exits.LATER if document["waiting"] else exits.DONE


def print_run(out: Output, document: Document) -> None:
    """The end of a run for people: per book, what waits, what needs a person, and the sentence."""
    rows = [
        (one["book"], one["ledger"], one["posted"], _amounts(one["totals"]), one["open"], one["attention"],
         one["paused"])
        for one in document["books"]
    ]  # fmt: skip
    out.table(("book", "ledger", "posted", "totals", "open", "attention", "paused"), rows)
    for one in document["waiting"]:
        until = f" until {one['wake_at']}" if one["wake_at"] else ""
        out.line(f"book {one['book']} still has work: {one['why']}{until}")
    for one in document["books"]:
        if one["paused"]:
            out.line(f"book {one['book']} is paused ({one['paused']}): {one['paused_why']}")
    for reason in document["account"]["reasons"]:
        out.line(f"{reason['column']}: {reason['sentence']} ({len(reason['subscriptions'])} subscriptions)")
    if document["held"]:
        out.line(f"{document['held']} held before release: subledger document list --state held")
    for group, why in document["failed"].items():
        out.hint(f"group {group} could not be computed, a defect of Subledger: {why}")
    out.line(document["sentence"])
    for one in document["approve"]:
        out.line(f"{one['documents']} documents wait for approval: {one['command']}")


def _amounts(totals: list[dict[str, str]]) -> str:
    return ", ".join(f"{one['amount']} {one['currency']}" for one in totals)


def _document(done: Run, wanted: list[Book], status: Status) -> Document:
    account = plain(done.bill.account)
    approve = [
        {"book": book.code, "documents": count, "command": f"subledger document approve --book {book.code}"}
        for book in wanted
        if (count := done.release.unapproved.get(book.issuer))
    ]
    document = {
        "as_of": done.bill.as_of,
        "applied": True,
        "posted": done.posted_count,
        "released": done.release.released,
        "books": [_book(line, done) for line in status.books if line.code in {book.code for book in wanted}],
        "held": status.held,
        "approve": approve,
        "waiting": done.waiting,
        "account": account,
        "notices": done.bill.notices,
        "failed": dict(done.bill.failed),
        "sentence": done.bill.sentence,
    }
    result: dict[str, Any] = plain(document)
    return result


def _book(line: BookLine, done: Run) -> dict[str, Any]:
    """One book: what this run posted there, and how its documents stand now."""
    posted = [one for one in done.posted if one.book == line.code]
    totals: dict[str, Any] = {}
    for one in posted:
        signed = -one.gross if one.kind == "credit_note" else one.gross
        totals[signed.currency] = totals[signed.currency] + signed if signed.currency in totals else signed
    states = line.documents
    return {
        "book": line.code,
        "ledger": line.ledger,
        "posted": sum(one.documents for one in posted),
        "totals": [totals[currency] for currency in sorted(totals)],
        "open": sum(states.get(state, 0) for state in ("planned", "due", "sending", "uncertain")),
        "attention": states.get("parked", 0) + states.get("blocked", 0),
        "paused": line.paused,
        "paused_why": line.paused_why,
    }
