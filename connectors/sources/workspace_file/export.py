"""The canonical workspace -> a workspace file, so that reading it again gives the same workspace.

What has its default is left out. A subscription is written as people write it (start, quantity, changes)
where that says the same, and with a provider's own versions where it does not.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from connectors.sources.workspace_file.convert import made_refs
from connectors.sources.workspace_file.emit import yaml_text
from connectors.sources.workspace_file.schema import FORMAT, SOURCE_NAME
from connectors.sources.workspace_file.tree import Plain
from mappings.canonical.catalog import Price, Tier
from mappings.canonical.contract import CheckSwitch, Contract, OpeningCharge
from mappings.canonical.money import HALF_UP
from mappings.canonical.party import ParentEdge, Party
from mappings.canonical.subscription import Subscription, SubscriptionVersion, Usage
from mappings.canonical.workspace import Workspace

Keys = dict[str, Plain]


def to_text(workspace: Workspace) -> str:
    """The workspace as YAML, in its own order; versions stand with their subscription."""
    setup = workspace.setup
    sections: dict[str, list[Keys]] = {
        "issuers": [_keys(issuer) for issuer in setup.issuers],
        "books": [_keys(book) for book in setup.books],
        "charts": [_keys(chart) for chart in setup.charts],
        "parties": [_party(party) for party in setup.parties],
        "products": [_keys(product) for product in setup.products],
        "price_lists": [
            {**_keys(each), "prices": [_price(price) for price in each.prices]} for each in setup.price_lists
        ],
        "promotions": [_keys(promotion) for promotion in setup.promotions],
        "pools": [_keys(pool) for pool in setup.pools],
        "contracts": [_contract(contract) for contract in setup.contracts],
        "subscriptions": list(_subscriptions(workspace)),
        "usage": list(_usage(workspace.usage)),
        "opening_charges": [_opening_charge(charge) for charge in setup.opening_charges],
        "adjustments": [_keys(adjustment) for adjustment in setup.adjustments],
        "fx_rates": [_keys(rate) for rate in setup.fx_rates],
    }
    filled: Keys = {name: [*items] for name, items in sections.items() if items}
    return yaml_text({"subledger": str(FORMAT), **filled})


def _keys(value: Any) -> Keys:
    """The fields of a canonical value that do not have their default; `from_` is `from` in the file."""
    keys: Keys = {}
    for each in dataclasses.fields(value):
        held = getattr(value, each.name)
        default = each.default
        if default is dataclasses.MISSING and each.default_factory is not dataclasses.MISSING:
            default = each.default_factory()
        if held is not None and (default is dataclasses.MISSING or held != default):
            keys[each.name.rstrip("_")] = _plain(held)
    return keys


def _plain(value: Any) -> Plain:
    if dataclasses.is_dataclass(value):
        return _keys(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return None if value is None else str(value)


def _party(party: Party) -> Keys:
    keys = _keys(party)
    if len(party.parents) == 1 and party.parents == (ParentEdge(party.parents[0].parent),):
        del keys["parents"]
        keys["parent"] = party.parents[0].parent
    return keys


def _price(price: Price) -> Keys:
    keys = _keys(price)
    if len(price.tiers) == 1 and price.tiers == (Tier(None, price.tiers[0].price),):
        del keys["tiers"]
        keys["price"] = format(price.tiers[0].price, "f")
    return keys


def _contract(contract: Contract) -> Keys:
    keys = _keys(dataclasses.replace(contract, rounding=HALF_UP, checks=()))
    if contract.checks:
        keys["checks"] = {one.name: _switch(one) for one in contract.checks}
    return keys if contract.rounding == HALF_UP else {**keys, "rounding": str(contract.rounding)}


def _switch(switch: CheckSwitch) -> str:
    if switch.limit is not None:
        return format(switch.limit, "f")
    return "on" if switch.is_on else "off"


def _opening_charge(charge: OpeningCharge) -> Keys:
    return {("from" if key == "start" else key): value for key, value in _keys(charge).items()}


def _usage(usages: tuple[Usage, ...]) -> Iterator[Keys]:
    for usage, made in zip(usages, made_refs(usages), strict=True):
        keys = _keys(usage)
        if usage.ref == made:
            del keys["ref"]
        yield keys


def _subscriptions(workspace: Workspace) -> Iterator[Keys]:
    held: defaultdict[str, list[SubscriptionVersion]] = defaultdict(list)
    for version in workspace.versions:
        held[version.subscription].append(version)
    for subscription in workspace.subscriptions:
        yield _subscription(subscription, tuple(held[subscription.code]))


def _subscription(subscription: Subscription, versions: tuple[SubscriptionVersion, ...]) -> Keys:
    keys = _keys(subscription)
    del keys["source"], keys["anchor"]
    keys |= _as_changes(versions) or {"versions": [_version(version) for version in versions]}
    if not versions or subscription.anchor != versions[0].on:
        keys["anchor"] = subscription.anchor.isoformat()
    if subscription.source != SOURCE_NAME:
        keys["source"] = subscription.source
    return keys


def _version(version: SubscriptionVersion) -> Keys:
    keys = _keys(version)
    del keys["subscription"]
    return keys


def _as_changes(versions: tuple[SubscriptionVersion, ...]) -> Keys | None:
    """Start, quantity and changes that read as exactly these versions, or None where nothing does."""
    days = [version.on for version in versions]
    is_ours = all(
        version
        == SubscriptionVersion(
            version.subscription,
            f"file:{version.on}:1",
            version.on,
            version.quantity,
            version.status,
            agreed=version.agreed,
        )
        for version in versions
    )
    if not is_ours or not versions or days != sorted(set(days)) or versions[0].status != "active":
        return None
    changes: list[Plain] = _agreed(versions[0])
    for earlier, version in pairwise(versions):
        changes += _agreed(version)
        if version.agreed and (earlier.quantity, earlier.status) == (version.quantity, version.status):
            continue
        change = _change(earlier, version)
        if change is None:
            return None
        changes.append({"on": version.on.isoformat(), **change})
    keys: Keys = {"start": days[0].isoformat(), "quantity": format(versions[0].quantity, "f")}
    return {**keys, "changes": changes} if changes else keys


def _agreed(version: SubscriptionVersion) -> list[Plain]:
    """What was agreed on a day, as a change of its own."""
    if version.agreed is None:
        return []
    return [{"on": version.on.isoformat(), "agreed": _keys(version.agreed)}]


def _change(earlier: SubscriptionVersion, later: SubscriptionVersion) -> Keys | None:
    same_quantity = earlier.quantity == later.quantity
    match earlier.status, later.status:
        case ("active" | "suspended", "cancelled") if later.quantity == 0:
            return {"cancel": "true"}
        case ("active", "suspended") if same_quantity:
            return {"suspend": "true"}
        case ("suspended", "active") if same_quantity:
            return {"resume": "true"}
        case (was, now) if was == now and now in ("active", "suspended"):
            return {"quantity": format(later.quantity, "f")}
    return None
