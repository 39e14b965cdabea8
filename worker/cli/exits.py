"""Exit codes: the same number means the same thing for every verb."""

from __future__ import annotations

from collections.abc import Mapping

DONE = 0
FAILED = 1
WRONG_USE = 2
ATTENTION = 3
SIGN_IN = 4
NOT_FOUND = 5
REFUSED = 6
LATER = 7
DIFFERENT = 8
INTERRUPTED = 130

MEANINGS: Mapping[int, str] = {
    DONE: "done",
    FAILED: "failed",
    WRONG_USE: "wrong use: the command, a setting or an input file cannot be used as it is",
    ATTENTION: "done, and something needs a person: documents to approve, or held, parked or blocked ones",
    SIGN_IN: "a sign-in or a relink of a book is needed",
    NOT_FOUND: "not found",
    REFUSED: "refused by a safety check",
    LATER: "a limit or an outage: try later",
    DIFFERENT: "two sides that were compared are different",
    INTERRUPTED: "interrupted (Ctrl-C)",
}

WORDS: Mapping[int, str] = {
    FAILED: "failed",
    WRONG_USE: "wrong_use",
    ATTENTION: "attention",
    SIGN_IN: "auth",
    NOT_FOUND: "not_found",
    REFUSED: "refused",
    LATER: "outage",
    DIFFERENT: "different",
    INTERRUPTED: "interrupted",
}
"""The class word of an error, as the JSON on stderr carries it."""
