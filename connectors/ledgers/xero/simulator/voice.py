"""What Xero answers: records in their envelope, validation errors, problem pages, and headers of limits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.ledgers.xero.simulator.organisation import Body
from connectors.ledgers.xero.simulator.wire_dates import stamp
from connectors.simulation.codec import NotJson, decode, encode
from connectors.simulation.exchange import HTML, Answer
from connectors.simulation.faults import Fault
from connectors.simulation.misbehaving import unavailable_page

_WRONG_ECHO: Mapping[str, object] = {
    "InvoiceNumber": "WRONG-ECHO",
    "CreditNoteNumber": "WRONG-ECHO",
    "Total": Decimal("999999.99"),
    "Contact": {"ContactID": "99999999-9999-4999-8999-999999999999"},
    "Name": "Wrong echo",
    "Code": "WRONG-ECHO",
}
_RECORD_IDS = frozenset({"InvoiceID", "CreditNoteID", "ContactNumber", "ItemID"})


class Refusal(Exception):
    """A request that is turned down as a whole: status and body."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


def envelope(kind: str, records: Sequence[Body], *, now: datetime) -> Answer:
    """A success with its records."""
    return Answer(
        200,
        encode(
            {
                "Id": str(uuid.uuid4()),
                "Status": "OK",
                "ProviderName": "Subledger",
                "DateTimeUTC": stamp(now),
                kind: list(records),
            }
        ),
    )


def with_errors(sent: Mapping[str, object], messages: Sequence[str]) -> Body:
    """A record that was turned down, as an answer shows it beside good ones."""
    return {
        **sent,
        "HasErrors": True,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": message} for message in messages],
    }


def validation(elements: Sequence[Body]) -> Answer:
    """400 with every element and what is wrong with it."""
    body = {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": list(elements),
    }
    return Answer(400, encode(body))


def bad_request(message: str, *, number: int = 14, kind: str = "PostDataInvalidException") -> Answer:
    return Answer(400, encode({"ErrorNumber": number, "Type": kind, "Message": message}))


def problem(status: int, title: str, detail: str) -> Answer:
    """401 and 403 as the gateway writes them."""
    body = {"Type": None, "Title": title, "Status": status, "Detail": detail, "Instance": str(uuid.uuid4())}
    return Answer(status, encode(body))


def unauthorized() -> Answer:
    return problem(401, "Unauthorized", "TokenExpired: token expired or was revoked")


def forbidden() -> Answer:
    return problem(403, "Forbidden", "AuthenticationUnsuccessful")


def not_found() -> Answer:
    return Answer(404, b"The resource you're looking for cannot be found", "text/plain")


@dataclass(frozen=True, slots=True)
class XeroVoice:
    """The bodies of scripted refusals (`connectors.simulation.misbehaving.Voice`)."""

    def throttled(self, fault: Fault) -> Answer:
        headers: tuple[tuple[str, str], ...] = (("X-Rate-Limit-Problem", fault.detail or "minute"),)
        if fault.retry_after:
            headers += (("Retry-After", fault.retry_after),)
        return Answer(429, b"", headers=headers)

    def unavailable(self, fault: Fault, status: int) -> Answer:
        headers = (("Retry-After", fault.retry_after),) if fault.retry_after else ()
        if fault.format == "json" or (fault.format == "" and status == 500):
            message = "An error occurred in Xero. Check the API Status page"
            return Answer(status, encode({"ErrorNumber": 500, "Message": message}), headers=headers)
        return Answer(status, unavailable_page(status), HTML, headers)

    def fault(self, fault: Fault, *, in_200: bool) -> Answer:
        """`detail` is the validation message, `code` only stands in where there is none."""
        message = fault.detail or f"Validation message {fault.code or 'unknown'}"
        if in_200:
            elements: dict[str, object] = {
                kind: [with_errors({}, [message])]
                for kind in ("Invoices", "CreditNotes", "Contacts", "Items")
            }
            return Answer(200, encode({"Status": "OK", **elements}))
        if fault.status in (401, 403):
            return unauthorized() if fault.status == 401 else forbidden()
        if fault.status not in (0, 400):
            return Answer(fault.status, encode({"Message": message}))
        return validation([with_errors({}, [message])])

    def wrong_echo(self, fault: Fault, answer: Answer) -> Answer:
        try:
            body = decode(answer.body)
        except NotJson:
            return answer
        changes = fault.changes or _WRONG_ECHO
        return Answer(answer.status, encode(_changed(body, changes)), answer.content_type, answer.headers)


def _changed(value: object, changes: Mapping[str, object]) -> object:
    """The members of every record replaced; what a record holds inside is left alone."""
    if isinstance(value, list):
        return [_changed(entry, changes) for entry in value]
    if not isinstance(value, dict):
        return value
    if _RECORD_IDS & value.keys():
        return value | {name: other for name, other in changes.items() if name in value}
    return {name: _changed(entry, changes) for name, entry in value.items()}
