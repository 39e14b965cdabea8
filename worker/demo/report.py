"""What a person sees of the demo: headings, sentences, tables and progress.

With rich on a terminal; elsewhere plain lines without colours or moving parts. Commands are never wrapped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from mappings.canonical.money import Money, minor_digits

Tell = Callable[[str, int, int], None]
"""Told (stage, done, of); `of` 0 = not known."""

_WIDTH = 120
_INDENT = "   "


class Report:
    """Writes to one stream."""

    def __init__(self, stream: TextIO) -> None:
        self._is_terminal = stream.isatty()
        self._console = Console(
            file=stream,
            width=None if self._is_terminal else _WIDTH,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def head(self, text: str) -> None:
        """The beginning of an act."""
        self._console.print()
        self._print(Text(text, style="bold"))

    def say(self, text: str = "") -> None:
        """One sentence at the margin."""
        self._print(Text(text))

    def paragraph(self, text: str) -> None:
        """Prose, broken into lines."""
        self._console.print()
        self._console.print(Text(text))

    def tell(self, text: str) -> None:
        """One sentence of an act."""
        self._print(Text(_INDENT + text))

    def command(self, what: str, command: str) -> None:
        """A command to paste, on a line of its own, with what it does above it."""
        self._print(Text(_INDENT + what))
        self._print(Text(_INDENT * 2 + command, style="cyan"))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: str = "") -> None:
        """Rows under columns; `right` names the columns that hold figures, separated by commas."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        figures = set(right.split(","))
        table.add_column("")
        for column in columns:
            table.add_column(column, justify="right" if column in figures else "left", no_wrap=True)
        for row in rows:
            table.add_row(" ", *(Text(cell) for cell in row))
        self._console.print(table)

    @contextmanager
    def progress(self, title: str) -> Iterator[Tell]:
        """A bar for the stage at hand on a terminal, nothing elsewhere."""
        if not self._is_terminal:
            yield lambda _stage, _done, _of: None
            return
        columns = (TextColumn(_INDENT + "{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(title, total=None)

            def tell(stage: str, done: int, of: int) -> None:
                bar.update(task, description=f"{title}: {stage:9}", completed=done, total=of or done)

            yield tell

    @contextmanager
    def busy(self, doing: str) -> Iterator[None]:
        """Something moves on a terminal while the block works."""
        if not self._is_terminal:
            yield
            return
        with self._console.status(Text(doing)):
            yield

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def figure(money: Money) -> str:
    """An amount for reading where the currency stands beside it: `1,234.50`, `585,439`."""
    return f"{money.decimal:,.{minor_digits(money.currency)}f}"


def amount(money: Money) -> str:
    """An amount for reading: `1,234.50 EUR`, `585,439 JPY`."""
    return f"{figure(money)} {money.currency}"


def count(number: int, word: str, plural: str = "") -> str:
    """`1 document`, `3 documents`."""
    return f"{number} {word if number == 1 else plural or word + 's'}"
