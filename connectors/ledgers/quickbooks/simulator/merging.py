"""Create, sparse update and full update differ only in which members they start from."""

from __future__ import annotations

from connectors.ledgers.quickbooks.simulator.members import RecordRule
from connectors.ledgers.quickbooks.simulator.problems import (
    Problem,
    Refusal,
)
from connectors.ledgers.quickbooks.simulator.validation import Body, present

_NEVER_CLEARED = ("Id", "SyncToken")


def merged(rule: RecordRule, sent: Body, *, old: Body | None, keeps: tuple[str, ...] = ()) -> Body:
    """The members after a request.

    Create: what was sent. Sparse update: the old ones, overwritten or cleared by what was sent. Full
    update: what was sent; writable members left out are cleared, except those in `keeps`.
    """
    given = present(sent)
    given.pop("domain", None)
    is_sparse = given.pop("sparse", False)
    if old is None:
        return {name: value for name, value in given.items() if name not in _NEVER_CLEARED}
    if not is_sparse:
        kept = {name: old[name] for name in (*_NEVER_CLEARED, *keeps) if name in old}
        return kept | {name: value for name, value in given.items() if name not in _NEVER_CLEARED}
    cleared = {name for name, value in sent.items() if value is None and name not in keeps}
    base = {name: value for name, value in old.items() if name not in cleared and name in rule.members}
    return base | {name: value for name, value in given.items() if name not in _NEVER_CLEARED}


def require(rule: RecordRule, body: Body) -> None:
    """Every member without which the record means nothing; a refusal (2020) lists the missing ones."""
    absent = tuple(
        Problem("2020", f"Required parameter {name} is missing in the request", name)
        for name in rule.required
        if body.get(name) in (None, [], {})
    )
    if absent:
        raise Refusal(*absent)
