"""QuickBooks' query language, no wider than documented.

`SELECT * | count(*) FROM Entity [WHERE a AND b] [ORDERBY f ASC|DESC] [STARTPOSITION n] [MAXRESULTS m]`;
operators = != < > <= >= IN LIKE; values in single quotes with backslash escapes. No OR, no JOIN, no field
lists (but `*, Sku` of Item, which python-quickbooks sends).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.ledgers.quickbooks.simulator.members import Member
from connectors.ledgers.quickbooks.simulator.problems import Refusal, refuse
from connectors.ledgers.quickbooks.simulator.rules import (
    ENTITY_BY_PATH,
    RULES,
)
from connectors.ledgers.quickbooks.simulator.rules_parts import PARTS

ROWS_DEFAULT = 100
ROWS_MAX = 1000
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<sign><=|>=|!=|=|<|>|\(|\)|,|\*)|(?P<word>[^\s'()<>=!,*]+))",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


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
    member = member_of(entity, name)
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


def member_of(entity: str, name: str) -> Member:
    """The member a query names, in any case; a refusal (4001) when there is none."""
    head, _dot, tail = name.lower().partition(".")
    known = PARTS["ModificationMetaData"] if head == "metadata" else RULES[entity]
    member = known.by_lower_name.get(tail if head == "metadata" else head)
    if member is None or (tail and head != "metadata"):
        raise refuse("4001", f"QueryValidationError: property {name} does not exist on {entity}")
    return member


def _order(words: _Words, entity: str) -> tuple[str, bool]:
    name = words.take()
    member = member_of(entity, name)
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
