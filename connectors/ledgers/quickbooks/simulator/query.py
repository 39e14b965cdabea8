"""QuickBooks' query language, no wider than documented.

`SELECT * | count(*) FROM Entity [WHERE a AND b] [ORDERBY f ASC|DESC] [STARTPOSITION n] [MAXRESULTS m]`;
operators = != < > <= >= IN LIKE; values in single quotes with backslash escapes. No OR, no JOIN, no field
lists (but `*, Sku` of Item, which python-quickbooks sends).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from connectors.ledgers.quickbooks.simulator.company import Company, is_active
from connectors.ledgers.quickbooks.simulator.members import Member
from connectors.ledgers.quickbooks.simulator.problems import Refusal, refuse
from connectors.ledgers.quickbooks.simulator.rules import (
    ENTITY_BY_PATH,
    NAME_LISTS,
    RULES,
    TRANSACTIONS,
)
from connectors.ledgers.quickbooks.simulator.rules_parts import PARTS
from connectors.ledgers.quickbooks.simulator.store import Row

ROWS_DEFAULT = 100
ROWS_MAX = 1000
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<sign><=|>=|!=|=|<|>|\(|\)|,|\*)|(?P<word>[^\s'()<>=!,*]+))",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PARSED = Decimal | datetime | str | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """`member` names the field as the record has it, dotted for MetaData; `values` more than one for IN."""

    member: str
    kind: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    entity: str
    is_count: bool
    conditions: tuple[Condition, ...]
    order_by: str
    descending: bool
    start: int
    rows: int


def parse(text: str) -> Query:
    """The query, or a refusal: 4000 for what cannot be read, 4001 for what makes no sense."""
    words = _Words(text)
    words.expect("SELECT")
    is_count, columns = _columns(words)
    words.expect("FROM")
    name = words.take()
    entity = ENTITY_BY_PATH.get(name.lower())
    if entity is None:
        raise refuse("4001", f"QueryValidationError: invalid context declaration: {name}")
    if columns and (entity, columns) != ("Item", ["sku"]):
        raise words.error()
    conditions = _conditions(words, entity) if words.accept("WHERE") else ()
    order_by, descending = _order(words, entity) if words.accept("ORDERBY") else ("", False)
    start = _count(words, low=1, high=None) if words.accept("STARTPOSITION") else 1
    rows = _count(words, low=1, high=ROWS_MAX) if words.accept("MAXRESULTS") else ROWS_DEFAULT
    if not words.at_end:
        raise words.error()
    return Query(entity, is_count, conditions, order_by, descending, start, rows)


def run(company: Company, query: Query, *, visible: Callable[[Row], bool]) -> dict[str, object]:
    """The `QueryResponse` object. `visible` hides rows that a lagging read does not see yet."""
    rows = [row for row in _candidates(company, query) if visible(row)]
    found = [(row, company.rendered(row)) for row in rows]
    offset = company.config.utc_offset_minutes
    tests = [_test(condition, offset) for condition in query.conditions]
    shown = [body for row, body in found if _is_listed(query, row) and all(test(body) for test in tests)]
    if query.is_count:
        return {"totalCount": len(shown)}
    if query.order_by:
        kind = _member(query.entity, query.order_by).kind
        shown.sort(key=lambda body: _order_key(_field(body, query.order_by), kind), reverse=query.descending)
    page = shown[query.start - 1 : query.start - 1 + query.rows]
    if not page:
        return {}
    answer: dict[str, object] = {query.entity: page, "startPosition": query.start, "maxResults": len(page)}
    return answer | ({"totalCount": len(shown)} if query.entity in TRANSACTIONS else {})


class _Words:
    """The text cut into words; quoted texts keep their opening quote so that they are told apart."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[tuple[str, int]] = []
        self._at = 0
        position = 0
        stripped = text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                raise _parse_error(stripped[position : position + 1], position)
            self._words.append(
                (match.group().strip() if match["text"] is None else match["text"], match.end())
            )
            position = match.end()

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._words)

    def peek(self) -> str:
        return "" if self.at_end else self._words[self._at][0]

    def take(self) -> str:
        if self.at_end:
            raise self.error()
        self._at += 1
        return self._words[self._at - 1][0]

    def accept(self, word: str) -> bool:
        if self.peek().upper() == word:
            self._at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.error()

    def error(self) -> Refusal:
        column = len(self._text) if self.at_end else self._words[self._at][1]
        return _parse_error(self.peek() or "<EOF>", column)


def _parse_error(word: str, column: int) -> Refusal:
    return refuse("4000", f'QueryParserError: Encountered "{word}" at line 1, column {column}.')


def _columns(words: _Words) -> tuple[bool, list[str]]:
    if words.accept("COUNT"):
        for sign in "(*)":
            words.expect(sign)
        return True, []
    words.expect("*")
    columns = []
    while words.accept(","):
        columns.append(words.take().lower())
    return False, columns


def _conditions(words: _Words, entity: str) -> tuple[Condition, ...]:
    conditions = [_condition(words, entity)]
    while words.accept("AND"):
        conditions.append(_condition(words, entity))
    return tuple(conditions)


def _condition(words: _Words, entity: str) -> Condition:
    name = words.take()
    member = _member(entity, name)
    if not member.filterable:
        raise refuse("4001", f"QueryValidationError: property {name} is not queryable")
    dotted = f"MetaData.{member.name}" if name.lower().startswith("metadata.") else member.name
    if words.accept("IN"):
        words.expect("(")
        values = [_literal(words)]
        while words.accept(","):
            values.append(_literal(words))
        words.expect(")")
        return Condition(dotted, member.kind, "IN", tuple(values))
    operator = "LIKE" if words.accept("LIKE") else words.peek()
    if operator not in ("=", "!=", "<", ">", "<=", ">=", "LIKE"):
        raise words.error()
    if operator != "LIKE":
        words.take()
    return Condition(dotted, member.kind, operator, (_literal(words),))


def _literal(words: _Words) -> str:
    word = words.peek()
    if word.startswith("'"):
        words.take()
        return _ESCAPE.sub(r"\1", word[1:-1])
    if re.fullmatch(r"-?\d+(\.\d+)?|true|false", word, re.IGNORECASE):
        return words.take()
    raise words.error()


def _member(entity: str, name: str) -> Member:
    head, _dot, tail = name.lower().partition(".")
    known = PARTS["ModificationMetaData"] if head == "metadata" else RULES[entity]
    member = known.by_lower_name.get(tail if head == "metadata" else head)
    if member is None or (tail and head != "metadata"):
        raise refuse("4001", f"QueryValidationError: property {name} does not exist on {entity}")
    return member


def _order(words: _Words, entity: str) -> tuple[str, bool]:
    name = words.take()
    member = _member(entity, name)
    if not member.sortable:
        raise refuse("4001", f"QueryValidationError: property {name} is not sortable")
    descending = words.accept("DESC")
    if not descending:
        words.accept("ASC")
    return f"MetaData.{member.name}" if name.lower().startswith("metadata.") else member.name, descending


def _count(words: _Words, *, low: int, high: int | None) -> int:
    word = words.take()
    if not re.fullmatch(r"\d+", word):
        raise _parse_error(word, 0)
    value = int(word)
    if value < low:
        raise refuse("4001", f"QueryValidationError: value {value} is too small. Min allowed value is {low}")
    if high is not None and value > high:
        raise refuse("4001", f"QueryValidationError: value {value} is too large. Max allowed value is {high}")
    return value


def _candidates(company: Company, query: Query) -> Iterable[Row]:
    """A read by document number goes through the index; everything else looks at all rows."""
    for condition in query.conditions:
        if condition.member == "DocNumber" and condition.operator in ("=", "IN"):
            numbers = dict.fromkeys(condition.values)
            return [row for number in numbers for row in company.by_number(query.entity, number)]
        if condition.member == "Id" and condition.operator in ("=", "IN"):
            found = (company.get(query.entity, identifier) for identifier in dict.fromkeys(condition.values))
            return [row for row in found if row is not None]
    return company.all(query.entity)


def _is_listed(query: Query, row: Row) -> bool:
    """Inactive list entries are hidden unless the query speaks of Active."""
    if query.entity not in NAME_LISTS or is_active(row):
        return True
    return any(condition.member == "Active" for condition in query.conditions)


def _field(body: Mapping[str, object], name: str) -> object:
    if name.startswith("MetaData."):
        meta = body.get("MetaData")
        return meta.get(name.removeprefix("MetaData.")) if isinstance(meta, dict) else None
    value = body.get(name)
    return value.get("value") if isinstance(value, dict) else value


def _typed(value: object, kind: str, offset_minutes: int = 0) -> _PARSED:
    """A value in the type it is compared in; a time without offset is the company's.

    Raises a refusal (4001) when the query's text does not fit.
    """
    text = str(value)
    try:
        if kind in ("decimal", "int", "long", "positiveInteger"):
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
    text = str(value)
    return (True, len(text) if kind == "id" else 0, _typed(value, kind))


def _test(condition: Condition, offset_minutes: int) -> Callable[[Mapping[str, object]], bool]:
    name, kind, operator = condition.member, condition.kind, condition.operator
    if operator == "LIKE":
        parts = (re.escape(part) for part in condition.values[0].split("%"))
        pattern = re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)
        return lambda body: pattern.fullmatch(str(_field(body, name) or "")) is not None
    wanted = [_typed(value, kind, offset_minutes) for value in condition.values]
    if operator == "IN":
        return lambda body: _holds(body, name, kind, lambda value: value in wanted)
    compare = _COMPARE[operator]
    return lambda body: _holds(body, name, kind, lambda value: compare(value, wanted[0]))


def _holds(body: Mapping[str, object], name: str, kind: str, compare: Callable[[_PARSED], bool]) -> bool:
    value = _field(body, name)
    return value is not None and compare(_typed(value, kind))


_COMPARE: Mapping[str, Callable[[_PARSED, _PARSED], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: _before(left, right),
    ">": lambda left, right: _before(right, left),
    "<=": lambda left, right: not _before(right, left),
    ">=": lambda left, right: not _before(left, right),
}


def _before(left: _PARSED, right: _PARSED) -> bool:
    match left, right:
        case Decimal(), Decimal():
            return left < right
        case datetime(), datetime():
            return left < right
    return str(left) < str(right)
