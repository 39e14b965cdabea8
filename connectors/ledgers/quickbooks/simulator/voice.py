"""How QuickBooks turns a call away: throttled, unavailable, a fault, or an echo that is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.problems import (
    Problem,
    fault_json,
    fault_xml,
    gateway_json,
    kind_of,
)
from connectors.simulation.codec import NotJson, decode, encode
from connectors.simulation.exchange import HTML, XML, Answer
from connectors.simulation.faults import Fault
from connectors.simulation.misbehaving import unavailable_page

DEFAULT_CODE = "6000"
GATEWAY_CODES = frozenset({"3100", "3200"})
_WRONG_ECHO: Mapping[str, object] = {
    "DocNumber": "WRONG-ECHO",
    "TotalAmt": Decimal("999999.99"),
    "CustomerRef": {"value": "999999999"},
    "DisplayName": "Wrong echo",
}


@dataclass(frozen=True, slots=True)
class QuickBooksVoice:
    """The bodies of refusals; `time` is the company's time as its answers carry it."""

    time: str

    def throttled(self, fault: Fault | None = None) -> Answer:
        """429 as the gateway sends it: JSON, or XML although JSON was asked for; mostly no Retry-After."""
        retry_after = fault.retry_after if fault is not None else ""
        headers = (("Retry-After", retry_after),) if retry_after else ()
        if fault is not None and fault.format == "xml":
            return Answer(429, fault_xml("3001", time=self.time), XML, headers)
        return Answer(429, fault_json((Problem("3001"),), time=self.time), headers=headers)

    def unavailable(self, fault: Fault, status: int) -> Answer:
        headers = (("Retry-After", fault.retry_after),) if fault.retry_after else ()
        as_json = fault.format == "json" or (fault.format == "" and status == 500)
        if as_json:
            return Answer(status, fault_json((Problem("10000"),), time=self.time), headers=headers)
        if fault.format == "xml":
            return Answer(status, fault_xml("10000", time=self.time), XML, headers)
        return Answer(status, unavailable_page(status), HTML, headers)

    def fault(self, fault: Fault, *, in_200: bool) -> Answer:
        code = fault.code or DEFAULT_CODE
        status = 200 if in_200 else fault.status or kind_of(code).status
        if code in GATEWAY_CODES:
            return Answer(status, gateway_json(code, detail=fault.detail, epoch_ms=0))
        return Answer(status, fault_json((Problem(code, fault.detail),), time=self.time))

    def wrong_echo(self, fault: Fault, answer: Answer) -> Answer:
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
