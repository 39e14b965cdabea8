"""A CSV reconciliation file as records of text: the header as it is, one mapping per row.

Partner Center writes UTF-8 with a byte order mark and commas. A file that went through a spreadsheet with
other habits (semicolons, UTF-16, a Windows code page) is refused by that reason, never repaired.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.sources.partner_center.cells import shown
from connectors.sources.partner_center.imported import Refusal

_COLUMNS_MAX = 300


class CsvRefused(ValueError):
    """The whole file cannot be read; `row`, `field` and `value` say where."""

    def __init__(self, sentence: str, *, row: int = 0, field: str = "", value: object = "") -> None:
        super().__init__(sentence)
        self.row, self.field, self.value = row, field, shown(value)


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows. `rows` pairs the spreadsheet's row number (the header is row 1) with cells."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, object]], ...]
    refusals: tuple[Refusal, ...]


def read_table(raw: bytes, *, name: str) -> Table:
    """Every row by its header. Rows of another width are refused one by one. Raises `CsvRefused`."""
    numbered = _rows(_decode(raw))
    _, header = next(numbered, (1, ()))
    header = tuple(cell.strip() for cell in header)
    _check_header(header)
    rows: list[tuple[int, dict[str, object]]] = []
    refusals: list[Refusal] = []
    for row, cells in numbered:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) == len(header):
            rows.append((row, dict(zip(header, cells, strict=True))))
        else:
            sentence = f"The row has {len(cells)} cells, the header {len(header)}; a comma or quote is wrong."
            refusals.append(Refusal(name, row, "", shown(",".join(cells)), sentence))
    return Table(header, tuple(rows), tuple(refusals))


def _rows(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows with their number, blank lines left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 0
    try:
        for cells in reader:
            row += 1
            if cells:
                yield row, tuple(cells)
    except csv.Error as error:
        raise CsvRefused(f"The file is damaged after row {row}: {error}.", row=row + 1) from None


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CsvRefused("The file is UTF-16; save it as CSV in UTF-8.")
    if b"\x00" in raw:
        raise CsvRefused("The file holds NUL bytes, so it is not a text file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CsvRefused(
            f"Line {line} is not UTF-8 (it may be a Windows code page); save the file as CSV in UTF-8.",
            row=line,
        ) from None


def _check_header(header: tuple[str, ...]) -> None:
    if not header or not any(header):
        raise CsvRefused("The file has no header.")
    if len(header) == 1 and any(other in header[0] for other in ";\t|"):
        raise CsvRefused(
            "The columns are not parted by commas; numbers and dates may have been changed as well."
            " Export the file again and do not save it in a spreadsheet.",
            row=1,
            value=header[0],
        )
    if len(header) > _COLUMNS_MAX:
        raise CsvRefused(f"The header has {len(header)} columns; no file we know has so many.", row=1)
    lowered = [column.lower() for column in header]
    for position, column in enumerate(lowered):
        if not column:
            raise CsvRefused(f"Column {position + 1} has no name.", row=1)
        if column in lowered[:position]:
            raise CsvRefused("The header has this column twice.", row=1, field=header[position])
