"""What an event says: a JSON body with `type` and `data`, strictly read into subscription state.

    {"type": "subscription.updated", "timestamp": "2026-02-10T09:30:00Z",
     "data": {"subscription": "S-1", "party": "NORTH", "product": "M365-E3", "plan": "monthly", "term": "P1Y",
              "start": "2026-01-15", "quantity": 14, "effective": "2026-02-10"}}

`data` states what is held in full, never a difference, from `effective` (a date, or an instant with its zone)
on. `{"format": "partner_center", "effective": ..., "resource": {...}}` carries the provider's own resource
instead; its members may also stand in `data` itself. `next_term` schedules the end of the term. Members we do
not know are passed over, unless they look like a misspelt one of ours: a lost "status" would bill a cancelled
subscription.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol, TypeVar, get_args

from connectors import strict_json
from connectors.errors import Refused
from connectors.sources.subscription_events import terms
from mappings.canonical.period import duration_months
from mappings.canonical.subscription import (
    NextTerm,
    Plan,
    Status,
    Subscription,
    SubscriptionState,
    SubscriptionVersion,
)

TYPES = ("subscription.created", "subscription.updated", "subscription.cancelled")

_FIELDS = (
    "subscription", "party", "product", "plan", "term", "start", "quantity", "effective",
    "status", "contract", "name", "parent", "offer", "tenant", "end", "auto_renew", "format", *terms.FIELDS,
)  # fmt: skip
_PROVIDER_FIELDS = ("format", "effective", "party", "product", "contract", "resource")
_PLANS: tuple[Plan, ...] = get_args(Plan)
_CODE = re.compile(r"[A-Za-z0-9_.:,+/-]{0,40}", re.ASCII)

_STATUSES: tuple[Status, ...] = get_args(Status)
_TERMLESS: frozenset[Plan] = frozenset({"one_time", "usage", "trial"})
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"[Tt](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?")
_TEXT_MAX = 200
_QUANTITY_MAX = 10**9
_YEARS = range(1990, 2200)


_Day = TypeVar("_Day", bound=date)


class ResourceReader(Protocol):
    """Reads a provider's own subscription resource; raises `Refused`."""

    def __call__(
        self, resource: Mapping[str, object], *, changed_at: datetime | None, observed: str
    ) -> SubscriptionState: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event before its data is read. `observed` is its timestamp as sortable text, "" without one."""

    type: str
    observed: str
    data: Mapping[str, object]


def read_event(
    body: bytes, *, event_id: str, source: str, formats: Mapping[str, ResourceReader]
) -> tuple[SubscriptionState, ...]:
    """The state an event tells. Raises `Refused` (code `event_invalid`) naming the member that is wrong."""
    envelope = _envelope(body)
    data = envelope.data
    wanted = _text(data, "format") if "format" in data else ""
    if not wanted:
        return (_own_state(envelope, event_id=event_id, source=source),)
    reader = formats.get(wanted)
    if reader is None:
        known = ", ".join(sorted(formats)) or "none"
        raise _wrong("data.format", wanted, f"is not a format we read; known: {known}, or leave it out")
    return (_provider_state(envelope, reader, event_id=event_id),)


def _envelope(body: bytes) -> Envelope:
    try:
        document = strict_json.parse(body)
    except strict_json.JsonRefused as refused:
        raise _refused(f"its body {refused}") from None
    if not isinstance(document, dict):
        raise _refused("its body is not an object with type and data")
    kind, data = document.get("type"), document.get("data")
    if not isinstance(kind, str) or kind not in TYPES:
        raise _wrong("type", kind, f"is not one of {', '.join(TYPES)}")
    if not isinstance(data, dict):
        raise _wrong("data", data, "is not an object")
    sent_at = None if document.get("timestamp") is None else _instant(document, "timestamp", prefix="")
    return Envelope(kind, observed_text(sent_at) if sent_at else "", data)


def _own_state(envelope: Envelope, *, event_id: str, source: str) -> SubscriptionState:
    data = envelope.data
    _refuse_misspelt(data, _FIELDS)
    code = _text(data, "subscription")
    plan = _plan(data)
    start, end = _date(data, "start"), _date(data, "end") if data.get("end") is not None else None
    on, at = _effective(data)
    if end is not None and end <= start:
        raise _wrong("data.end", data["end"], f"is not after the start {start}")
    if on < start:
        raise _wrong("data.effective", data["effective"], f"is before the start {start}")
    lasting = Subscription(
        code=code,
        source=source,
        party=_text(data, "party"),
        product=_text(data, "product"),
        term=_term(data, plan),
        plan=plan,
        anchor=start,
        contract=_text(data, "contract", required=False),
        offer=_text(data, "offer", required=False),
        tenant=_text(data, "tenant", required=False),
        name=_text(data, "name", required=False),
        parent=_text(data, "parent", required=False),
        end=end,
        auto_renew=_yes_no(data, "auto_renew", default=True),
        term_end=_date(data, "term_end") if data.get("term_end") is not None else None,
        promotion=_text(data, "promotion", required=False),
        converted_from=_text(data, "converted_from", required=False),
    )
    version = SubscriptionVersion(
        subscription=code,
        ref=event_id,
        on=on,
        quantity=_quantity(data),
        status=_status(envelope),
        observed=envelope.observed or (observed_text(at) if at else ""),
        at=at,
        agreed=terms.agreed_of(lasting, _next_term(data, lasting)),
    )
    return SubscriptionState(lasting, (version,))


def _next_term(data: Mapping[str, object], lasting: Subscription) -> NextTerm:
    scheduled = data.get("next_term")
    if scheduled is None:
        return NextTerm()
    if not isinstance(scheduled, dict):
        raise _wrong("data.next_term", scheduled, "is not an object")
    _refuse_misspelt(scheduled, terms.NEXT_TERM_FIELDS)
    readers = terms.Readers(lambda of, name: _text(of, name, required=False), _date, _quantity, _plan, _term)
    return terms.next_term_of(scheduled, readers, plan=lasting.plan, term=lasting.term)


def _provider_state(envelope: Envelope, reader: ResourceReader, *, event_id: str) -> SubscriptionState:
    """The provider's resource, with our codes where the event names them.

    `effective` may be left out only when the subscription is new: a resource does not say since when its
    quantity holds, and counting a change from the start would bill the past again.
    """
    data = envelope.data
    resource = data.get("resource")
    if resource is None:
        resource = {name: value for name, value in data.items() if name not in _PROVIDER_FIELDS}
    elif isinstance(resource, dict):
        _refuse_misspelt(data, _PROVIDER_FIELDS)
    else:
        raise _wrong("data.resource", resource, "is not an object")
    changed_at: datetime | None = None
    if envelope.type != "subscription.created" or data.get("effective") is not None:
        on, at = _effective(data)
        changed_at = at or datetime(on.year, on.month, on.day, tzinfo=UTC)
    state = reader(resource, changed_at=changed_at, observed=envelope.observed)
    return SubscriptionState(
        replace(
            state.subscription,
            party=_text(data, "party", required=False),
            product=_text(data, "product", required=False),
            contract=_text(data, "contract", required=False),
        ),
        tuple(
            replace(version, ref=event_id if position == 0 else f"{event_id}/{position}")
            for position, version in enumerate(state.versions)
        ),
    )


def observed_text(instant: datetime) -> str:
    """An instant as text that sorts like time: UTC, always with microseconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plan(data: Mapping[str, object]) -> Plan:
    value = _text(data, "plan")
    for plan in _PLANS:
        if plan == value:
            return plan
    raise _wrong("data.plan", value, f"is not one of {', '.join(_PLANS)}")


def _status(envelope: Envelope) -> Status:
    """What the data says; a cancelling event says it by its type, and must not say otherwise."""
    cancels = envelope.type == "subscription.cancelled"
    if envelope.data.get("status") is None:
        return "cancelled" if cancels else "active"
    value = _text(envelope.data, "status")
    for status in _STATUSES:
        if status == value and (not cancels or status == "cancelled"):
            return status
    allowed = "cancelled" if cancels else ", ".join(_STATUSES)
    raise _wrong("data.status", value, f"is not one of {allowed} in a {envelope.type} event")


def _term(data: Mapping[str, object], plan: Plan) -> str:
    if plan in _TERMLESS and data.get("term") in (None, ""):
        return "" if plan == "one_time" else "P1M"
    term = _text(data, "term")
    try:
        duration_months(term)
    except ValueError:
        raise _wrong(
            "data.term", term, "is not a term of whole months or years, as in P1M, P1Y, P3Y"
        ) from None
    return term


def _quantity(data: Mapping[str, object]) -> Decimal:
    value = data.get("quantity")
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise _wrong("data.quantity", value, "is not a number, as in 12 or 12.5")
    quantity = Decimal(value)
    if not 0 <= quantity <= _QUANTITY_MAX:
        raise _wrong("data.quantity", value, f"is not between 0 and {_QUANTITY_MAX}")
    exponent = quantity.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -12:
        raise _wrong("data.quantity", value, "has more than 12 decimals")
    return quantity if quantity else Decimal(0)


def _effective(data: Mapping[str, object]) -> tuple[date, datetime | None]:
    """The day, and the exact instant when one was given. The instant's day is its UTC day."""
    value = data.get("effective")
    if isinstance(value, str) and "T" in value.upper():
        at = _instant(data, "effective")
        return at.date(), at
    return _date(data, "effective"), None


def _instant(data: Mapping[str, object], name: str, *, prefix: str = "data.") -> datetime:
    value = data.get(name)
    reason = "is not an instant with its zone, as in 2026-02-10T09:30:00Z"
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _wrong(prefix + name, value, reason)
    return _calendar(value, datetime.fromisoformat, prefix + name, reason).astimezone(UTC)


def _date(data: Mapping[str, object], name: str) -> date:
    value = data.get(name)
    reason = "is not a date of the calendar, as in 2026-02-10"
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _wrong(f"data.{name}", value, reason)
    return _calendar(value, date.fromisoformat, f"data.{name}", reason)


def _calendar(text: str, read: Callable[[str], _Day], field: str, reason: str) -> _Day:
    try:
        day = read(text.upper())
    except ValueError:
        raise _wrong(field, text, reason) from None
    if day.year not in _YEARS:
        raise _wrong(field, text, f"is outside the years {_YEARS.start} to {_YEARS.stop - 1}")
    return day


def _text(data: Mapping[str, object], name: str, *, required: bool = True) -> str:
    """A code or name: not blank at its ends, on one line, nothing invisible in it."""
    value = data.get(name)
    if not required and value in (None, ""):
        return ""
    field = f"data.{name}"
    if not isinstance(value, str) or not value:
        raise _wrong(field, value, "is missing" if value in (None, "") else "is not a text")
    if len(value) > _TEXT_MAX:
        raise _wrong(field, value, f"is longer than {_TEXT_MAX} characters")
    if value != value.strip() or not value.isprintable():
        raise _wrong(field, value, "has blanks at its ends, or line breaks or invisible characters in it")
    return value


def _yes_no(data: Mapping[str, object], name: str, *, default: bool) -> bool:
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _wrong(f"data.{name}", value, "is neither true nor false")
    return value


def _refuse_misspelt(data: Mapping[str, object], known: tuple[str, ...]) -> None:
    for name in data:
        near = [] if name in known else difflib.get_close_matches(name[:40].lower(), known, n=1, cutoff=0.8)
        if near:
            raise _wrong(
                f"data.{name[:40]}", data[name], f"is not a member we know; did you mean {near[0]!r}?"
            )


def _wrong(field: str, value: object, reason: str) -> Refused:
    shown_field = "".join(letter if letter.isprintable() else "?" for letter in field)
    return _refused(f"{shown_field}{_shown(value)} {reason}")


def _shown(value: object) -> str:
    """A value that reads like a code, date or number; of anything else only its kind: it may be personal."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, str | int | float | Decimal) and _CODE.fullmatch(text):
        return f" = {text!r}"
    kind = "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "something else"
    return f" ({kind} of {len(text)} characters)"


def _refused(why: str) -> Refused:
    return Refused(
        why=f"The subscription event cannot be read: {why}.",
        code="event_invalid",
        hint="Correct the sender and send the event again under a new id; nothing of it was used.",
    )
