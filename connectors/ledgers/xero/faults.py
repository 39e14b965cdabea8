"""Xero's refusals as data: which of the seven words each one is (ledgers.md 1.4).

The HTTP status decides first. Xero gives no machine code per rule, so a refused record is recognised by its
text; among several texts the most careful word wins. A text without a row is `Unrecognised`: parked, with the
row to add here.
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
from connectors.ledgers.xero.fault_bodies import read_messages

LIMITS = "https://developer.xero.com/documentation/oauth2/limits"
SPEC = "github.com/XeroAPI/Xero-OpenAPI e952d0b, example of a 400 answer"
SDK = "github.com/XeroAPI"
UNVERIFIED = "unverified: seen in other people's clients only"

RECONNECT = "Ask somebody who may do so in the organisation to reconnect the book."
LOOK = "Subledger looks the record up and adopts it only if it is ours."
OUR_BUG = "This is a defect of Subledger: please report it with the text."

RETRY_AFTER_MIN_S = 1.0
RETRY_AFTER_MAX_S = 86_400.0
CONCURRENT_WAIT_S = 2.0
"""More than five calls at a time: Xero tells no time to wait, and the next call may be fine at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: what was seen (status, or a text in a message) and what it means for us; `code` is ours."""

    word: type[ConnectorError]
    code: str
    hint: str
    source: str
    status: int | None = None
    text: str = ""
    clears_by: Clearing | None = None

    def fits(self, status: int, message: str) -> bool:
        return (self.status is None or self.status == status) and self.text in message.lower()


BY_STATUS: tuple[Fault, ...] = (
    Fault(Throttled, "429", "The organisation allows fewer calls; the lane pauses.", LIMITS, status=429),
    Fault(ConsentLost, "401", RECONNECT, "RFC 9110; the token was refreshed once before", status=401),
    Fault(
        ConsentLost,
        "403",
        "The consent does not cover this organisation, or not all it needs: check tenant_id, then reconnect.",
        "ledgers.md 1.4: 403 tenant or scope",
        status=403,
    ),
    Fault(
        Refused, "404", "Check api_base of the book, and that the document is still there.", SPEC, status=404
    ),
    Fault(OutcomeUnknown, "408", LOOK, "RFC 9110: the request may have been read", status=408),
    Fault(Conflict, "409", LOOK, "ledgers.md 1.4: rare", status=409),
    Fault(Conflict, "412", LOOK, "ledgers.md 1.4: rare", status=412),
    Fault(Refused, "413", "Split the document, or make the file smaller.", LIMITS, status=413),
)

BY_TEXT: tuple[Fault, ...] = (
    Fault(Conflict, "number_taken", LOOK, "pyxero issue 328", text="must be unique"),
    Fault(Conflict, "number_taken", LOOK, SPEC, text="already assigned to another contact"),
    Fault(Conflict, "number_taken", LOOK, SPEC, text="already exists"),
    Fault(
        Refused,
        "period_locked",
        "The period is locked: move the lock date in Xero, or the posting date.",
        "github.com/waynerobinson/xeroizer issue 92",
        text="lock date",
        clears_by="period_closed",
    ),
    Fault(
        Refused,
        "contact_archived",
        "The contact is archived: restore it in Xero.",
        UNVERIFIED,
        text="archived",
        clears_by="customer_inactive",
    ),
    Fault(
        Refused,
        "currency_off",
        "Add the currency in Xero (Settings, Currencies); the plan of the organisation has to allow it.",
        "Expensify help, XRO068",
        text="not subscribed to currency",
    ),
    Fault(
        Refused,
        "settled_there",
        "It is paid, or a credit is allocated to it: take that back in Xero first, or issue a credit note.",
        f"{SDK}: This document cannot be edited as it has a payment or credit note allocated to it.",
        text="payment or credit note allocated",
    ),
    Fault(
        Refused,
        "status_there",
        "It is paid, voided or deleted in Xero: decide there.",
        f"{SDK}: Invoice not of valid status for modification",
        text="not of valid status",
    ),
    Fault(
        Refused,
        "allocation_there",
        "More than is left of the credit note or the invoice: look at both in Xero, then cancel it.",
        UNVERIFIED,
        text="amount outstanding",
    ),
    Fault(
        Refused,
        "tax_type",
        "Xero does not take this tax type on this account: correct the chart's tax_codes or the account.",
        f"{SDK}/Xero-Java issue 336",
        text="taxtype",
    ),
    Fault(
        Refused,
        "tax_type",
        "Xero does not know this tax rate: correct the chart's tax_codes.",
        f"{SDK}/Xero-Java issue 353",
        text="tax rate must be valid",
    ),
    Fault(
        Refused,
        "account_code",
        "Xero does not take this account here: correct the chart's account.",
        f"{SDK}/Xero-NetStandard issue 364",
        text="account code",
    ),
    Fault(
        Refused,
        "account_code",
        "Xero does not know this account: correct the chart's account.",
        f"{SDK}/Xero-Java issue 353",
        text="account must be valid",
    ),
    Fault(
        Refused, "item_code", "The item is unknown there: check the mapping.", UNVERIFIED, text="item code"
    ),
    Fault(
        Refused,
        "tracking",
        "Correct the class's ledger_ids, as in Region=North.",
        UNVERIFIED,
        text="tracking",
    ),
    Fault(
        Refused, "contact_unknown", "The contact is gone: map it anew.", UNVERIFIED, text="contact could not"
    ),
    Fault(
        Refused,
        "too_long",
        "A text is longer than Xero takes: shorten it in the workspace.",
        UNVERIFIED,
        text="maximum length",
    ),
    Fault(Refused, "idempotency_key", OUR_BUG, "ledgers.md 1.3: behaviour unverified", text="idempotency"),
)

_SERVER_SIDE = Fault(OutcomeUnknown, "5xx", LOOK, "RFC 9110: it may have been carried out")
_ELSEWHERE = Fault(OutcomeUnknown, "3xx", "Check api_base of the book.", "RFC 9110: a redirect is no answer")
_NO_ROW = Fault(Unrecognised, "unknown_text", "Add the row to faults.py once its meaning is known.", "")

_CARE = (OutcomeUnknown, ConsentLost, Throttled, Conflict, Unrecognised, Refused)


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> ConnectorError | None:
    """The word for an answer that is no success, None when it is one."""
    if 200 <= status < 300:
        return None
    messages = read_messages(body)
    row = _by_status(status) or _by_text(messages)
    return _built(row, messages, status=status, headers=headers)


def record_refusal(messages: tuple[str, ...], *, trace_id: str) -> ConnectorError:
    """The word for one record that was turned down inside an answered call."""
    return _built(_by_text(messages), messages, status=400, headers={}, trace_id=trace_id)


def _by_status(status: int) -> Fault | None:
    for row in BY_STATUS:
        if row.status == status:
            return row
    if status >= 500:
        return _SERVER_SIDE
    return _ELSEWHERE if 300 <= status < 400 else None


def _by_text(messages: tuple[str, ...]) -> Fault:
    """The row of the message that asks for the most care."""
    rows = [next((row for row in BY_TEXT if row.fits(400, message)), _NO_ROW) for message in messages]
    return min(rows, key=lambda row: _CARE.index(row.word), default=_NO_ROW)


def _built(
    row: Fault,
    messages: tuple[str, ...],
    *,
    status: int,
    headers: Mapping[str, str],
    trace_id: str = "",
) -> ConnectorError:
    told = redact("; ".join(messages)) or "no explanation"
    trace_id = trace_id or headers.get("xero-correlation-id", "")
    code = row.code
    why = f"Xero answered {status} ({code}): {told}"
    if row.word is Throttled:
        problem = headers.get("X-Rate-Limit-Problem", "").lower()
        return Throttled(
            f"Xero asked us to wait ({problem or 'no limit named'})",
            code=code,
            status=status,
            detail=told,
            hint=row.hint,
            trace_id=trace_id,
            retry_after_s=_wait(problem, headers.get("Retry-After")),
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


def _wait(problem: str, retry_after: str | None) -> float | None:
    """Seconds to wait: their Retry-After (minute and day limits), a moment where too many ran at a time."""
    if retry_after is not None and retry_after.strip().isdigit():
        return min(max(float(retry_after), RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)
    return CONCURRENT_WAIT_S if problem.startswith("concurrent") else None
