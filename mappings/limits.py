"""Texts and names fitted to what a book takes, and a sentence for everything that was changed.

Money and numbers are never fitted: what does not fit there is a gap, not a cut.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

ELLIPSIS = "..."
TAG_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Cut:
    """What was changed to fit: the field, the text we hold, the text the book gets."""

    field: str
    ours: str
    theirs: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}: {self.why}; the book gets {self.theirs!r}"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text as the book gets it, with the cut if there was one."""

    text: str
    cut: Cut | None = None


def fit_text(field: str, text: str, *, length_max: int) -> Fitted:
    """A text for people, shortened at the end of a word with "...". `length_max` 0 means no limit."""
    if not length_max or len(text) <= length_max:
        return Fitted(text)
    room = max(length_max - len(ELLIPSIS), 0)
    head = text[:room]
    cuts_a_word = bool(text[room - 1 : room + 1].strip()) and " " not in text[room - 1 : room + 1]
    words = head.rsplit(" ", 1)[0] if cuts_a_word and " " in head else head
    shorter = (words.rstrip() + ELLIPSIS)[:length_max]
    return Fitted(shorter, Cut(field, text, shorter, f"longer than {length_max} characters"))


def fit_name(field: str, name: str, *, length_max: int, forbidden: str = "") -> Fitted:
    """A name that must stay unlike every other: forbidden characters become "-", and what is cut or
    replaced is marked by a tag made from the whole name, so two long names never become one."""
    clean = "".join("-" if char in forbidden or not char.isprintable() else char for char in name).strip()
    is_long = bool(length_max) and len(clean) > length_max
    if clean == name and not is_long:
        return Fitted(name)
    tag = "~" + base64.b32encode(hashlib.sha256(name.encode()).digest()).decode("ascii")[:TAG_LENGTH]
    if length_max:
        clean = clean[: max(length_max - len(tag), 0)].rstrip()
    fitted = (clean + tag)[-length_max:] if length_max else clean + tag
    why = f"longer than {length_max} characters" if is_long else "has characters the book does not take"
    return Fitted(fitted, Cut(field, name, fitted, why))
