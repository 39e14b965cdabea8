"""The provider's invoices against our cost: reads what was imported and what was released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from worker.billing.reconcile import EntityTotal, Match, by_entity, is_beyond, reconciled
from worker.flows.ports import Ports
from worker.store import provider_lines, released_charges

SOURCE = "partner_center"


class NothingImported(LookupError):
    """No line of the provider is there for what was asked."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Every match with the totals of the entities; `beyond` needs a person."""

    matches: tuple[Match, ...]
    entities: tuple[EntityTotal, ...]

    @property
    def beyond(self) -> tuple[Match, ...]:
        """What is out of tolerance, unmatched or flagged."""
        return tuple(one for one in self.matches if is_beyond(one))


def reconcile(ports: Ports, *, invoice: str = "", month: Period | None = None) -> Reconciliation:
    """Compare one of the provider's invoices, or all service that began in a month, with our cost.

    Raises `NothingImported`.
    """
    with ports.store.read() as connection:
        lines = provider_lines.invoiced(connection, invoice=invoice, begun_in=month)
        if not lines:
            what = f"of invoice {invoice}" if invoice else f"whose service begins in {month}"
            raise NothingImported(f"no line {what} was imported")
        begun_in = month or _begun_in(lines)
        codes = {line.subscription for line in lines}
        days = _days(lines)
        ours = {
            one.charge.ref: one.charge
            for one in released_charges.of_subscriptions(connection, codes)
            if one.charge.service.start in begun_in
            or any(one.charge.service.cut(each) for each in days.get(one.charge.ref.subscription, ()))
        }
        for one in released_charges.of_source(connection, SOURCE, begun_in):
            if one.charge.service.start in begun_in:
                ours.setdefault(one.charge.ref, one.charge)
        known = released_charges.holders(connection, codes)
    holders = {code: ("", subscription.party) for code, subscription in known.items()}
    matches = reconciled(lines, ours.values(), holders)
    return Reconciliation(matches, by_entity(matches))


def _begun_in(lines: tuple[ProviderCharge, ...]) -> Period:
    """The days on which the service of an invoice's lines begins."""
    starts = [line.service.start for line in lines]
    return Period(min(starts), max(starts) + timedelta(days=1))


def _days(lines: tuple[ProviderCharge, ...]) -> dict[str, list[Period]]:
    found: dict[str, list[Period]] = {}
    for line in lines:
        found.setdefault(line.subscription, []).append(line.service)
    return found
