"""Settings of a subscription on a day, each with where it comes from: its contract, its issuer or a default.

A party without a contract of its own is under that of the nearest party above, so every setting has a
party it was agreed with.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from typing import Any

from mappings.canonical.contract import Commitment, Contract
from mappings.canonical.subscription import Subscription
from mappings.identity import canonical_json
from worker.billing.deals import Ground

_IDENTITY = frozenset({"code", "party", "from_", "until"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that counts, with its origin in words; `party` is who agreed to it, "" for a default."""

    name: str
    value: str
    origin: str
    party: str = ""


def settings_of(subscription: Subscription, day: date, ground: Ground) -> tuple[Setting, ...]:
    """Every setting that counts for a subscription on a day, in the contract's order; () without one."""
    contract = ground.calendar.agreements.of(subscription, day)
    if contract is None:
        return ()
    holder = subscription.party_on(day)
    origin = f"contract {contract.code} of {contract.party} from {contract.from_}"
    if subscription.contract:
        origin = f"{origin}, named by subscription {subscription.code}"
    elif contract.party != holder:
        origin = f"{origin}, inherited by {holder}"
    return tuple(_setting(contract, field, origin, ground) for field in _fields(contract))


def _fields(contract: Contract) -> tuple[dataclasses.Field[Any], ...]:
    return tuple(field for field in dataclasses.fields(contract) if field.name not in _IDENTITY)


def _setting(contract: Contract, field: dataclasses.Field[Any], origin: str, ground: Ground) -> Setting:
    value = getattr(contract, field.name)
    if field.name == "payment_terms_days" and value is None:
        issuer = ground.catalog.issuers.get(contract.issuer)
        days = 0 if issuer is None else issuer.payment_terms_days
        return Setting(field.name, str(days), f"issuer {contract.issuer}")
    if field.default is not dataclasses.MISSING and value == field.default:
        return Setting(field.name, _text(value), "default")
    return Setting(field.name, _text(value), origin, contract.party)


def _text(value: object) -> str:
    if isinstance(value, Commitment) or (isinstance(value, tuple) and value):
        return canonical_json(value).decode()
    if value == ():
        return ""
    return "" if value is None else str(value)
