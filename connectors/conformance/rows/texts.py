"""Rows about numbers, names and texts at their limits and over them."""

from __future__ import annotations

from connectors.conformance.goods import Wanted
from connectors.conformance.row import Failed, Row, lacks_kind
from connectors.conformance.stage import NotOffered
from connectors.conformance.trial import Trial, insist, told
from connectors.errors import ConnectorError, Refused
from connectors.protocols import Posted, ReadsReferenceData

_LONG = 100
"""Characters of a number or name where a ledger names no limit."""

_LONG_TEXT = 5000
_LONG_NAME = 1000
_ODD = 'O\'Neil & S\u00f6hne "50 %" \\ \u65e5\u672c\u96fb\u4fe1 --; select <b>'


def _number_of(on: Trial, length: int) -> str:
    start = f"{on.number()}-"
    return start[-length:] if length < len(start) else start.ljust(length, "9")


def _number_at(on: Trial) -> str:
    number = _number_of(on, on.ledger.capabilities.number_length_max or _LONG)
    shipment = on.document(Wanted(number))
    done, held = on.posted(shipment), on.held(shipment)
    insist(done.lookup == held.lookup == number, f"{number} became {held.lookup}")
    return f"{len(number)} characters, kept whole"


def _number_over(on: Trial) -> str:
    limit = on.ledger.capabilities.number_length_max
    if not limit:
        raise NotOffered("this ledger sets no limit for numbers")
    number = _number_of(on, limit + 1)
    try:
        shipment = on.document(Wanted(number))
    except Refused as refused:
        return f"refused before anything is sent: {refused.why}"
    outcome = on.attempt(shipment)
    if isinstance(outcome, Posted):
        insist(on.held(shipment).lookup == number, f"a number of {limit + 1} characters was cut")
        return "kept whole: the real limit is higher"
    on.refused(outcome, Refused, what="a number over the limit")
    on.counted(number[:limit], 0)
    return f"{limit + 1} characters are refused, never cut"


def _text_at(on: Trial) -> str:
    length = on.ledger.capabilities.text_length_max or _LONG_TEXT
    shipment = on.document(Wanted(on.number(), description="Seats ".ljust(length, "s")))
    done = on.posted(shipment)
    insist(done.gross == shipment.expect.gross, "a long text changed the total")
    return f"{length} characters on a line are taken"


def _text_over(on: Trial) -> str:
    limit = on.ledger.capabilities.text_length_max
    length = limit + 50 if limit else _LONG_TEXT
    shipment = on.document(Wanted(on.number(), description="Seats " * (length // 6 + 1)))
    done = on.posted(shipment)
    insist(done.gross == shipment.expect.gross, "a long text changed the total")
    return f"{length} characters on a line: " + (f"cut to {limit}, amounts untouched" if limit else "kept")


def _name_at(on: Trial) -> str:
    limit = on.ledger.capabilities.name_length_max or _LONG
    name = f"{on.number()} ".ljust(limit, "n")
    shipment = on.customer(name)
    done = on.posted(shipment)
    insist(on.held(shipment).ledger_id == done.ledger_id, "a name at the limit finds another customer")
    if not isinstance(on.ledger, ReadsReferenceData):
        return f"{limit} characters are taken"
    listed = [one for page in on.ledger.reference_data("customer") for one in page]
    kept = next((one.name for one in listed if one.ledger_id == done.ledger_id), "")
    insist(kept == name, f"a name of {limit} characters is listed as {kept!r}")
    return f"{limit} characters, kept whole"


def _names(on: Trial) -> str:
    start = f"Conformance {on.number()} ".ljust(_LONG_NAME, "n")
    one, other = on.customer(f"{start} one"), on.customer(f"{start} other")
    first, second = on.posted(one), on.posted(other)
    insist(first.ledger_id != second.ledger_id, "two long names that begin alike became one customer")
    for shipment, done in ((one, first), (other, second)):
        insist(on.held(shipment).ledger_id == done.ledger_id, "a cut name finds another customer")
    return f"two names of {_LONG_NAME} characters that begin alike stay two customers"


def _odd_name(on: Trial) -> str:
    shipment = on.customer(f"{on.number()} {_ODD}")
    done = on.posted(shipment)
    insist(on.held(shipment).ledger_id == done.ledger_id, "a name with odd characters finds another customer")
    return f"{_ODD} is written, and found again"


def _odd_text(on: Trial) -> str:
    shipment = on.document(Wanted(on.number(), description=f"{_ODD}\nsecond line\t\u200f\U0001f600"))
    try:
        done = on.posted(shipment)
    except ConnectorError as refused:
        raise Failed(told(refused)) from refused
    insist(done.gross == shipment.expect.gross, "odd characters changed the total")
    on.held(shipment)
    return "quotes, scripts, line breaks and signs of any language go through"


_NO_CUSTOMERS = "this ledger holds no customers; they stand in each document"

ROWS = (
    Row("number_at_limit", "A number as long as the ledger takes is kept whole.", _number_at, is_core=True),
    Row("number_over_limit", "A number that is too long is refused, never cut.", _number_over),
    Row("text_at_limit", "A text as long as the ledger takes is taken.", _text_at, is_core=True),
    Row("text_over_limit", "A long text costs characters, never amounts.", _text_over, is_core=True),
    Row("odd_text", "Any character may stand in a text.", _odd_text, is_core=True),
    Row(
        "name_at_limit", "A name as long as the ledger takes is kept whole.", _name_at,
        lacks_kind("customer", _NO_CUSTOMERS),
    ),
    Row(
        "names_over_limit", "Two long names never become one customer.", _names,
        lacks_kind("customer", _NO_CUSTOMERS),
    ),
    Row(
        "odd_name", "A customer with any character in its name is found again.", _odd_name,
        lacks_kind("customer", _NO_CUSTOMERS),
    ),
)  # fmt: skip
