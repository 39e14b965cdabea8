"""Change data capture: what was created, changed or deleted since an instant, full records."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.problems import missing, refuse
from connectors.ledgers.quickbooks.simulator.rules import ENTITY_BY_PATH, TRANSACTIONS

LOOK_BACK = timedelta(days=30)
OBJECTS_MAX = 1000


def changes_since(company: Company, *, entities: str, changed_since: str, now: datetime) -> dict[str, object]:
    """The CDCResponse. A time without offset is taken in the company's own zone.

    Raises a refusal: 2020 without parameters, 4001 for an unknown entity, a bad time or one over 30 days ago.
    """
    if not entities or not changed_since:
        raise missing("entities" if not entities else "changedSince")
    since = _instant(changed_since, company.config.utc_offset_minutes, now)
    if since < now - LOOK_BACK:
        raise refuse("4001", "QueryValidationError: changedSince may lie at most 30 days back")
    left = OBJECTS_MAX
    parts: list[dict[str, object]] = []
    for name in entities.split(","):
        entity = ENTITY_BY_PATH.get(name.strip().lower())
        if entity is None:
            raise refuse("4001", f"QueryValidationError: invalid context declaration: {name}")
        # Records carry whole seconds, so a change within the asked second belongs to the answer.
        rows = [
            row
            for row in company.all(entity, deleted=True)
            if row.updated_at.replace(microsecond=0) >= since.replace(microsecond=0)
        ][:left]
        left -= len(rows)
        parts.append(_part(company, entity, [company.rendered(row) for row in rows]))
    return {"CDCResponse": [{"QueryResponse": parts}]}


def _part(company: Company, entity: str, shown: list[dict[str, object]]) -> dict[str, object]:
    if not shown:
        return {}
    part: dict[str, object] = {entity: shown, "startPosition": 1, "maxResults": len(shown)}
    return part | ({"totalCount": len(shown)} if entity in TRANSACTIONS else {})


def _instant(text: str, offset_minutes: int, now: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as wrong:
        raise refuse("4001", f"QueryValidationError: changedSince is not a time: {text}") from wrong
    if instant.tzinfo is not None:
        return instant
    return instant.replace(tzinfo=now.tzinfo) - timedelta(minutes=offset_minutes)
