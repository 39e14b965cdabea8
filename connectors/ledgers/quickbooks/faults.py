"""QuickBooks Online's refusals as data: which of the seven words each one is (qbo.md section 9).

The HTTP status decides first, then the fault code; among several errors of one answer the most
careful word wins. A code without a row is `Unrecognised`: parked, with the row to add here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.errors import (
    Clearing,
    Conflict,
    ConnectorError,
    ConsentLost,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unrecognised,
)
from connectors.http.redact import redact
from connectors.ledgers.quickbooks.fault_bodies import FaultError, read_fault

DOCS = "https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting"
COMMON = f"{DOCS}/handling-common-errors"
LIMITS = "https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles"
OLD_TABLE = "https://insighthk.com/service/quickbooksrepair/IPP-Error-Codes.html"
CODES = "https://knowledgebase.curbwaste.com/quickbooks-online-error-codes"
FIXTURES = "github.com/ruckus/quickbooks-ruby spec/fixtures"
UNVERIFIED = "unverified: author knowledge"

RECONNECT = "Ask an administrator of the company to reconnect the book."
LOOK = "Subledger looks the record up and adopts it only if it is ours."
OUR_BUG = "This is a defect of Subledger: please report it with the trace id."
NAMES_WRONG = "Correct the record in the workspace, then replay."

RETRY_AFTER_MIN_S = 1.0
RETRY_AFTER_MAX_S = 900.0
MAINTENANCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: what was seen (status, code, a text in message or detail) and what it means for us."""

    word: type[ConnectorError]
    hint: str
    source: str
    status: int | None = None
    code: str = ""
    text: str = ""
    element: str = ""
    clears_by: Clearing | None = None
    wait_s: float | None = None

    def fits(self, status: int, error: FaultError) -> bool:
        told = f"{error.message} {error.detail}".lower()
        return (
            (self.status is None or self.status == status)
            and (not self.code or self.code == error.code)
            and (not self.text or self.text in told)
            and (not self.element or self.element.lower() in error.element.lower())
        )


REFRESH_CODES = frozenset({"100", "110", "3200"})
"""Codes that one forced token refresh may cure, besides status 401 (errors.json: refresh_then_retry)."""

BY_STATUS: tuple[Fault, ...] = (
    Fault(Throttled, "The book allows fewer calls; the lane pauses.", LIMITS, status=429),
    Fault(Throttled, "The book allows fewer calls; the lane pauses.", OLD_TABLE, status=403, code="3001"),
    Fault(ConsentLost, RECONNECT, COMMON, status=401),
    Fault(
        ConsentLost,
        "Check that keys, environment and company id belong together, then reconnect the book.",
        "http://cloud-elements.github.io/docs/elements/quickbooksonline/tips.html",
        status=403,
    ),
    Fault(Refused, "Check realm_id and api_base of the book.", f"{DOCS}/error-codes", status=404),
    Fault(OutcomeUnknown, LOOK, LIMITS, status=408),
    Fault(Refused, "Split the document.", UNVERIFIED, status=413),
)

BY_CODE: tuple[Fault, ...] = (
    Fault(ConsentLost, RECONNECT, OLD_TABLE, code="100"),
    Fault(ConsentLost, RECONNECT, OLD_TABLE, code="110"),
    Fault(
        ConsentLost,
        "The person who connected lost their rights: an administrator must reconnect the book.",
        COMMON,
        code="120",
    ),
    Fault(OutcomeUnknown, LOOK, OLD_TABLE, code="130"),
    Fault(Refused, "The company is locked: its owner has to ask Intuit.", OLD_TABLE, code="140"),
    Fault(Throttled, "The company is under maintenance.", OLD_TABLE, code="150", wait_s=MAINTENANCE_S),
    Fault(Refused, OUR_BUG, COMMON, code="500"),
    Fault(Conflict, LOOK, OLD_TABLE, code="600"),
    Fault(
        Refused,
        "The item is inactive: make it active in QuickBooks, or map the line to another.",
        COMMON,
        code="610",
        text="inactive",
        element="item",
        clears_by="item_inactive",
    ),
    Fault(
        Refused,
        "Something the document uses is inactive, mostly the customer: make it active in QuickBooks.",
        COMMON,
        code="610",
        text="inactive",
        clears_by="customer_inactive",
    ),
    Fault(Refused, "The record was deleted in QuickBooks: decide there, then replay.", COMMON, code="610"),
    Fault(Refused, "The document it should be linked to is gone or of another customer.", CODES, code="620"),
    Fault(Conflict, LOOK, OLD_TABLE, code="630"),
    Fault(Refused, "The customer above is not usable: check it in QuickBooks.", OLD_TABLE, code="700"),
    Fault(Refused, "Other records depend on it: unlink payments first.", OLD_TABLE, code="800"),
    Fault(OutcomeUnknown, LOOK, OLD_TABLE, code="1000"),
    Fault(Refused, OUR_BUG, UNVERIFIED, code="2010"),
    Fault(Refused, OUR_BUG, COMMON, code="2020"),
    Fault(Refused, NAMES_WRONG, UNVERIFIED, code="2030"),
    Fault(Refused, NAMES_WRONG, "https://example-a.com/answer/24529982", code="2040"),
    Fault(Refused, NAMES_WRONG, CODES, code="2050"),
    Fault(Refused, OUR_BUG, FIXTURES, code="2080"),
    Fault(Refused, OUR_BUG, COMMON, code="2170"),
    Fault(Refused, "Correct the e-mail address of the customer.", CODES, code="2210"),
    Fault(
        Refused,
        "The item is unknown or inactive in this company: check the mapping.",
        COMMON,
        code="2500",
        text="inactive",
        element="item",
        clears_by="item_inactive",
    ),
    Fault(
        Refused,
        "Something the document uses is inactive, mostly the customer: make it active in QuickBooks.",
        COMMON,
        code="2500",
        text="inactive",
        clears_by="customer_inactive",
    ),
    Fault(
        Refused, "An id of the mapping is unknown in this company: correct the mapping.", COMMON, code="2500"
    ),
    Fault(Throttled, "The book allows fewer calls; the lane pauses.", LIMITS, code="3001"),
    Fault(
        ConsentLost,
        "Check that keys, environment and company id belong together, then reconnect the book.",
        "http://cloud-elements.github.io/docs/elements/quickbooksonline/tips.html",
        code="3100",
    ),
    Fault(ConsentLost, RECONNECT, COMMON, code="3200"),
    Fault(Refused, OUR_BUG, FIXTURES, code="4000"),
    Fault(Refused, OUR_BUG, FIXTURES, code="4001"),
    Fault(
        Refused,
        "The period is closed: reopen it in QuickBooks, or move the posting date.",
        "github.com/ej2/python-quickbooks issue 208: code 5010 with the text of a closed period",
        code="5010",
        text="period closed",
        clears_by="period_closed",
    ),
    Fault(Conflict, LOOK, COMMON, code="5010"),
    Fault(Refused, "The plan of the company lacks this feature.", OLD_TABLE, code="5020"),
    Fault(Refused, "The company lacks this feature.", OLD_TABLE, code="5030"),
    Fault(
        Refused,
        "The customer has another currency in QuickBooks: map the party to a customer of this currency.",
        COMMON,
        code="6000",
        text="currency",
    ),
    Fault(Refused, "Read the detail: QuickBooks names the rule that was broken.", COMMON, code="6000"),
    Fault(Refused, "The account lacks a type.", OLD_TABLE, code="6010"),
    Fault(Refused, "The upload is over 100 MB.", OLD_TABLE, code="6030"),
    Fault(Refused, OUR_BUG, OLD_TABLE, code="6040"),
    Fault(Refused, OUR_BUG, OLD_TABLE, code="6050"),
    Fault(Refused, OUR_BUG, OLD_TABLE, code="6070"),
    Fault(Refused, NAMES_WRONG, OLD_TABLE, code="6080"),
    Fault(Refused, OUR_BUG, OLD_TABLE, code="6090"),
    Fault(
        Refused,
        "Map the tax code to TAX or NON: a US company knows no other on lines.",
        OLD_TABLE,
        code="6100",
    ),
    Fault(Conflict, LOOK, COMMON, code="6140"),
    Fault(
        Refused,
        "The QuickBooks subscription of the company ended: its owner has to renew it.",
        COMMON,
        code="6190",
        clears_by="subscription_lapsed",
    ),
    Fault(
        Conflict,
        LOOK,
        "developer.intuit.com/hub/blog/2017/06/08: an old list prints 6210 for a duplicate number",
        code="6210",
        text="duplicate document number",
    ),
    Fault(
        Refused,
        "The period is closed: reopen it in QuickBooks, or move the posting date.",
        COMMON,
        code="6210",
        clears_by="period_closed",
    ),
    Fault(Conflict, LOOK, COMMON, code="6240"),
    Fault(Refused, "The customer is not valid in this company: check the mapping.", CODES, code="6250"),
    Fault(Refused, "The transaction is deposited: delete the deposit line first.", COMMON, code="6540"),
    Fault(Refused, OUR_BUG, CODES, code="6560"),
    Fault(OutcomeUnknown, LOOK, FIXTURES, code="10000"),
)

_SERVER_SIDE = Fault(OutcomeUnknown, LOOK, LIMITS)
_ELSEWHERE = Fault(OutcomeUnknown, "Check api_base of the book.", "RFC 9110: a redirect is no answer")
_NO_ROW = Fault(Unrecognised, "Add the row to faults.py once its meaning is known.", "")

_CARE = (OutcomeUnknown, ConsentLost, Throttled, Conflict, Unrecognised, Refused)


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> ConnectorError | None:
    """The word for an answer that is not a well-formed success, or None when it is one (or a batch)."""
    errors = read_fault(body)
    success = 200 <= status < 300
    if success and not errors:
        return None
    trace_id = headers.get("intuit_tid", "")
    row, error = _chosen(status, errors or (FaultError(),))
    return _built(
        row, error, errors, status=status, trace_id=trace_id, retry_after=headers.get("Retry-After")
    )


def batch_refusal(errors: tuple[FaultError, ...], *, trace_id: str) -> ConnectorError:
    """The word for one item's fault inside an answered batch (HTTP 200)."""
    row, error = _chosen(200, errors)
    return _built(row, error, errors, status=200, trace_id=trace_id, retry_after=None)


def _chosen(status: int, errors: tuple[FaultError, ...]) -> tuple[Fault, FaultError]:
    """The row of the error that asks for the most care."""
    pairs = [(_row(status, error), error) for error in errors]
    return min(pairs, key=lambda pair: _CARE.index(pair[0].word))


def _row(status: int, error: FaultError) -> Fault:
    for row in BY_STATUS:
        if row.fits(status, error):
            return row
    if status >= 500:
        return _SERVER_SIDE
    if 300 <= status < 400:
        return _ELSEWHERE
    for row in BY_CODE:
        if row.fits(status, error):
            return row
    return _NO_ROW


def _built(
    row: Fault,
    error: FaultError,
    errors: tuple[FaultError, ...],
    *,
    status: int,
    trace_id: str,
    retry_after: str | None,
) -> ConnectorError:
    code = error.code or str(status)
    told = redact("; ".join(each.told for each in errors if each.told)) or "no explanation"
    why = f"QuickBooks answered {status} ({code}): {told}"
    if row.word is Throttled:
        return Throttled(
            why,
            code=code,
            status=status,
            detail=told,
            hint=row.hint,
            trace_id=trace_id,
            retry_after_s=row.wait_s if row.wait_s is not None else _seconds(retry_after),
        )
    if row.word is Refused:
        return Refused(
            why,
            code=code,
            status=status,
            detail=told,
            hint=row.hint,
            trace_id=trace_id,
            clears_by=row.clears_by,
        )
    return row.word(why, code=code, status=status, detail=told, hint=row.hint, trace_id=trace_id)


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After in seconds, kept within 1..900 (R8); None when absent or a date."""
    if retry_after is None or not retry_after.strip().isdigit():
        return None
    return min(max(float(retry_after), RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)
