"""Is a request's body well formed? Members, types, lengths and enumerations, before any business rule.

What QuickBooks takes for "not given" is dropped here: null, an empty text, a reference without value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.bounds import ADDRESS_LINES_MAX, FORBIDDEN_CHARACTERS
from connectors.ledgers.quickbooks.simulator.members import SCALARS, Member, RecordRule
from connectors.ledgers.quickbooks.simulator.problems import (
    Problem,
    Refusal,
)
from connectors.ledgers.quickbooks.simulator.rules_parts import ENUMERATIONS, PARTS

Body = dict[str, object]

_TEXT_OF_PART = {
    "MemoRef": "value",
    "EmailAddress": "Address",
    "TelephoneNumber": "FreeFormNumber",
    "WebSiteAddress": "URI",
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_EMAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>.]+(\.[^@\s,<>.]+)+\Z")
_INTEGER_BOUND = 10**10
_FRACTION_DIGITS_MAX = 10
_AMOUNT_FRACTION_MAX = 5


def cleaned(rule: RecordRule, body: object) -> Body:
    """The body without read-only and empty members, or a refusal with every problem found.

    Members sent empty stay as None at the top level: in an update that clears them.
    """
    if not isinstance(body, dict):
        raise Refusal(Problem("2010", f"A {rule.name} must be a JSON object"))
    problems: list[Problem] = []
    result = _record(rule, body, problems, top=True)
    _check_characters(rule, result, problems)
    if problems:
        raise Refusal(*problems)
    return result


def present(body: Mapping[str, object]) -> Body:
    """The members that hold something."""
    return {name: value for name, value in body.items() if value is not None}


def _record(
    rule: RecordRule,
    body: Mapping[str, object],
    problems: list[Problem],
    *,
    top: bool = False,
    bound: int = 0,
) -> Body:
    result: Body = {}
    known = rule.members
    for name, value in body.items():
        member = known.get(name)
        if member is None:
            detail = f'Property Name:Unrecognized field "{name}" specified is unsupported or invalid'
            problems.append(Problem("2010", detail, name))
            continue
        kept = _value(member, value, problems, bound if name == _TEXT_OF_PART.get(rule.name) else 0)
        if not member.read_only and (top or kept is not None):
            result[name] = kept
    return result


def _value(member: Member, value: object, problems: list[Problem], bound: int) -> object:
    if value is None or value == "":
        return None
    if not member.many:
        return _single(member, value, problems, bound)
    if not isinstance(value, list):
        problems.append(Problem("2010", f"Property Name:{member.name} must be a list", member.name))
        return None
    entries = [_single(member, entry, problems, bound) for entry in value]
    return [entry for entry in entries if entry is not None]


def _single(member: Member, value: object, problems: list[Problem], bound: int) -> object:
    kind = member.kind
    part = PARTS.get(kind)
    if part is not None:
        return _part(member, part, value, problems)
    if kind in ENUMERATIONS:
        if value in ENUMERATIONS[kind]:
            return value
        problems.append(Problem("2170", f"Invalid Enumeration : {value}", member.name))
        return None
    if kind not in SCALARS:
        if value not in ({}, []):
            detail = f"Feature Not Supported Error : the simulator does not know {member.name} ({kind})"
            problems.append(Problem("5030", detail, member.name))
        return None
    return _scalar(member, value, problems, bound)


def _part(member: Member, part: RecordRule, value: object, problems: list[Problem]) -> Body | None:
    if not isinstance(value, dict):
        problems.append(Problem("2010", f"Property Name:{member.name} must be an object", member.name))
        return None
    result = _record(part, value, problems, bound=member.max_length)
    missing = [name for name in part.required if name not in result]
    if not missing:
        _check_email(member, result, problems)
        _check_address(member, result, problems)
        return result or None
    if part.name == "CustomField" and result:
        problems.append(Problem("2020", f"Required parameter {missing[0]} is missing", member.name))
    return None


def _check_email(member: Member, part: Body, problems: list[Problem]) -> None:
    """QuickBooks takes several addresses parted by commas."""
    address = part.get("Address") if member.kind == "EmailAddress" else None
    if not isinstance(address, str):
        return
    for one in address.split(","):
        if not _EMAIL.match(one.strip()):
            problems.append(Problem("2210", f"Email Address {one.strip()!r} is not valid", member.name))
            return


def _check_address(member: Member, part: Body, problems: list[Problem]) -> None:
    """The five lines of an address share one bound besides their own."""
    if member.kind != "PhysicalAddress":
        return
    length = sum(len(str(part.get(f"Line{number}", ""))) for number in range(1, 6))
    if length > ADDRESS_LINES_MAX:
        detail = f"Min:0 Max:{ADDRESS_LINES_MAX} supported for Line1 to Line5. Supplied length:{length}"
        problems.append(Problem("2050", detail, member.name))


def _scalar(member: Member, value: object, problems: list[Problem], bound: int) -> object:
    kind = member.kind
    if kind == "id" or member.name == "SyncToken":
        return _identifier(member, value, problems)
    if kind in ("string", "anyURI"):
        return _text(member, value, problems, bound or member.max_length)
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        problems.append(Problem("2010", f"Property Name:{member.name} must be true or false", member.name))
        return None
    if kind == "decimal":
        return _decimal(member, value, problems)
    if kind in ("date", "dateTime"):
        return _moment(member, value, problems)
    return _integer(member, value, problems)


def _identifier(member: Member, value: object, problems: list[Problem]) -> str | None:
    """Ids are texts; QuickBooks also takes whole numbers (its own SDKs send `"SyncToken": 0`)."""
    if isinstance(value, str) and len(value) <= 100:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    problems.append(Problem("2030", f"Invalid ID : {member.name}", member.name))
    return None


def _text(member: Member, value: object, problems: list[Problem], bound: int) -> str | None:
    if not isinstance(value, str):
        problems.append(Problem("2010", f"Property Name:{member.name} must be a string", member.name))
        return None
    if bound and len(value) > bound:
        detail = (
            "String length specified does not match the supported length. "
            f"Min:0 Max:{bound} supported. Supplied length:{len(value)}"
        )
        problems.append(Problem("2050", detail, member.name))
        return None
    if "\x00" in value:
        problems.append(Problem("2040", "Element contains invalid characters. NUL", member.name))
        return None
    return value


def _decimal(member: Member, value: object, problems: list[Problem]) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        problems.append(Problem("2080", f"{member.name} must be a JSON number: {value!r}", member.name))
        return None
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    fraction = -exponent if isinstance(exponent, int) else _FRACTION_DIGITS_MAX + 1
    allowed = _AMOUNT_FRACTION_MAX if member.name == "Amount" else _FRACTION_DIGITS_MAX
    if abs(number) >= _INTEGER_BOUND or fraction > allowed:
        detail = f"{member.name} has too many digits (10 before, {allowed} after the point): {value}"
        problems.append(Problem("2080", detail, member.name))
        return None
    return number


def _integer(member: Member, value: object, problems: list[Problem]) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return None if member.kind == "positiveInteger" and value == 0 else value
    problems.append(Problem("2080", f"{member.name} must be a whole number: {value!r}", member.name))
    return None


def _moment(member: Member, value: object, problems: list[Problem]) -> str | None:
    if isinstance(value, str):
        try:
            if member.kind == "dateTime":
                datetime.fromisoformat(value)
                return value
            if _DATE.match(value):
                date.fromisoformat(value)
                return value
        except ValueError:
            pass
    problems.append(
        Problem("2010", f"Property Name:{member.name} is not a {member.kind}: {value!r}", member.name)
    )
    return None


def _check_characters(rule: RecordRule, body: Body, problems: list[Problem]) -> None:
    names, characters = FORBIDDEN_CHARACTERS.get(rule.name, (frozenset(), frozenset()))
    for name in names & body.keys():
        text = body[name]
        if isinstance(text, str) and characters & set(text):
            problems.append(Problem("2040", f"Element contains invalid characters. {text}", name))
