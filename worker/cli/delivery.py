"""`subledger delivery`: records on their way into a book, and what to do about those that stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import actor, confirm, opened, ports_of
from worker.cli.options import AsJson, DryRun, Limit, Reason, Yes
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.flows.overview import DeliveryFacts, DeliveryLine
    from worker.flows.replay import Replayed

app = noun("Records on their way into a book: look, replay, cancel.")

_STATES = ("planned", "due", "sending", "uncertain", "blocked", "parked", "posted", "cancelled")
Name = Annotated[str, typer.Argument(metavar="ID", help="A delivery's id, or its document's number.")]


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option("--state", help="One of: " + ", ".join(_STATES))] = None,
    book: Annotated[str, typer.Option("--book", help="Only this book.")] = "",
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="invoice, credit_note, customer, item")
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> int:
    """List deliveries, the ones that changed last first.

    Example: subledger delivery list --state parked --state blocked
    """
    from worker.flows import overview

    for one in state or ():
        if one not in _STATES:
            raise Stop(
                exits.WRONG_USE, f"{one!r} is no state of a delivery", fix=f"One of: {', '.join(_STATES)}"
            )
    wanted = overview.DeliveryFilter(tuple(state or ()), book, tuple(kind or ()))
    with opened() as installation:
        if book:
            installation.book(book)
        lines, total = overview.deliveries(installation.ports, wanted, limit=limit)
    out = Output(as_json=as_json)
    out.result({"deliveries": lines, "count": len(lines), "total": total})
    rows = [
        (
            line.id,
            line.book,
            line.kind,
            line.number,
            line.state,
            line.reason,
            line.gross,
            line.attempts,
            line.why,
        )
        for line in lines
    ]
    out.table(("id", "book", "kind", "number", "state", "reason", "gross", "attempts", "why"), rows)
    _tell_rest(out, len(lines), total)
    return exits.DONE


@app.command("show")
def show(name: Name, as_json: AsJson = False) -> int:
    """Show one delivery: its state, why, what happens next and when, and every attempt.

    Example: subledger delivery show 2026-0001
    """
    from worker.flows import overview

    with opened() as installation:
        facts = overview.delivery(installation.ports, name)
    out = Output(as_json=as_json)
    out.result({"delivery": _as_json(facts)})
    line = facts.line
    out.line(f"{line.kind.replace('_', ' ')} {line.number} -> book {line.book}: {line.state}")
    for label, value in _facts(facts):
        out.line(f"  {label}: {value}")
    if facts.attempts:
        rows = [
            (one.started_at, one.act, one.verdict, one.status or "", one.code, one.trace_id, one.why)
            for one in facts.attempts
        ]
        out.table(("at", "act", "verdict", "status", "code", "trace", "why"), rows, title="attempts")
    return exits.DONE


@app.command("replay")
def replay(name: Name, reason: Reason = "", dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Let a parked or blocked delivery go on. What may have arrived is looked for before it is sent.

    Example: subledger delivery replay 2026-0001 --reason "customer added in QuickBooks"
    """
    from worker.flows import overview
    from worker.flows import replay as replaying

    with opened(rings=True) as installation:
        line = overview.delivery(installation.ports, name).line
        ports = ports_of(installation, dry_run=dry_run)
        done = replaying.replay(ports, line.id, actor=actor(), reason=reason)
        is_embedded = installation.is_embedded
    applied = done.before != done.after and not dry_run
    if applied and is_embedded:
        Output(as_json=as_json).hint("It goes out with the next: subledger run (or at once while serve runs)")
    return _tell_change(line, done, applied=applied, as_json=as_json)


@app.command("cancel")
def cancel(
    name: Name, reason: Reason = "", dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False
) -> int:
    """Never send a delivery that has provably not been sent. Frees neither the number nor the charges.

    Example: subledger delivery cancel 2026-0001 --reason "issued twice by mistake" --yes
    """
    from worker.flows import overview
    from worker.flows import replay as replaying

    with opened() as installation:
        line = overview.delivery(installation.ports, name).line
        if not dry_run:
            confirm(f"Never send {line.number} to book {line.book}? Its number stays used.", yes=yes)
        ports = ports_of(installation, dry_run=dry_run)
        done = replaying.cancel(ports, line.id, actor=actor(), reason=reason)
    return _tell_change(line, done, applied=done.before != done.after and not dry_run, as_json=as_json)


def _as_json(facts: DeliveryFacts) -> dict[str, object]:
    return {**plain(facts.line), **{name: plain(getattr(facts, name)) for name in ("key", "marker")},
            "waits_for": plain(facts.waits_for), "attempts": plain(facts.attempts)}  # fmt: skip


def _facts(facts: DeliveryFacts) -> list[tuple[str, object]]:
    line = facts.line
    found: list[tuple[str, object]] = [
        ("id", line.id),
        ("gross", line.gross or ""),
        ("reason", line.reason),
        ("why", line.why),
        ("what to do", line.hint),
        ("waits for", "; ".join(f"{one.kind} {one.number} ({one.state})" for one in facts.waits_for)),
        ("id in the book", line.ledger_id),
        (
            "next attempt",
            line.next_attempt_at.isoformat(timespec="seconds") if line.state in ("due", "uncertain") else "",
        ),
        ("idempotency key", facts.key),
        ("marker", facts.marker),
    ]
    return [(label, value) for label, value in found if value]


def _tell_change(line: DeliveryLine, done: Replayed, *, applied: bool, as_json: bool) -> int:
    out = Output(as_json=as_json)
    place = {"delivery": line.id, "number": line.number, "book": line.book}
    change = {"before": done.before, "after": done.after, "sentence": done.sentence}
    out.result({**place, **change, "applied": applied})
    out.line(done.sentence)
    return exits.DONE


def _tell_rest(out: Output, shown: int, total: int) -> None:
    if shown < total:
        out.hint(f"{shown} of {total} shown; more with --limit {total}")
