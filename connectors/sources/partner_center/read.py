"""A whole file: what it is, its records one by one, and a complete account of what was refused or flagged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from connectors import strict_json
from connectors.sources.partner_center import kinds
from connectors.sources.partner_center.cells import shown
from connectors.sources.partner_center.columns import NEEDED
from connectors.sources.partner_center.csv_file import CsvRefused, read_table
from connectors.sources.partner_center.imported import (
    DateOrder,
    Flag,
    Import,
    ProviderLine,
    ProviderSubscription,
    Refusal,
)
from connectors.sources.partner_center.lines import numbered, read_line
from connectors.sources.partner_center.records import Place, summary
from connectors.sources.partner_center.state import provider_code
from connectors.sources.partner_center.subscriptions import read_subscription

_INVOICE = re.compile(r"/invoices/(?:OneTime-|Recurring-)?(?P<number>[0-9A-Za-z]{1,40})/lineitems")
_SIZE_MAX = 256 * 1024 * 1024


def read_file(raw: bytes, *, name: str, date_order: DateOrder = "mdy") -> Import:
    """Read one file. Never raises for what is in it: every trouble is a `Refusal` in the answer.

    `date_order` is the order of dates such as 3/4/2021 in CSV files; Partner Center writes month/day/year.
    A file with refusals also holds what could be read: the caller decides whether a part may be imported.
    """
    return read_pages(((name, raw),), date_order=date_order)[0]


def read_pages(pages: Sequence[tuple[str, bytes]], *, date_order: DateOrder = "mdy") -> tuple[Import, ...]:
    """Read files (name, content) that belong together: the pages of one invoice.

    Identical lines are told apart by counting them, over all pages. Pages read apart count apart, so a
    line of one page that is identical to a line of another is then taken for the same line.
    """
    seen: Counter[str] = Counter()
    return tuple(_read(raw, name=name, date_order=date_order, seen=seen) for name, raw in pages)


def _read(raw: bytes, *, name: str, date_order: DateOrder, seen: Counter[str]) -> Import:
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:16]
    if not start:
        return _refused(name, kinds.UNREADABLE, "The file is empty.")
    if len(raw) > _SIZE_MAX:
        return _refused(name, kinds.UNREADABLE, f"The file is larger than {_SIZE_MAX // 2**20} MiB.")
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return _refused(name, kinds.PACKED, kinds.PACKED.refusal)
    if start.startswith((b"HTTP/", b"POST ", b"GET ", b"PATCH ")):
        return _refused(name, kinds.HTTP_MESSAGE, kinds.HTTP_MESSAGE.refusal)
    if start.startswith((b"{", b"[")) or raw.startswith((b"\xff\xfe{", b"\xfe\xff\x00{", b"\xff\xfe[")):
        return _read_json(raw, name=name, seen=seen)
    return _read_csv(raw, name=name, date_order=date_order, seen=seen)


def _refused(name: str, kind: kinds.Kind, sentence: str, *, field: str = "", value: str = "") -> Import:
    return Import(name, kind.code, refusals=(Refusal(name, 0, field, shown(value), sentence),))


def _read_json(raw: bytes, *, name: str, seen: Counter[str]) -> Import:
    try:
        document = strict_json.parse(raw, allow_bom=True)
    except strict_json.JsonRefused as refused:
        return _refused(name, kinds.UNREADABLE, f"The file {refused}.")
    verdict = kinds.of_document(document)
    if verdict.kind.instead:
        return _refused(name, verdict.kind, verdict.kind.refusal, field=verdict.field, value=verdict.value)
    flags = _page_flags(document, len(verdict.records)) if isinstance(document, dict) else ()
    if verdict.kind is kinds.EMPTY:
        flags = (*flags, Flag(0, "items", "", "The collection has no items: there is nothing to import."))
        return Import(name, kinds.EMPTY.code, flags=flags)
    rows = tuple(enumerate(verdict.records, start=1))
    if verdict.kind in (kinds.SUBSCRIPTION, kinds.SUBSCRIPTIONS):
        return _subscriptions(rows, name=name, kind=verdict.kind, flags=flags)
    found = _INVOICE.search(kinds.self_link(document)) if isinstance(document, dict) else None
    number = found["number"] if found and found["number"] != "unbilled" else ""
    places = tuple((Place(name, row), record) for row, record in rows)
    return _lines(places, kind=verdict.kind, invoice_number=number, seen=seen, name=name, flags=flags)


def _page_flags(document: Mapping[str, object], count: int) -> tuple[Flag, ...]:
    """A page of a longer list says so: the rest is in other files."""
    flags = []
    total = document.get("totalCount")
    if isinstance(total, int) and total > count:
        sentence = f"The list has {total} records and this file holds {count}; import the other pages too."
        flags.append(Flag(0, "totalCount", str(total), sentence))
    links = document.get("links")
    if isinstance(links, dict) and links.get("next"):
        sentence = "The list goes on in another page; import the pages of an invoice together."
        flags.append(Flag(0, "links.next", "", sentence))
    return tuple(flags)


def _read_csv(raw: bytes, *, name: str, date_order: DateOrder, seen: Counter[str]) -> Import:
    try:
        table = read_table(raw, name=name)
    except CsvRefused as refused:
        refusal = Refusal(name, refused.row, refused.field, refused.value, str(refused))
        return Import(name, kinds.UNREADABLE.code, refusals=(refusal,))
    verdict = kinds.of_header(table.header)
    kind = verdict.kind
    if kind.instead:
        return _refused(name, kind, kind.refusal, field="header", value=verdict.value)
    held = {column.lower() for column in table.header}
    missing = [column for column in NEEDED[kind.code] if column.lower() not in held]
    if missing:
        sentence = f"The file is {kind.title} but lacks the columns {', '.join(missing)}."
        return _refused(name, kind, sentence, field="header", value=", ".join(missing))
    if not table.rows and not table.refusals:
        flag = Flag(0, "header", "", "The file has a header and no rows: there is nothing to import.")
        return Import(name, kind.code, flags=(flag,))
    if kind is kinds.NCE_LINES and not any(_invoice_cell(record) for _, record in table.rows):
        kind = kinds.NCE_UNBILLED_LINES
    order = "month/day/year" if date_order == "mdy" else "day/month/year"
    flags = (Flag(0, "header", "", f"Dates written with slashes were read as {order}."),)
    places = tuple((Place(name, row, date_order), record) for row, record in table.rows)
    read = _lines(places, kind=kind, invoice_number="", seen=seen, name=name, flags=flags)
    return Import(
        name,
        read.kind,
        rows=read.rows + len(table.refusals),
        lines=read.lines,
        refusals=(*table.refusals, *read.refusals),
        flags=read.flags,
    )


def _invoice_cell(record: Mapping[str, object]) -> bool:
    return any(column.lower() == "invoicenumber" and str(cell).strip() for column, cell in record.items())


def _lines(
    places: Sequence[tuple[Place, object]],
    *,
    kind: kinds.Kind,
    invoice_number: str,
    seen: Counter[str],
    name: str,
    flags: tuple[Flag, ...],
) -> Import:
    lines: list[ProviderLine] = []
    refusals: list[Refusal] = []
    for place, record in places:
        odd = _wrong_kind(record, kind, place)
        if odd is not None or not isinstance(record, dict):
            refusals.extend(() if odd is None else (odd,))
            continue
        read = read_line(record, kind=kind.code, place=place, invoice_number=invoice_number)
        if isinstance(read, ProviderLine):
            lines.append(read)
        else:
            refusals.extend(read)
    keyed = numbered(lines, seen)
    all_flags = (*flags, *summary(flag for line in keyed for flag in line.flags))
    return Import(name, kind.code, rows=len(places), lines=keyed, refusals=tuple(refusals), flags=all_flags)


def _subscriptions(
    rows: Sequence[tuple[int, object]], *, name: str, kind: kinds.Kind, flags: tuple[Flag, ...]
) -> Import:
    held: dict[str, tuple[ProviderSubscription, object]] = {}
    refusals: list[Refusal] = []
    odd_ones: list[Flag] = []
    for row, record in rows:
        place = Place(name, row)
        odd = _wrong_kind(record, kind, place)
        if odd is not None or not isinstance(record, dict):
            refusals.extend(() if odd is None else (odd,))
            continue
        read = read_subscription(record, place=place)
        if not isinstance(read[0], ProviderSubscription):
            refusals.extend(part for part in read if isinstance(part, Refusal))
            continue
        subscription = read[0]
        code = provider_code(subscription.id)
        if code not in held:
            held[code] = (subscription, record)
            odd_ones.extend(read[1])
        elif held[code][1] == record:
            odd_ones.append(place.flag("id", subscription.id, "The same subscription again; read once."))
        else:
            sentence = f"Row {held[code][0].row} has the same id and says other things; which is right?"
            refusals.append(place.refuse("id", subscription.id, sentence))
    return Import(
        name,
        kind.code,
        rows=len(rows),
        subscriptions=tuple(subscription for subscription, _ in held.values()),
        refusals=tuple(refusals),
        flags=(*flags, *summary(odd_ones)),
    )


def _wrong_kind(record: object, kind: kinds.Kind, place: Place) -> Refusal | None:
    """A record of another kind than its file, by its own object type."""
    if not isinstance(record, dict):
        return place.refuse("items", record, "The record is not an object.")
    found = kinds.of_record(record)
    same = {
        kinds.SUBSCRIPTIONS.code: kinds.SUBSCRIPTION,
        kinds.NCE_UNBILLED_LINES.code: kinds.NCE_LINES,
    }.get(kind.code, kind)
    if found.kind is same or (found.kind is kinds.UNKNOWN and same is not kinds.SUBSCRIPTION):
        return None
    sentence = f"The record is {found.kind.title} in a file of {kind.title}."
    return place.refuse(found.field or "items", found.value, sentence)
