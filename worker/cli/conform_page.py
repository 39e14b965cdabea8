"""How the conformance kit's results are shown: one ledger in full, several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from worker.cli.output import Output

if TYPE_CHECKING:
    from worker.flows.conform import Report

VERDICTS = ("passed", "failed", "not offered", "not possible")


def show(out: Output, reports: Sequence[Report]) -> None:
    """Everything about one ledger; of several the verdicts, and in words what failed."""
    out.result(
        {"conform": [_facts(one) for one in reports], "is_conform": all(one.is_conform for one in reports)}
    )
    if len(reports) == 1:
        _show_one(out, reports[0])
        return
    columns, rows = _side_by_side(reports)
    out.table(columns, rows)
    for report in reports:
        out.line(f"{report.title}: {_counted(report)}")
        for one in report.results:
            if one.verdict == "failed":
                out.line(f"  {one.row}: {one.how}")


def as_markdown(reports: Sequence[Report]) -> str:
    """The verdicts of ledgers side by side, with what each row proves."""
    columns, rows = _side_by_side(reports)
    proves = {one.row: one.proves for report in reports for one in report.results}
    lines = [(*columns, "what it proves"), ("---",) * (len(columns) + 1)]
    lines += [(f"`{row[0]}`", *row[1:], proves[row[0]]) for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _show_one(out: Output, report: Report) -> None:
    where = f"book {report.book}" if report.book else "a practice book"
    rows = [(one.row, one.verdict, one.how) for one in report.results]
    out.table(("row", "verdict", "how"), rows, title=f"{report.title}, on {where}")
    out.line()
    out.table(("safety", "how it is kept"), [(one.name, one.how) for one in report.safeties])
    out.line()
    out.line(f"it also {_words(report.has) or 'does nothing more'}")
    out.line(f"not offered by this ledger: {_words(report.lacks) or 'nothing'}")
    out.line(_counted(report))


def _side_by_side(reports: Sequence[Report]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of verdicts."""
    names = [one.row for one in reports[0].results]
    verdicts = [{one.row: one.verdict for one in report.results} for report in reports]
    rows = [(name, *(one[name] for one in verdicts)) for name in names]
    return ("row", *(report.ledger for report in reports)), rows


def _facts(report: Report) -> dict[str, object]:
    return {
        "ledger": report.ledger,
        "book": report.book,
        "is_conform": report.is_conform,
        "counts": _counts(report),
        "results": report.results,
        "has": report.has,
        "lacks": report.lacks,
        "safeties": report.safeties,
    }


def _counts(report: Report) -> dict[str, int]:
    return {verdict: sum(one.verdict == verdict for one in report.results) for verdict in VERDICTS}


def _counted(report: Report) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in _counts(report).items() if count)


def _words(abilities: tuple[str, ...]) -> str:
    return ", ".join(one.replace("_", " ") for one in abilities)
