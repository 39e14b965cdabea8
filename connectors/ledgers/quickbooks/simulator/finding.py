"""Carries a query out: which records it means, in which order, which page of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from connectors.ledgers.quickbooks.simulator.company import Company, is_active
from connectors.ledgers.quickbooks.simulator.problems import refuse
from connectors.ledgers.quickbooks.simulator.query import Condition, Query, member_of
from connectors.ledgers.quickbooks.simulator.rules import NAME_LISTS, TRANSACTIONS
from connectors.ledgers.quickbooks.simulator.store import Row

_Comparable = Decimal | datetime | str | bool
_NUMBERS = frozenset({"decimal", "int", "long", "positiveInteger"})


def run(company: Company, query: Query, *, visible: Callable[[Row], bool]) -> dict[str, object]:
    """The `QueryResponse` object. `visible` hides rows that a lagging read does not see yet."""
    tests = [_test(company, condition) for condition in query.conditions]
    found = [
        row
        for row in _candidates(company, query)
        if visible(row) and _is_listed(query, row) and all(test(row) for test in tests)
    ]
    if query.is_count:
        return {"totalCount": len(found)}
    if query.order_by:
        kind = member_of(query.entity, query.order_by).kind
        found.sort(
            key=lambda row: _order_key(_value(company, row, query.order_by), kind), reverse=query.descending
        )
    page = [company.rendered(row) for row in found[query.start - 1 : query.start - 1 + query.rows]]
    if not page:
        return {}
    answer: dict[str, object] = {query.entity: page, "startPosition": query.start, "maxResults": len(page)}
    return answer | ({"totalCount": len(found)} if query.entity in TRANSACTIONS else {})


def _candidates(company: Company, query: Query) -> Iterable[Row]:
    """A read by document number or id goes through the index; everything else looks at all rows."""
    for condition in query.conditions:
        if condition.operator not in ("=", "IN"):
            continue
        asked = dict.fromkeys(condition.values)
        if condition.member == "DocNumber":
            return [row for number in asked for row in company.by_number(query.entity, number)]
        if condition.member == "Id":
            found = (company.get(query.entity, identifier) for identifier in asked)
            return [row for row in found if row is not None]
    return company.all(query.entity)


def _is_listed(query: Query, row: Row) -> bool:
    """Inactive list entries are hidden unless the query speaks of Active."""
    if query.entity not in NAME_LISTS or is_active(row):
        return True
    return any(condition.member == "Active" for condition in query.conditions)


def _value(company: Company, row: Row, name: str) -> object:
    """A member as an answer would show it: times in whole seconds, references by their id."""
    match name:
        case "MetaData.CreateTime":
            return row.created_at.replace(microsecond=0)
        case "MetaData.LastUpdatedTime":
            return row.updated_at.replace(microsecond=0)
        case "Balance" | "BalanceWithJobs" if row.entity == "Customer":
            return company.rendered(row)[name]
    value = row.body.get(name)
    return value.get("value") if isinstance(value, dict) else value


def _typed(value: object, kind: str, offset_minutes: int = 0) -> _Comparable:
    """A value in the type it is compared in; a time without offset is the company's.

    Raises a refusal (4001) when the query's text does not fit.
    """
    if isinstance(value, datetime):
        return value
    text = str(value)
    try:
        if kind in _NUMBERS:
            return Decimal(text)
        if kind == "dateTime":
            parsed = datetime.fromisoformat(text)
            zone = timezone(timedelta(minutes=offset_minutes))
            return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
    except (ValueError, InvalidOperation) as wrong:
        raise refuse("4001", f"QueryValidationError: value {text!r} is not a {kind}") from wrong
    if kind == "boolean":
        return text.lower() == "true"
    return text


def _order_key(value: object, kind: str) -> tuple[bool, int, object]:
    """Absent values first; ids by their number."""
    if value is None:
        return (False, 0, "")
    return (True, len(str(value)) if kind == "id" else 0, _typed(value, kind))


def _test(company: Company, condition: Condition) -> Callable[[Row], bool]:
    name, kind, operator = condition.member, condition.kind, condition.operator
    if operator == "LIKE":
        parts = (re.escape(part) for part in condition.values[0].split("%"))
        pattern = re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)
        return lambda row: pattern.fullmatch(str(_value(company, row, name) or "")) is not None
    offset = company.config.utc_offset_minutes
    wanted = [_typed(value, kind, offset) for value in condition.values]
    if operator == "IN":
        return lambda row: _holds(_value(company, row, name), kind, lambda value: value in wanted)
    compare = _COMPARE[operator]
    return lambda row: _holds(_value(company, row, name), kind, lambda value: compare(value, wanted[0]))


def _holds(value: object, kind: str, compare: Callable[[_Comparable], bool]) -> bool:
    return value is not None and compare(_typed(value, kind))


def _before(left: _Comparable, right: _Comparable) -> bool:
    match left, right:
        case Decimal(), Decimal():
            return left < right
        case datetime(), datetime():
            return left < right
    return str(left) < str(right)


_COMPARE: Mapping[str, Callable[[_Comparable, _Comparable], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": _before,
    ">": lambda left, right: _before(right, left),
    "<=": lambda left, right: not _before(right, left),
    ">=": lambda left, right: not _before(left, right),
}
