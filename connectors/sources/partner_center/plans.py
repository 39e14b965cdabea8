"""How a subscription is billed and for how long it is committed, read from what the provider says.

New commerce says it (`billingCycle`, `termDuration`). Legacy licences often do not: they were sold as an
annual commitment billed monthly, so that is assumed, and a Flag says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connectors.sources.partner_center.imported import Flag, Refusal
from connectors.sources.partner_center.records import Place
from mappings.canonical.period import duration_months
from mappings.canonical.subscription import Plan

_PLANS: Mapping[str, Plan] = {
    "monthly": "monthly",
    "annual": "annual",
    "triennial": "triennial",
    "one_time": "one_time",
    "onetime": "one_time",
    "usage": "usage",
    "none": "trial",
}

_CATALOG_ITEM = re.compile(r"[0-9A-Za-z]+:[0-9A-Za-z]+(?::[0-9A-Za-z]+)?")
_LEGACY_TERM = "P1Y"


@dataclass(frozen=True, slots=True)
class Billed:
    """The plan, the term ("" where the plan needs none), and what was assumed."""

    plan: Plan
    term: str
    flags: tuple[Flag, ...] = ()


def is_new_commerce(offer: str) -> bool:
    """product:sku:availability is new commerce, a GUID or a name is legacy."""
    return _CATALOG_ITEM.fullmatch(offer) is not None


def plan_of(billing_cycle: str) -> Plan | Literal[""]:
    """Our plan for a provider's billing cycle, "" for one we do not know or that is not said."""
    return _PLANS.get(billing_cycle.lower(), "")


def read_plan(values: Mapping[str, object], place: Place) -> Billed | Refusal:
    """Plan and term of a subscription by its own words, or the refusal of the word that is not known."""
    cycle = str(values.get("billing_cycle", ""))
    term = str(values.get("term_given", "")).upper()
    if term:
        try:
            duration_months(term)
        except ValueError as unknown:
            return place.refuse("termDuration", term, f"{unknown}.")
    if values.get("billing_type") == "usage" or str(values.get("unit_type", "")).lower() == "usage-based":
        return Billed("usage", term or "P1M")
    if values.get("is_trial"):
        return Billed("trial", term or "P1M")
    legacy = not is_new_commerce(str(values.get("offer", "")))
    if not cycle:
        if not legacy:
            return place.refuse("billingCycle", "", "A new-commerce subscription needs billingCycle.")
        return _legacy("monthly", term, place, assumed=("billingCycle",))
    plan = _PLANS.get(cycle)
    if plan is None:
        known = ", ".join(_PLANS)
        sentence = f"{cycle!r} is not a billing cycle we can bill; known are {known}."
        return place.refuse("billingCycle", cycle, sentence)
    if term or plan == "one_time":
        return Billed(plan, term)
    if legacy and plan in ("monthly", "annual"):
        return _legacy(plan, term, place, assumed=())
    if plan in ("trial", "usage"):
        return Billed(plan, "P1M")
    return place.refuse("termDuration", "", "A new-commerce subscription needs termDuration.")


def _legacy(plan: Plan, term: str, place: Place, *, assumed: tuple[str, ...]) -> Billed:
    if not term:
        assumed = (*assumed, "termDuration")
    flags = tuple(
        place.flag(
            name,
            "",
            f"A legacy subscription without {name}: assumed to be billed {plan} within a term of"
            f" {term or _LEGACY_TERM}.",
        )
        for name in assumed
    )
    return Billed(plan, term or _LEGACY_TERM, flags)
