"""Where a book's file differs from what we left, in words for the operator who has to look at it."""

from __future__ import annotations

from pathlib import Path

from connectors.ledgers.beancount.reading import Foreign, Transaction, entries
from connectors.ledgers.beancount.state import State


def what_changed(path: Path, state: State, *, start_is_ours: bool) -> str:
    """One clause naming document, line or offset. `start_is_ours`: the settled bytes are unchanged.

    Seals find an altered document; the settled length finds what is missing or was added at the end.
    """
    size = path.stat().st_size
    if start_is_ours:
        return f"text that is not ours follows the last document, from line {_line_at(path, state.length)} on"
    with path.open("rb") as lines:
        for entry in entries(lines):
            match entry:
                case Transaction(is_intact=False):
                    return f"the transaction of {entry.number or '?'} at line {entry.line} was altered"
                case Foreign():
                    return f"an entry that is not ours stands at line {entry.line}"
    if size < state.length:
        return f"{state.length - size} bytes are missing; it ends at line {_line_at(path, size)}"
    return (
        f"lines between the documents were altered, or whole documents replaced "
        f"({size} bytes instead of {state.length}; every document that is there is unaltered)"
    )


def _line_at(path: Path, offset: int) -> int:
    """Number of the line that holds the byte at `offset`, counted from 1."""
    line, left = 1, offset
    with path.open("rb") as file:
        while left > 0 and (chunk := file.read(min(left, 1 << 20))):
            line += chunk.count(b"\n")
            left -= len(chunk)
    return line
