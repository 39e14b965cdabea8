"""The conditions we read by, in the words of Xero's `where` (pure; values are ours and carry no quotes)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.ledgers.xero.limits import WHERE_CHARS_MAX


def any_of(member: str, values: Sequence[str]) -> Iterator[str]:
    """Conditions that together fit every record whose member is one of the values."""
    parts: list[str] = []
    for value in dict.fromkeys(values):
        part = f'{member}=="{value}"'
        if parts and sum(map(len, parts)) + len(part) + 4 * len(parts) > WHERE_CHARS_MAX:
            yield " OR ".join(parts)
            parts = []
        parts.append(part)
    if parts:
        yield " OR ".join(parts)


def lists_of(values: Sequence[str]) -> Iterator[str]:
    """Comma lists for the parameters that take one, such as `InvoiceNumbers`."""
    parts: list[str] = []
    for value in dict.fromkeys(values):
        if parts and sum(map(len, parts)) + len(value) + len(parts) > WHERE_CHARS_MAX:
            yield ",".join(parts)
            parts = []
        parts.append(value)
    if parts:
        yield ",".join(parts)


def begins_with(member: str, prefix: str) -> str:
    """Records whose member begins with a text; where the member is empty `StartsWith` alone would fail."""
    return f'{member}!=null AND {member}.StartsWith("{prefix}")'
