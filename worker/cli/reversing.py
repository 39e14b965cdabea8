"""`subledger run reverse`: a whole run taken back, by a frozen plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from worker.cli import exits
from worker.cli.opening import actor, confirm, opened, ports_of
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.flows.reverse import ReversePlan

_WORDS = {"cancel": "cancel, never sent", "credit": "credit note", "blocked": "blocked"}


def plan(run_id: str, *, file: Path | None, reason: str, dry_run: bool, as_json: bool) -> int:
    """Show and freeze what reversing a run will do; with a file also write the plan there."""
    from worker.flows import reverse

    with opened() as installation:
        made = reverse.make(installation.ports, run_id)
        frozen: dict[str, Any] = {"plan": "", "expires_at": None}
        if made.items and not dry_run:
            plan_id, expires_at = reverse.freeze(installation.ports, made, actor=actor(), reason=reason)
            frozen = {"plan": plan_id, "expires_at": expires_at}
    document = {**frozen, **plain(made), "applied": False}
    if file is not None and frozen["plan"]:
        _write(file, document)
    out = Output(as_json=as_json)
    out.result(document)
    _print(out, made)
    if frozen["plan"]:
        out.hint(f"valid for a day: subledger run reverse {run_id} --apply {frozen['plan']}")
    return exits.ATTENTION if made.blocked else exits.DONE


def apply(run_id: str, name: str, *, reason: str, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Do what a plan, by its id or its file, says; once."""
    from worker.flows import reverse

    plan_id = _plan_id(name)
    with opened(rings=True) as installation:
        _stored, made = reverse.load(installation.ports, plan_id)
        if made.run != run_id:
            raise Stop(exits.WRONG_USE, f"plan {plan_id} is of run {made.run}", fix="Name that run.")
        count = sum(one.act != "blocked" for one in made.items)
        if not dry_run:
            confirm(f"Reverse {count} documents of run {run_id}?", yes=yes)
        ports = ports_of(installation, dry_run=dry_run)
        done = reverse.apply(ports, plan_id, actor=actor(), reason=reason)
    out = Output(as_json=as_json)
    out.result({"plan": plan_id, **plain(done), "applied": not dry_run})
    would = "would be " if dry_run else ""
    out.line(
        f"{len(done.credited)} {would}credited, {len(done.cancelled)} {would}cancelled,"
        f" {len(done.skipped)} skipped"
    )
    for invoice, credit in done.credited:
        out.line(f"  {invoice}: {credit}")
    for one in done.skipped:
        out.line(f"  skipped {one.number}: {one.why}")
    return exits.ATTENTION if done.skipped else exits.DONE


def _print(out: Output, made: ReversePlan) -> None:
    rows = [(_WORDS[one.act], one.number, one.gross, one.sentence) for one in made.items]
    if rows:
        out.table(("will", "number", "gross", "why"), rows)
    for act in ("credit", "cancel", "blocked"):
        worth = ", ".join(map(str, getattr(made, act))) or "nothing"
        out.line(f"{_WORDS[act]}: {sum(one.act == act for one in made.items)} ({worth})")


def _write(file: Path, document: dict[str, Any]) -> None:
    try:
        with file.open("xb") as opened_file:
            opened_file.write(msgspec.json.format(msgspec.json.encode(plain(document)), indent=2))
    except OSError as error:
        raise Stop(
            exits.WRONG_USE, f"{file} cannot be written: {error.strerror}", fix="Give a new name."
        ) from None


def _plan_id(name: str) -> str:
    """A plan's id, given as such or as the file it was written to."""
    path = Path(name)
    if not path.is_file():
        return name
    try:
        return str(msgspec.json.decode(path.read_bytes())["plan"])
    except (msgspec.DecodeError, KeyError, TypeError, OSError):
        raise Stop(exits.WRONG_USE, f"{name} is no plan", fix="Give the file that --plan wrote.") from None
