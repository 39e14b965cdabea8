"""How each safety is achieved at a ledger, in words, from its capabilities alone (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.protocols import Capabilities


@dataclass(frozen=True, slots=True)
class Safety:
    """What is kept safe, and how at this ledger."""

    name: str
    how: str


_GUARDS: Mapping[str, str] = {
    "ledger": "the ledger knows our idempotency key: sent again, it answers with the first record",
    "number": "numbers are unique there: sent again, it is refused, and found as ours by its marker",
    "marker": "each create looks for our marker first, and writes only what is not there",
}


def safeties(known: Capabilities) -> tuple[Safety, ...]:
    """Every safety, in the order in which a document meets them."""
    return (
        Safety("one document per delivery", _GUARDS[known.key_guard]),
        Safety("an answer that never came", _unclear(known)),
        Safety("many in one call", _batches(known)),
        Safety("limits", _limits(known)),
        Safety("numbers", _numbers(known)),
        Safety("tax", _tax(known)),
        Safety("nobody is surprised", _release(known)),
    )


def _unclear(known: Capabilities) -> str:
    read = "the book is read by number and marker"
    if not known.server_limit_s:
        return f"{read} at once: nothing is on its way"
    return (
        f"{read} once {known.server_limit_s:g} s have passed, and again {known.recheck_s:g} s later; "
        "only what is absent twice is sent again, the same bytes under the same key"
    )


def _batches(known: Capabilities) -> str:
    if known.batch_size == 1:
        return "not offered by this ledger: one record a call"
    kinds = "" if known.batch_mixes_kinds else " of one kind"
    return (
        f"up to {known.batch_size} records{kinds}, a verdict for each; a lost answer is resolved by reading, "
        "what is absent goes alone"
    )


def _limits(known: Capabilities) -> str:
    rates = known.rates
    told = [
        f"{limit:g} {what}"
        for limit, what in (
            (rates.per_second, "calls a second"),
            (rates.per_minute, "calls a minute"),
            (rates.batches_per_minute, "batches a minute"),
        )
        if limit
    ]
    if not told:
        return "none"
    return f"paced below {', '.join(told)}, {rates.in_flight} at a time; being refused costs no attempt"


def _numbers(known: Capabilities) -> str:
    limit = f" of up to {known.number_length_max} characters" if known.number_length_max else ""
    if known.caller_sets_number:
        return f"ours{limit}, given at release; one that a stranger holds is parked, never changed"
    return f"ours{limit} stands as the reference; the ledger's own number is its id"


def _tax(known: Capabilities) -> str:
    if known.tax_mode == "ours":
        return "ours is set, and compared to the minor unit"
    return "the ledger sets it; a difference of more than a minor unit a line stops the delivery"


def _release(known: Capabilities) -> str:
    if known.needs_release == "auto":
        return "a file or practice book of ours: released by itself"
    return "a real book waits for a person's approval, and nothing missing is created silently"
