"""Carries out one outcome fault: before, instead of, or after the real work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from connectors.simulation.clock import SimulatorClock
from connectors.simulation.exchange import HTML, Answer, Reply
from connectors.simulation.faults import Fault


class Voice(Protocol):
    """How one ledger says no: the bodies of its refusals."""

    def throttled(self, fault: Fault) -> Answer:
        """429, by the fault's `format` and `retry_after`."""

    def unavailable(self, fault: Fault, status: int) -> Answer:
        """A 5xx, by the fault's `format` and `retry_after`."""

    def fault(self, fault: Fault, *, in_200: bool) -> Answer:
        """The refusal with the fault's `code`, `detail` and `status` (0 = the code's own)."""

    def wrong_echo(self, fault: Fault, answer: Answer) -> Answer:
        """The answer with members of its records replaced, as if two answers had been swapped."""


def misbehaved(
    fault: Fault, work: Callable[[], Answer], *, voice: Voice, clock: SimulatorClock, server_limit_s: float
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
            return _hung(fault, work, voice=voice, clock=clock, server_limit_s=server_limit_s)
        case "429":
            return Reply(voice.throttled(fault))
        case "5xx_before_commit" | "5xx_after_commit":
            if fault.fault == "5xx_after_commit":
                work()
            return Reply(voice.unavailable(fault, fault.status or 500))
        case "fault" | "fault_in_200":
            return Reply(voice.fault(fault, in_200=fault.fault == "fault_in_200"))
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
            return Reply(voice.wrong_echo(fault, work()))
    return Reply(work())


def unavailable_page(status: int) -> bytes:
    """The page a load balancer shows for a 5xx."""
    titles = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Time-out"}
    title = titles.get(status, "Service Temporarily Unavailable")
    return f"<html><body><h1>{status} {title}</h1></body></html>".encode()


def _worked(fault: Fault, work: Callable[[], Answer], *, unless: str = "never") -> Answer:
    return Answer(200, b"{}") if (fault.commit or unless) == "never" else work()


def _hung(
    fault: Fault, work: Callable[[], Answer], *, voice: Voice, clock: SimulatorClock, server_limit_s: float
) -> Reply:
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
        return Reply(Answer(504, unavailable_page(504), HTML))
    return Reply(answer)
