"""What QuickBooks says when it turns a request down: fault codes as data, and the shapes they travel in.

Codes, messages and HTTP statuses follow Intuit's error-code page and captured answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from connectors.simulation.codec import encode


@dataclass(frozen=True, slots=True)
class FaultKind:
    """The fixed part of a fault: its message, its type, and the HTTP status it comes with."""

    message: str
    type: str = "ValidationFault"
    status: int = 400


FAULT_KINDS: Mapping[str, FaultKind] = {
    "120": FaultKind("Authorization Failure", "AuthorizationFault"),
    "500": FaultKind("Unsupported Operation"),
    "610": FaultKind("Object Not Found"),
    "620": FaultKind("TxnID Cannot Be Linked"),
    "700": FaultKind("Invalid parent reference"),
    "800": FaultKind("Object cannot be deleted, dependencies exist"),
    "2010": FaultKind("Request has invalid or unsupported property"),
    "2020": FaultKind("Required param missing, need to supply the required value for the API"),
    "2030": FaultKind("Invalid ID"),
    "2040": FaultKind("Invalid String. The String may contain unsupported or illegal chars"),
    "2050": FaultKind("String length is either shorter or longer than supported by specification"),
    "2080": FaultKind("Illegal number format"),
    "2170": FaultKind("Invalid Enumeration"),
    "2210": FaultKind("Email Address does not conform to the syntax rules of RFC 822"),
    "2500": FaultKind("Invalid Reference Id"),
    "3001": FaultKind("message=ThrottleExceeded; errorCode=003001; statusCode=429", "SERVICE", 429),
    "3100": FaultKind(
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", "SERVICE", 403
    ),
    "3200": FaultKind(
        "message=AuthenticationFailed; errorCode=003200; statusCode=401", "AUTHENTICATION", 401
    ),
    "4000": FaultKind("Error parsing query"),
    "4001": FaultKind("Invalid query"),
    "5010": FaultKind("Stale Object Error"),
    "5020": FaultKind("Permission Denied Error"),
    "5030": FaultKind("Feature Not Supported Error"),
    "6000": FaultKind("A business validation error has occurred while processing your request"),
    "6010": FaultKind("AccountType or AccountSubType required"),
    "6030": FaultKind("Attachment size exceeds the limit of 100 MB"),
    "6040": FaultKind("The file metadata is not an Attachable"),
    "6050": FaultKind("The entity reference type is unsupported for Attachable"),
    "6070": FaultKind("Amount calculation incorrect in the request"),
    "6080": FaultKind("No name provided"),
    "6090": FaultKind("Discount line lacks amount or percent"),
    "6100": FaultKind("Line TaxCode invalid for US"),
    "6140": FaultKind("Duplicate Document Number Error"),
    "6190": FaultKind("Invalid Company Status"),
    "6210": FaultKind("Account Period Closed, Cannot Update Through Services API"),
    "6240": FaultKind("Duplicate Name Exists Error"),
    "6540": FaultKind("Deposited Transaction cannot be changed"),
    "10000": FaultKind("An application error has occurred while processing your request", "SystemFault", 500),
}

DETAILS: Mapping[str, str] = {
    "120": "AuthorizationFailure: , statusCode: 401 -11014-You do not have access to use QuickBooks Online.",
    "3001": "The request limit was reached. Try again later",
    "5010": (
        "Stale Object Error : You and another user were working on this at the same time. "
        "The other user finished before you did, so your work was not saved."
    ),
    "6190": (
        "Subscription period has ended or been canceled, or there was a billing problem : You can't add data "
        "to QuickBooks Online Plus because your trial or subscription period ended."
    ),
    "6210": (
        "The account period has closed and the account books cannot be updated through the QBO Services API. "
        "Please use the QBO website to make these changes."
    ),
    "10000": "System Failure Error: simulated",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a fault."""

    code: str
    detail: str = ""
    element: str = ""


class Refusal(Exception):
    """The request is turned down, with one or more problems; nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.code} {problem.detail}" for problem in problems))
        self.problems = problems

    @property
    def status(self) -> int:
        return kind_of(self.problems[0].code).status


def refuse(code: str, detail: str = "", *, element: str = "") -> Refusal:
    """A refusal with one problem; the usual detail of the code when none is given."""
    return Refusal(Problem(code, detail or DETAILS.get(code, ""), element))


def broken_rule(text: str) -> Refusal:
    """6000: a business rule, told in words only."""
    return refuse("6000", f"Business Validation Error: {text}")


def missing(member: str) -> Refusal:
    """2020: a member without which the request means nothing."""
    return refuse("2020", f"Required parameter {member} is missing in the request", element=member)


def unknown_reference(entity: str, identifier: str, *, member: str) -> Refusal:
    """2500: nobody has this id."""
    return refuse(
        "2500", f"Invalid Reference Id : {entity} element id {identifier} not found", element=member
    )


def kind_of(code: str) -> FaultKind:
    return FAULT_KINDS.get(code, FaultKind(f"Error {code}"))


def fault_of(problems: tuple[Problem, ...]) -> dict[str, object]:
    """The `Fault` object of one or more problems."""
    return {
        "Error": [
            {
                "Message": kind_of(problem.code).message,
                "Detail": problem.detail or DETAILS.get(problem.code, ""),
                "code": problem.code,
                "element": problem.element,
            }
            for problem in problems
        ],
        "type": kind_of(problems[0].code).type,
    }


def fault_json(problems: tuple[Problem, ...], *, time: str) -> bytes:
    return encode({"Fault": fault_of(problems), "time": time})


def gateway_json(code: str, *, detail: str, epoch_ms: int) -> bytes:
    """The gateway's own shape (401, 403): lower-case keys, before the request reached the company."""
    kind = kind_of(code)
    error = {"message": kind.message, "detail": detail, "code": code, "element": None}
    return encode(
        {
            "warnings": None,
            "intuitObject": None,
            "fault": {"error": [error], "type": kind.type},
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": epoch_ms,
            "status": None,
            "cdcresponse": [],
        }
    )


def fault_xml(code: str, *, time: str, detail: str = "") -> bytes:
    """The XML fault that comes although JSON was asked for."""
    kind = kind_of(code)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<IntuitResponse time="{time}" xmlns="http://schema.intuit.com/finance/v3">'
        f'<Fault type="{kind.type}"><Error code="{code}"><Message>{escape(kind.message)}</Message>'
        f"<Detail>{escape(detail or DETAILS.get(code, ''))}</Detail></Error></Fault></IntuitResponse>"
    ).encode()
