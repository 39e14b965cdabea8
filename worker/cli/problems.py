"""From an exception to words and an exit code: one table for every command.

Protects: what a user can expect to meet (a bad setting, an unreadable file, a held database, an unknown
id, a book that says no) is told as error, why, fix and id, and never as a traceback.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from dataclasses import dataclass

import typer

from worker.cli import exits
from worker.cli.output import write_json


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, why, what helps, and the id of the thing it is about ("" = none)."""

    code: int
    error: str
    why: str = ""
    fix: str = ""
    id: str = ""
    details: tuple[str, ...] = ()


class Stop(Exception):
    """A command stops with a problem it has found itself."""

    def __init__(
        self,
        code: int,
        error: str,
        *,
        why: str = "",
        fix: str = "",
        thing: str = "",
        details: tuple[str, ...] = (),
    ) -> None:
        super().__init__(error)
        self.problem = Problem(code, error, why, fix, thing, details)


def tell(problem: Problem, *, as_json: bool) -> None:
    """Print a problem on stderr."""
    if as_json:
        words = {"error": problem.error, "why": problem.why, "fix": problem.fix, "id": problem.id}
        kind = {"class": exits.WORDS.get(problem.code, "failed"), "exit_code": problem.code}
        write_json({"schema": 1, **words, **kind, "details": problem.details}, sys.stderr)
        return
    lines = [f"error: {problem.error}"]
    lines += [f"  {detail}" for detail in problem.details]
    for name, text in (("why", problem.why), ("fix", problem.fix), ("id", problem.id)):
        if text:
            lines.append(f"{name + ':':<7}{text}")
    sys.stderr.write("\n".join(lines) + "\n")


def problem_of(error: Exception) -> Problem:
    """The problem an exception means; one we do not know is a defect of ours and says so."""
    if isinstance(error, Stop):
        return error.problem
    if isinstance(error, typer.TyperException):
        return _usage(error)
    for explain in (_setting, _not_found, _refused, _file, _connector, _database, _system):
        problem = explain(error)
        if problem is not None:
            return problem
    if os.environ.get("SUBLEDGER_LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(error)
    stack = traceback.extract_tb(error.__traceback__)
    place = f" ({stack[-1].name}, line {stack[-1].lineno})" if stack else ""
    return Problem(
        exits.FAILED,
        f"Subledger met something it does not know: {type(error).__name__}: {error}",
        why=f"This is a defect of Subledger, not of what you did{place}.",
        fix="Run it again with SUBLEDGER_LOG_LEVEL=debug to see where, and report that text.",
    )


def _usage(error: typer.TyperException) -> Problem:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "subledger"
    return Problem(exits.WRONG_USE, error.format_message().rstrip("."), fix=f"See: {path} --help")


def _setting(error: Exception) -> Problem | None:
    from worker.settings import BadSettings
    from worker.store.engine import BadDatabaseUrl
    from worker.store.vault import BadKeys, Unsealable

    if isinstance(error, BadSettings):
        return Problem(exits.WRONG_USE, f"a setting of the environment cannot be used: {error}")
    if isinstance(error, BadDatabaseUrl):
        return Problem(exits.WRONG_USE, str(error), fix="Set DATABASE_URL, or unset it for ./subledger.db.")
    if isinstance(error, BadKeys):
        return Problem(
            exits.WRONG_USE,
            str(error),
            why="Tokens of books are stored encrypted, with the keys of SUBLEDGER_KEYS.",
            fix="Set SUBLEDGER_KEYS to the output of: subledger keys new",
        )
    if isinstance(error, Unsealable):
        return Problem(
            exits.SIGN_IN,
            str(error),
            fix="Add the old key to SUBLEDGER_KEYS, or connect the book again: subledger book connect",
        )
    return None


def _not_found(error: Exception) -> Problem | None:
    from connectors.registry import UnknownLedger
    from worker.bootstrap import UnknownBook
    from worker.flows.overview import Ambiguous, UnknownDelivery, UnknownDocument
    from worker.flows.reconcile_book import UnknownDifference
    from worker.flows.replay_plan import UnknownPlan
    from worker.flows.reverse import UnknownRun
    from worker.flows.statement import UnknownParty

    if isinstance(error, Ambiguous):
        return Problem(exits.WRONG_USE, str(error), fix="Give the id instead of the number.")
    for kind, listing in (
        (UnknownBook, "subledger book list"),
        (UnknownDocument, "subledger document list"),
        (UnknownDelivery, "subledger delivery list"),
        (UnknownPlan, "subledger replay list"),
        (UnknownRun, "subledger status"),
        (UnknownDifference, "subledger reconcile list"),
        (UnknownParty, "subledger workspace export"),
    ):
        if isinstance(error, kind):
            return Problem(exits.NOT_FOUND, str(error), fix=f"See what there is: {listing}")
    return Problem(exits.WRONG_USE, str(error)) if isinstance(error, UnknownLedger) else None


def _refused(error: Exception) -> Problem | None:
    from worker.delivery.states import ForbiddenEdge
    from worker.embedded import HeldElsewhere
    from worker.flows.followup import NotPossible
    from worker.flows.orders import NotTaken, OrderFailed
    from worker.flows.replay import NotCancellable
    from worker.flows.replay_plan import PlanRefused
    from worker.flows.workspace import CutOverMissing
    from worker.store.migrate import UnsupportedRevision
    from worker.store.restating import RestatementNeeded

    if isinstance(error, HeldElsewhere):
        return Problem(
            exits.LATER,
            str(error),
            why="With SQLite one process at a time bills and sends; the others may look.",
            fix="Stop that process or wait for it; with PostgreSQL and REDIS_URL many may work.",
        )
    if isinstance(error, NotTaken | OrderFailed):
        later = isinstance(error, NotTaken)
        return Problem(
            exits.LATER if later else exits.FAILED,
            str(error),
            why="Another process holds the database; this command handed its work to it.",
            fix="Look at that process's log, then run this again.",
        )
    if isinstance(error, UnsupportedRevision):
        return Problem(exits.REFUSED, str(error))
    if isinstance(error, RestatementNeeded):
        return Problem(
            exits.REFUSED,
            "this file changes price lists or contracts on billed days; nothing was imported",
            why="Days that are billed would come out differently.",
            fix="Give the change a `from` after the billed days, or repeat the import with --restate.",
            details=tuple(str(one) for one in error.restatements),
        )
    if isinstance(error, CutOverMissing):
        return Problem(
            exits.REFUSED,
            f"{error.name} was not imported: it would bill the past again, into a real book",
            why="Its contracts began before today, and nothing says from which day on we bill.",
            fix="Say in each place which day that is, and import the file again.",
            details=tuple(str(one) for one in error.findings),
        )
    if isinstance(error, PlanRefused):
        return Problem(exits.REFUSED, str(error), why="A plan is applied once, while it is fresh.")
    if isinstance(error, NotCancellable | ForbiddenEdge | NotPossible):
        return Problem(exits.REFUSED, str(error))
    return None


def _file(error: Exception) -> Problem | None:
    """Trouble with a file that was named on the command line carries its findings."""
    findings = getattr(error, "findings", None)
    if isinstance(findings, tuple) and findings:
        count = "1 thing" if len(findings) == 1 else f"{len(findings)} things"
        name = getattr(error, "name", "the file")
        return Problem(
            exits.WRONG_USE,
            f"{name} was not read: {count} to correct; nothing was changed",
            fix="Correct each place and import the file again.",
            details=tuple(str(finding) for finding in findings),
        )
    return None


def _connector(error: Exception) -> Problem | None:
    from connectors.errors import ConnectorError, ConsentLost, OutcomeUnknown, Refused, Throttled, Unreachable

    if not isinstance(error, ConnectorError):
        return None
    code = exits.FAILED
    if isinstance(error, ConsentLost):
        code = exits.SIGN_IN
    elif isinstance(error, Throttled | Unreachable | OutcomeUnknown):
        code = exits.LATER
    elif isinstance(error, Refused):
        code = exits.REFUSED
    return Problem(code, error.why, why=error.detail, fix=error.hint, id=error.trace_id)


def _database(error: Exception) -> Problem | None:
    from worker.store.trouble import explain

    trouble = explain(error)
    if trouble is None:
        return None
    code = exits.LATER if trouble.passes else exits.WRONG_USE
    return Problem(code, "the database cannot be used", why=trouble.why, fix=trouble.fix)


_SYSTEM: dict[int, tuple[int, str]] = {
    errno.ENOSPC: (exits.LATER, "The disk is full: free space, then run it again."),
    errno.EADDRINUSE: (exits.LATER, "Another program listens there: stop it, or choose another --port."),
    errno.EADDRNOTAVAIL: (exits.WRONG_USE, "This machine has no such address: choose another --host."),
    errno.EACCES: (exits.WRONG_USE, "You may not do that: check the permissions."),
    errno.ENOENT: (exits.WRONG_USE, "Check the name."),
    errno.EISDIR: (exits.WRONG_USE, "It is a folder: name a file in it."),
}


def _system(error: Exception) -> Problem | None:
    if not isinstance(error, OSError):
        return None
    code, fix = _SYSTEM.get(error.errno or 0, (exits.FAILED, ""))
    name = f"{error.filename}: " if error.filename else ""
    return Problem(code, f"{name}{error.strerror or error}", fix=fix)
