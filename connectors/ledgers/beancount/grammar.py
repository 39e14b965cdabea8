"""The letters of Beancount's language: strings, account names, links and numbers that it reads back alike.

Source of every rule: beancount 3.2 `parser/lexer.l` and `core/account.py`, read, never imported (GPL).
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from mappings.canonical.money import Money

ROOTS = ("Assets", "Liabilities", "Equity", "Income", "Expenses")

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNESCAPES = {escape[1]: character for character, escape in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\(.)")
_NOT_IN_A_LINK = re.compile(r"[^A-Za-z0-9\-_/.]")


def quoted(text: str) -> str:
    """A string literal on one line, whatever the text holds.

    Line breaks and tabs are escaped; other control characters and lone surrogates, which no accounting
    text needs and UTF-8 or an editor could choke on, become U+FFFD; line separators become a space.
    """
    return f'"{"".join(_literal(character) for character in text)}"'


def kept(text: str) -> str:
    """What is left of a text once it was written and read back."""
    return unquoted(quoted(text))


def _literal(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    match unicodedata.category(character):
        case "Cc" | "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case "Zl" | "Zp":
            return " "
    return character


def unquoted(literal: str) -> str:
    """The text of a literal that `quoted` wrote."""
    return _ESCAPED.sub(lambda found: _UNESCAPES.get(found[1], found[1]), literal[1:-1])


def number(value: Decimal) -> str:
    """A plain decimal number, never with an exponent."""
    return format(value, "f")


def amount(money: Money) -> str:
    """An amount with exactly the digits of its currency: `12.30 EUR`, `1230 JPY`."""
    return f"{number(money.decimal)} {money.currency}"


def link(document_number: str) -> str:
    """`^NUMBER` with every character a link cannot hold replaced by a hyphen; "" for an empty number."""
    return f"^{_NOT_IN_A_LINK.sub('-', document_number)}" if document_number else ""


def is_account(name: str) -> bool:
    """Whether Beancount reads the name as an account below one of its five roots."""
    root, *parts = name.split(":")
    return root in ROOTS and bool(parts) and all(_is_account_part(part) for part in parts)


def is_meant_as_account(name: str) -> bool:
    """Whether a name of the chart is that of an account, valid or not, and not words such as "VAT 19 %"."""
    root, colon, _ = name.partition(":")
    return bool(colon) and root in ROOTS


def _is_account_part(part: str) -> bool:
    return bool(part) and _starts_a_part(part[0]) and all(_continues_a_part(letter) for letter in part)


def _starts_a_part(letter: str) -> bool:
    return unicodedata.category(letter) in ("Lu", "Nd")


def _continues_a_part(letter: str) -> bool:
    return letter == "-" or unicodedata.category(letter)[0] == "L" or unicodedata.category(letter) == "Nd"


def nearest_account(name: str, *, root: str) -> str:
    """A valid account name close to `name`, as a suggestion for people; never used by itself."""
    parts = [_nearest_part(part) for part in name.split(":")]
    parts = [part for part in parts if part]
    if not parts or parts[0] not in ROOTS:
        parts.insert(0, root)
    return ":".join(parts if len(parts) > 1 else [*parts, "Other"])


def _nearest_part(part: str) -> str:
    kept = "".join(letter if _continues_a_part(letter) else "-" for letter in part.strip()).strip("-")
    if kept and not _starts_a_part(kept[0]):
        kept = kept[0].upper() + kept[1:]
    return kept if _is_account_part(kept) else ""
