"""The mapping file: what a person corrects in a spreadsheet, read back row by row (bad inputs 37 to 39).

Columns are found by name, in any order; only book, kind, code and ledger_id count. Text that a
spreadsheet could take for a formula is written with a quote in front, and read without it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

COLUMNS = (
    "book",
    "kind",
    "code",
    "our_name",
    "grade",
    "ledger_id",
    "their_name",
    "because",
    "others",
    "note",
)
NEEDED = ("book", "kind", "code", "ledger_id")
KINDS = ("customer", "item", "account", "tax_code", "term", "class")
BYTES_MAX = 20 * 1024 * 1024
CELL_MAX = 10_000
FINDINGS_MAX = 100

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one row (1 = the header), as a sentence."""

    row: int
    sentence: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.sentence}"


class MappingRefused(ValueError):
    """A mapping file that cannot be used, with everything that is wrong; nothing of it was taken."""

    def __init__(self, findings: Sequence[Finding], *, name: str) -> None:
        super().__init__(f"{name}: {len(findings)} rows cannot be used")
        self.findings = tuple(findings[:FINDINGS_MAX])
        self.name = name


@dataclass(frozen=True, slots=True)
class Row:
    """One row that names a ledger id."""

    number: int
    book: str
    kind: str
    code: str
    ledger_id: str


def write(rows: Iterable[Sequence[str]]) -> str:
    """The file for rows of `COLUMNS`; opens in any spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_quoted(cell) for cell in row])
    return out.getvalue()


def read(raw: bytes, *, name: str) -> tuple[Row, ...]:
    """The rows that name a ledger id; rows without one say nothing. Raises `MappingRefused`."""
    table = list(_table(raw, name))
    if not table:
        raise MappingRefused((Finding(1, "The file is empty; it begins with the column names."),), name=name)
    header = [cell.strip().casefold() for cell in table[0]]
    findings = list(_header_findings(header))
    if findings:
        raise MappingRefused(findings, name=name)
    places = {column: header.index(column) for column in NEEDED}
    rows: list[Row] = []
    for number, cells in enumerate(table[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            findings.append(Finding(number, f"It has {len(cells)} cells, the header {len(header)}."))
            continue
        values = {column: _unquoted(cells[place]).strip() for column, place in places.items()}
        findings += [Finding(number, sentence) for sentence in _cell_findings(values)]
        if values["ledger_id"]:
            rows.append(Row(number, values["book"], values["kind"], values["code"], values["ledger_id"]))
    findings += list(_contradictions(rows))
    if findings:
        raise MappingRefused(sorted(findings, key=lambda one: one.row), name=name)
    return tuple(rows)


def _table(raw: bytes, name: str) -> Iterator[list[str]]:
    if len(raw) > BYTES_MAX:
        raise MappingRefused((Finding(1, f"The file is larger than {BYTES_MAX:,} bytes."),), name=name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MappingRefused(
            (Finding(1, "The file is not UTF-8: save it as CSV UTF-8."),), name=name
        ) from None
    if "\0" in text:
        raise MappingRefused((Finding(1, "The file is not text: save it as CSV UTF-8."),), name=name)
    first = text.splitlines()[0] if text else ""
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise MappingRefused((Finding(reader.line_num, f"It is not CSV: {error}."),), name=name) from None


def _header_findings(header: Sequence[str]) -> Iterator[Finding]:
    for column in NEEDED:
        if header.count(column) == 0:
            yield Finding(1, f"The column {column} is missing; needed are {', '.join(NEEDED)}.")
        elif header.count(column) > 1:
            yield Finding(1, f"The column {column} is there {header.count(column)} times.")


def _cell_findings(values: dict[str, str]) -> Iterator[str]:
    if values["kind"] not in KINDS:
        yield f"The kind is {values['kind']!r}; it is one of {', '.join(KINDS)}."
    for column in ("book", "code"):
        if not values[column]:
            yield f"The {column} is empty."
    for column, value in values.items():
        if len(value) > CELL_MAX or not value.isprintable():
            yield f"The {column} holds signs that no id has."
    if any(char.isspace() for char in values["ledger_id"]):
        yield f"The ledger_id {values['ledger_id']!r} has blanks in it."


def _contradictions(rows: Iterable[Row]) -> Iterator[Finding]:
    first: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        place = (row.book, row.kind, row.code)
        known = first.setdefault(place, row)
        if known.ledger_id != row.ledger_id:
            sentence = (
                f"{row.kind} {row.code} is {known.ledger_id} in row {known.number} and {row.ledger_id} here."
            )
            yield Finding(row.number, sentence)


def _quoted(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
