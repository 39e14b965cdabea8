"""Carries out one outcome fault: before, instead of, or after the real work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.clock import SimulatorClock
from connectors.ledgers.quickbooks.simulator.codec import NotJson, decode, encode
from connectors.ledgers.quickbooks.simulator.exchange import HTML, XML, Answer, Reply
from connectors.ledgers.quickbooks.simulator.faults import Fault
from connectors.ledgers.quickbooks.simulator.problems import (
    Problem,
    fault_json,
    fault_xml,
    gateway_json,
    kind_of,
    unavailable_html,
)

GATEWAY_CODES = frozenset({"3100", "3200"})
_WRONG_ECHO: Mapping[str, object] = {
    "DocNumber": "WRONG-ECHO",
    "TotalAmt": Decimal("999999.99"),
    "CustomerRef": {"value": "999999999"},
    "DisplayName": "Wrong echo",
}


def misbehaved(
    fault: Fault, work: Callable[[], Answer], *, clock: SimulatorClock, server_limit_s: float, time: str
) -> Reply:
    """The reply to a call that a fault strikes. `work` does the call and commits; each at most once."""
    match fault.fault:
        case "drop_before_commit":
            return Reply(delivery="drop")
        case "commit_then_drop":
            return Reply(work(), delivery="drop")
        case "reset":
            return Reply(_worked(fault, work), delivery="reset")
        case "reset_mid_body":
            return Reply(work(), delivery="reset_mid_body")
        case "drip":
            return Reply(work(), delivery="drip", seconds=fault.seconds)
        case "hang":
            return _hung(fault, work, clock=clock, server_limit_s=server_limit_s)
        case "429" | "5xx_before_commit" | "5xx_after_commit":
            if fault.fault == "5xx_after_commit":
                work()
            return Reply(_refused(fault, time=time))
        case "fault":
            return Reply(_fault(fault, status=fault.status or kind_of(fault.code).status, time=time))
        case "fault_in_200":
            return Reply(_fault(fault, status=200, time=time))
        case "malformed":
            answer = _worked(fault, work, unless="first")
            return Reply(Answer(200, answer.body[: max(1, len(answer.body) // 2)] or b"{"))
        case "html":
            _worked(fault, work, unless="first")
            return Reply(Answer(200, b"<html><body><h1>Sign in</h1></body></html>", HTML))
        case "empty":
            _worked(fault, work, unless="first")
            return Reply(Answer(200, b""))
        case "wrong_echo":
            return Reply(_wrong_echo(fault, work()))
    return Reply(work())


def throttled(*, time: str, retry_after: str = "", as_xml: bool = False) -> Answer:
    """429 as the gateway sends it: JSON, or XML although JSON was asked for; usually without Retry-After."""
    headers = (("Retry-After", retry_after),) if retry_after else ()
    if as_xml:
        return Answer(429, fault_xml("3001", time=time), XML, headers)
    return Answer(429, fault_json((Problem("3001"),), time=time), headers=headers)


def _worked(fault: Fault, work: Callable[[], Answer], *, unless: str = "never") -> Answer:
    return Answer(200, b"{}") if (fault.commit or unless) == "never" else work()


def _hung(fault: Fault, work: Callable[[], Answer], *, clock: SimulatorClock, server_limit_s: float) -> Reply:
    """Wait, at most to the server's limit; past it the gateway cuts the call with a 504.

    Executed late by default: the hardest case, because a read in between finds nothing.
    """
    commit = fault.commit or "late"
    answer = work() if commit == "first" else None
    clock.wait(min(fault.seconds, server_limit_s))
    if clock.is_stopping:
        return Reply(delivery="drop")
    if commit == "late":
        answer = work()
    if fault.seconds >= server_limit_s or answer is None:
        return Reply(Answer(504, unavailable_html(504), HTML))
    return Reply(answer)


def _refused(fault: Fault, *, time: str) -> Answer:
    if fault.fault == "429":
        return throttled(time=time, retry_after=fault.retry_after, as_xml=fault.format == "xml")
    status = fault.status or 500
    headers = (("Retry-After", fault.retry_after),) if fault.retry_after else ()
    as_json = fault.format == "json" or (fault.format == "" and status == 500)
    if as_json:
        return Answer(status, fault_json((Problem("10000"),), time=time), headers=headers)
    if fault.format == "xml":
        return Answer(status, fault_xml("10000", time=time), XML, headers)
    return Answer(status, unavailable_html(status), HTML, headers)


def _fault(fault: Fault, *, status: int, time: str) -> Answer:
    if fault.code in GATEWAY_CODES:
        return Answer(status, gateway_json(fault.code, detail=fault.detail, epoch_ms=0))
    return Answer(status, fault_json((Problem(fault.code, fault.detail),), time=time))


def _wrong_echo(fault: Fault, answer: Answer) -> Answer:
    """The members of every record in the answer replaced, as if two answers had been swapped."""
    try:
        body = decode(answer.body)
    except NotJson:
        return answer
    changes = fault.changes or _WRONG_ECHO
    return Answer(answer.status, encode(_changed(body, changes)), answer.content_type, answer.headers)


def _changed(value: object, changes: Mapping[str, object]) -> object:
    if isinstance(value, list):
        return [_changed(entry, changes) for entry in value]
    if not isinstance(value, dict):
        return value
    if "SyncToken" in value:
        return value | {name: other for name, other in changes.items() if name in value}
    return {name: _changed(entry, changes) for name, entry in value.items()}
