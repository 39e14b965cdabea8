"""What a command prints: data on stdout (JSON, a table, or tab-separated), hints and errors on stderr.

Text from outside is printed without control characters: a customer's name cannot move the cursor.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TextIO

import msgspec

from mappings.canonical.money import Money

SCHEMA = 1
"""Number of the JSON documents' shape; a change that breaks a reader raises it."""


class ReaderGone(Exception):
    """Whoever read our output has closed it (as `head` does): there is nobody left to tell."""


def plain(value: Any) -> Any:
    """Any value of ours as JSON data: amounts as decimal strings, instants in UTC, dates as they are."""
    if isinstance(value, Money):
        return {"amount": str(value.decimal), "currency": value.currency}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name.rstrip("_"): plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return [plain(item) for item in sorted(value)]
    return value


def shown(value: object) -> str:
    """A value in one cell: "" for nothing, no control characters, no line breaks."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, tuple):
        value = ", ".join(str(item) for item in value)
    return "".join(char if char.isprintable() else " " for char in str(value))


class Output:
    """The two streams of one command."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, document: Mapping[str, Any]) -> None:
        """The command's JSON document; printed only with --json."""
        if self.as_json:
            write_json({"schema": SCHEMA, **plain(document)}, sys.stdout)

    def line(self, text: str = "") -> None:
        """One line of data for people; with --json nothing."""
        if not self.as_json:
            _write(sys.stdout, text + "\n")

    def text(self, whole: str) -> None:
        """A whole text as it is: a file on stdout. With --json nothing."""
        if not self.as_json:
            _write(sys.stdout, whole)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
        """Rows for people: a table on a terminal, else tab-separated with the column names first."""
        if self.as_json:
            return
        if sys.stdout.isatty():
            _rich_table(columns, rows, title=title)
            return
        for row in (columns, *rows):
            self.line("\t".join(shown(cell) for cell in row))

    def hint(self, text: str) -> None:
        """One line beside the data, on stderr."""
        _write(sys.stderr, text + "\n")


def write_json(document: Any, stream: TextIO) -> None:
    """One JSON document, in UTF-8 whatever the locale says."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    _write(stream, text.decode("utf-8") + "\n")


def prepare_streams() -> None:
    """UTF-8 out, whatever the locale says; what a stream cannot take is shown as its code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def finish() -> None:
    """Flush stdout; raises `ReaderGone` now instead of a complaint of the interpreter at its end."""
    _write(sys.stdout, "")


def silence() -> None:
    """Send the rest of stdout nowhere, after its reader has gone."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    numeric = [
        bool(rows) and all(isinstance(row[at], Money | int | Decimal) for row in rows)
        for at in range(len(columns))
    ]
    for column, is_numeric in zip(columns, numeric, strict=True):
        table.add_column(column, justify="right" if is_numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    Console().print(table)
