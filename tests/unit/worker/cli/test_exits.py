"""The exit code table: which exception ends in which code."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from connectors.errors import (
    Conflict,
    ConsentLost,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
    Unrecognised,
)
from connectors.registry import UnknownLedger
from tests.unit.worker.cli.conftest import Command
from worker.bootstrap import UnknownBook
from worker.cli import exits
from worker.cli.problems import problem_of
from worker.delivery.states import ForbiddenEdge
from worker.embedded import HeldElsewhere
from worker.flows.orders import NotTaken, OrderFailed
from worker.flows.overview import Ambiguous, UnknownDelivery, UnknownDocument
from worker.flows.replay import NotCancellable
from worker.settings import BadSettings
from worker.store.engine import BadDatabaseUrl
from worker.store.migrate import UnsupportedRevision
from worker.store.restating import RestatementNeeded
from worker.store.vault import BadKeys, Unsealable

PATH = Path("books.db.lock")

TABLE: list[tuple[Exception, int]] = [
    (BadSettings("SUBLEDGER_PORT: no number"), exits.WRONG_USE),
    (BadDatabaseUrl("no"), exits.WRONG_USE),
    (BadKeys("SUBLEDGER_KEYS is not set"), exits.WRONG_USE),
    (Ambiguous("7", ("a", "b")), exits.WRONG_USE),
    (UnknownLedger("There is no ledger 'sap'"), exits.WRONG_USE),
    (Unsealable("moved"), exits.SIGN_IN),
    (ConsentLost("Access was withdrawn."), exits.SIGN_IN),
    (UnknownBook("UK"), exits.NOT_FOUND),
    (UnknownDocument("7"), exits.NOT_FOUND),
    (UnknownDelivery("7"), exits.NOT_FOUND),
    (UnsupportedRevision("9999", ""), exits.REFUSED),
    (RestatementNeeded(()), exits.REFUSED),
    (NotCancellable("posted"), exits.REFUSED),
    (ForbiddenEdge("posted", "due"), exits.REFUSED),
    (Refused("The period is closed."), exits.REFUSED),
    (HeldElsewhere(PATH, "process 7"), exits.LATER),
    (NotTaken("nobody began"), exits.LATER),
    (Throttled("Wait."), exits.LATER),
    (Unreachable("No route."), exits.LATER),
    (OutcomeUnknown("No answer."), exits.LATER),
    (OSError(errno.ENOSPC, "No space left on device"), exits.LATER),
    (OSError(errno.EADDRINUSE, "Address in use"), exits.LATER),
    (PermissionError(errno.EACCES, "Permission denied"), exits.WRONG_USE),
    (Conflict("Another version."), exits.FAILED),
    (Unrecognised("An answer we have no row for."), exits.FAILED),
    (OrderFailed("broke"), exits.FAILED),
    (RuntimeError("never seen before"), exits.FAILED),
]


class TestException:
    @pytest.mark.parametrize(("error", "code"), TABLE, ids=[type(error).__name__ for error, _ in TABLE])
    def test_ends_in_its_code_with_words(self, error: Exception, code: int) -> None:
        problem = problem_of(error)

        assert problem.code == code
        assert problem.error


class TestExitCodes:
    def test_are_explained_by_the_program(self, run_command: Command) -> None:
        told = run_command("help", "exit-codes", "--json").json["exit_codes"]

        assert [one["code"] for one in told] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]
