"""The way from an event to the ledger's id, on a terminal and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.cli.output import Output, plain, shown

if TYPE_CHECKING:
    from worker.flows.chain import Link, Told


def as_json_of(links: tuple[Link, ...]) -> list[dict[str, Any]]:
    """One object per line: its events, versions, charge, steps that sum to it, and its records in books."""
    return [_link(one) for one in links]


def print_chain(out: Output, links: tuple[Link, ...]) -> None:
    """Each line: what was told, the steps with their amounts, the charge, and where it is."""
    for one in links:
        line, charge = one.derived.line, one.derived.charge
        out.line()
        out.line(shown(f"line {one.derived.position}: {line.description}, {line.net}"))
        for told in one.told:
            out.line(shown(f"  told  {_told_words(told)}"))
        for step in one.derived.steps:
            out.line(shown(f"  step  {step.amount:>14f}  {step.words}"))
        ref = charge.ref
        out.line(shown(f"  charge {ref.subscription} {ref.cycle_start} revision {ref.revision}"))
        for record in one.records:
            where = f" as id {record.ledger_id}" if record.ledger_id else ""
            out.line(shown(f"  book  {record.book}: {record.state}{where}"))


def _told_words(told: Told) -> str:
    version = told.version
    event = f", event received {told.event.received_at:%Y-%m-%d %H:%M}Z" if told.event else ""
    return (
        f"{version.quantity:f} {version.status} from {version.on} ({told.source or 'unknown source'},"
        f" {version.ref}{event})"
    )


def _link(one: Link) -> dict[str, Any]:
    charge = one.derived.charge
    facts = charge.facts
    return {
        "line": one.derived.position,
        "description": one.derived.line.description,
        "net": plain(one.derived.line.net),
        "told": [
            {
                "source": told.source,
                "ref": told.version.ref,
                "on": plain(told.version.on),
                "quantity": plain(told.version.quantity),
                "status": told.version.status,
                "event": plain(told.event),
            }
            for told in one.told
        ],
        "charge": {
            **plain(charge.ref),
            "kind": charge.kind,
            "contract": charge.contract,
            "price_list": facts.price.price_list,
            "price": facts.price.source,
            "exact": facts.exact,
            "spans": plain(facts.spans),
            "reverses": charge.reverses,
        },
        "steps": plain(one.derived.steps),
        "records": [
            {"book": record.book, "state": record.state, "ledger_id": record.ledger_id}
            for record in one.records
        ],
    }
