"""Our own transactions read back from a book's text (pure): a small parser of the form `wire` writes.

It is not a parser of Beancount: entries of other hands are only named, except for the `open`, `commodity`
and `custom` directives, which decide what still has to be declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from connectors.ledgers.beancount import grammar
from connectors.ledgers.beancount.wire import seal_of
from mappings.canonical.money import Money, UnknownCurrency, parse_money

_ENTRY = re.compile(r"\d{4,}-\d\d-\d\d (?P<word>\S+)(?: (?P<rest>.*))?")
_META = re.compile(r'(?P<indent>  |    )(?P<key>[a-z][a-zA-Z0-9_-]+): (?P<value>"(?:[^"\\]|\\.)*"|[^"]*)')
_POSTING = re.compile(
    r"  (?P<account>[^\s:;\"]+(?::[^\s:;\"]+)+) +(?P<number>-?\d+(?:\.\d+)?) (?P<currency>[A-Z]{3})(?: @ .*)?"
)
_SEAL = '  seal: "'


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg of a transaction; `is_line` for the revenue of a printed line, `is_tax` for a tax total."""

    account: str
    money: Money
    is_line: bool = False
    is_tax: bool = False


@dataclass(frozen=True, slots=True)
class Transaction:
    """One document as the book holds it. `line` is its first line's number; `is_intact` = seal fits."""

    line: int
    marker: str
    number: str
    kind: str
    customer: str
    seal: str
    is_intact: bool
    net: Money | None
    gross: Money | None
    postings: tuple[Posting, ...]

    @property
    def lines(self) -> int:
        """How many printed lines it has."""
        return sum(posting.is_line for posting in self.postings)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A directive that declares something once: (`open`, account), (`commodity`, code), (`custom`, id)."""

    word: str
    name: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """An entry that is not of our making; `line` is the number of its first line."""

    line: int


Entry: TypeAlias = Transaction | Declaration | Foreign


def entries(lines: Iterable[bytes], *, first_line: int = 1) -> Iterator[Entry]:
    """What lines of a book declare and which of our transactions they hold, in order."""
    block: list[str] = []
    for number, raw in enumerate(lines, first_line):
        line = raw.decode("utf-8", errors="replace").rstrip("\n")
        if block and not line.startswith("  "):
            yield from _entry(block, line=number - len(block))
            block = []
        if block or _ENTRY.fullmatch(line):
            block.append(line)
            last = number
    if block:
        yield from _entry(block, line=last - len(block) + 1)


def _entry(block: list[str], *, line: int) -> Iterator[Entry]:
    head = _ENTRY.fullmatch(block[0])
    if head is None:
        return
    if head["word"] in ("open", "commodity"):
        yield Declaration(head["word"], (head["rest"] or "").partition(" ")[0])
    elif head["word"] == "custom":
        yield Declaration("custom", head["rest"] or "")
    elif head["word"] == "*" and any(row.startswith("  marker: ") for row in block):
        yield _transaction(block, line=line)
    else:
        yield Foreign(line)


def _transaction(block: list[str], *, line: int) -> Transaction:
    facts: dict[str, str] = {}
    postings: list[Posting] = []
    for row in block[1:]:
        meta = _META.fullmatch(row)
        if meta is None:
            postings.extend(_posting(row))
        elif meta["indent"] == "  ":
            facts.setdefault(meta["key"], meta["value"])
        elif postings and meta["key"] in ("line", "tax-code"):
            leg = postings[-1]
            is_line = meta["key"] == "line"
            postings[-1] = Posting(leg.account, leg.money, is_line=is_line, is_tax=not is_line)

    seal = _text(facts, "seal")
    sign = 1 if _text(facts, "kind") == "invoice" else -1
    gross = Money(sign * postings[0].money.minor, postings[0].money.currency) if postings else None
    return Transaction(
        line=line,
        marker=_text(facts, "marker"),
        number=_text(facts, "number"),
        kind=_text(facts, "kind"),
        customer=_text(facts, "customer"),
        seal=seal,
        is_intact=seal == seal_of([row for row in block if not row.startswith(_SEAL)]),
        net=_money(facts.get("net", "")),
        gross=gross,
        postings=tuple(postings),
    )


def _posting(row: str) -> Iterator[Posting]:
    found = _POSTING.fullmatch(row)
    money = _money(f"{found['number']} {found['currency']}") if found else None
    if found and money is not None:
        yield Posting(found["account"], money)


def _text(facts: dict[str, str], key: str) -> str:
    value = facts.get(key, "")
    return grammar.unquoted(value) if value.startswith('"') else value


def _money(text: str) -> Money | None:
    """An amount of the file, or None where a hand has written something that is not one."""
    number, _, currency = text.partition(" ")
    try:
        return parse_money(number, currency)
    except (UnknownCurrency, ValueError, ArithmeticError):
        return None
