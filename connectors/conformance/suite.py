"""Runs rows on a trial and tells what became of each; a row never ends without a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.conformance.row import Failed, Result, Row, Verdict
from connectors.conformance.rows import ROWS
from connectors.conformance.stage import NotOffered, NotPossible
from connectors.conformance.trial import Trial
from connectors.errors import ConnectorError, Throttled

_TRIES_MAX = 3


def run(trial: Trial, rows: Iterable[Row] = ROWS) -> Iterator[Result]:
    """One result per row, as they come."""
    for row in rows:
        yield judge(trial, row)


def judge(trial: Trial, row: Row) -> Result:
    """Try one row. Whatever a connector raises is a verdict about the connector.

    A row that meets a limit of somebody's own book is tried again from its beginning, after a wait.
    """
    verdict: Verdict = "failed"
    how = ""
    for _ in range(1 if trial.stage.is_practice else _TRIES_MAX):
        try:
            verdict, how = _tried(trial, row)
            break
        except Throttled as asked:
            how = f"throttled, and not by this row: {asked.why}"
            trial.clock.sleep(asked.retry_after_s or trial.ledger.capabilities.throttle_default_s)
    if verdict == "not offered" and row.is_core:
        verdict, how = "failed", f"{how}; every ledger must offer this"
    return Result(row.name, row.proves, verdict, how)


def _tried(trial: Trial, row: Row) -> tuple[Verdict, str]:
    try:
        missing = row.lacks(trial.ledger) if row.lacks else ""
        return ("not offered", missing) if missing else ("passed", row.run(trial))
    except Failed as failed:
        return "failed", str(failed)
    except NotOffered as absent:
        return "not offered", str(absent)
    except NotPossible as impossible:
        return "not possible", str(impossible)
    except Throttled:
        raise
    except ConnectorError as error:
        return "failed", f"unexpected {type(error).__name__}: {error.why}"
    except Exception as error:  # a connector under trial may break in any way: that is what is told
        return "failed", f"the connector broke: {type(error).__name__}: {error}"
