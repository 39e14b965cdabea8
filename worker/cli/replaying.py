"""`subledger replay`: send many again, by a plan that says beforehand what will happen to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli import exits
from worker.cli.exceptions import Causes, Kinds, OneBook, start_of
from worker.cli.nouns import noun
from worker.cli.opening import actor, opened, ports_of
from worker.cli.options import AsJson, DryRun, Limit, Reason, Since
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.flows.replay_plan import Applied, ReplayPlan
    from worker.store.plans import StoredPlan

app = noun("Send many again: a plan shows what will happen to each, then it is applied once.")

_STATES = ("parked", "blocked", "planned", "due", "uncertain", "posted")
_WORDS = {"create": "create", "nothing": "nothing to do", "blocked": "blocked"}
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="A plan's id.")]


@app.command("plan")
def plan(
    cause: Causes = None,
    book: OneBook = "",
    kind: Kinds = None,
    since: Since = None,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="parked and blocked, unless said otherwise.")
    ] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Freeze what stopped, and show what a replay will do to each: create, nothing to do, or blocked.

    Books are read where a record may have arrived; the plan says how many requests it needs and how long
    they take. It is valid for 15 minutes.

    Example: subledger replay plan --cause target_missing --book UK
    """
    from worker.flows import replay_plan
    from worker.store.stopped import Wanted

    for one in state or ():
        if one not in _STATES:
            raise Stop(exits.WRONG_USE, f"{one!r} cannot be replayed", fix=f"One of: {', '.join(_STATES)}")
    with opened() as installation:
        if book:
            installation.book(book)
        wanted = Wanted(
            tuple(cause or ()),
            book,
            tuple(kind or ()),
            tuple(state or ("parked", "blocked")),
            start_of(since, now=installation.clock.now()),
        )
        books = {one.code: (one, installation.timing(one)) for one in installation.books()}
        made = replay_plan.make(installation.ports, books, wanted)
        frozen: dict[str, Any] = {"plan": "", "expires_at": None}
        if not dry_run and made.items:
            plan_id, expires_at = replay_plan.freeze(
                installation.ports, made, wanted, actor=actor(), reason=reason
            )
            frozen = {"plan": plan_id, "expires_at": expires_at}
    out = Output(as_json=as_json)
    out.result({**frozen, **plain(made), "applied": False})
    _print_plan(out, made)
    if frozen["plan"]:
        out.hint(f"valid until {frozen['expires_at']:%H:%M:%SZ}: subledger replay apply {frozen['plan']}")
    return exits.DONE


@app.command("apply")
def apply(name: Plan, reason: Reason = "", dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Do exactly what a plan says, once. What changed since the plan was made is left alone and reported.

    Example: subledger replay apply 01a20dea-629d-7068-b242-44bd8f132d70 --reason "customers linked"
    """
    from worker.flows import replay_plan

    with opened(rings=True) as installation:
        ports = ports_of(installation, dry_run=dry_run)
        done = replay_plan.apply(ports, name, actor=actor(), reason=reason)
        is_embedded = installation.is_embedded
    out = Output(as_json=as_json)
    out.result({"plan": name, **plain(done), "applied": not dry_run})
    _print_applied(out, done, is_dry=dry_run)
    if done.started and is_embedded and not dry_run:
        out.hint("They go out with the next: subledger run (or at once while serve runs)")
    return exits.ATTENTION if done.skipped else exits.DONE


@app.command("show")
def show(name: Plan, as_json: AsJson = False) -> int:
    """Show a plan: what it will do, or what became of it.

    Example: subledger replay show 01a20dea-629d-7068-b242-44bd8f132d70
    """
    from worker.flows import replay_plan

    with opened() as installation:
        stored, made = replay_plan.load(installation.ports, name)
    out = Output(as_json=as_json)
    out.result({**_head(stored), **plain(made)})
    out.line(f"plan {stored.id} of {stored.created_at:%Y-%m-%d %H:%M}Z by {stored.actor}: {stored.state}")
    if stored.applied_at is not None:
        out.line(f"  applied by {stored.applied_by} at {stored.applied_at:%Y-%m-%d %H:%M:%S}Z")
    _print_plan(out, made)
    return exits.DONE


@app.command("list")
def list_(limit: Limit = 20, as_json: AsJson = False) -> int:
    """List the plans made last.

    Example: subledger replay list
    """
    from worker.flows import replay_plan

    with opened() as installation:
        found = replay_plan.newest(installation.ports, limit=limit)
    out = Output(as_json=as_json)
    out.result({"plans": [_head(one) for one in found], "count": len(found)})
    rows = [(one.id, one.state, one.created_at, one.expires_at, one.actor, one.reason) for one in found]
    out.table(("id", "state", "made", "valid until", "by", "reason"), rows)
    return exits.DONE


def _head(stored: StoredPlan) -> dict[str, object]:
    names = ("state", "actor", "reason", "created_at", "expires_at", "applied_at", "applied_by")
    return {"plan": stored.id, **{name: getattr(stored, name) for name in names}}


def _print_plan(out: Output, made: ReplayPlan) -> None:
    rows = [
        (_WORDS[one.prospect], one.book, one.kind, one.number, one.gross, one.cause, one.sentence)
        for one in made.items
    ]
    if not rows:
        out.line("Nothing of this selection stopped: there is nothing to replay.")
        return
    out.table(("will", "book", "kind", "number", "gross", "cause", "what"), rows)
    for share in made.shares:
        worth = ", ".join(map(str, share.gross)) or "no value"
        out.line(f"{_WORDS[share.prospect]}: {share.count} ({worth})")
    for needs in made.needs:
        requests = "1 request" if needs.requests == 1 else f"{needs.requests} requests"
        out.line(f"book {needs.book}: {requests}, {needs.reads} of them reads, about {needs.seconds} s")
    if made.reads_done:
        out.line(f"making this plan read the books {made.reads_done} times")


def _print_applied(out: Output, done: Applied, *, is_dry: bool) -> None:
    would = "would be " if is_dry else ""
    out.line(f"{len(done.started)} {would}started, {len(done.skipped)} skipped, {done.left} left as they are")
    for one in done.skipped:
        out.line(f"  skipped {one.number}: {one.why}")
