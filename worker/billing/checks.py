"""Safety bounds: a draft that looks wrong is held and says why; the others go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from mappings.canonical.money import total
from mappings.lean import replace
from worker.billing.switches import NO_SWITCHES, Switches, is_off, zero_price_checks
from worker.billing.values import Check, Draft
from worker.billing.variance import NO_BEFORE, Before, variance_checks

Problems = Mapping[tuple[str, date], tuple[Check, ...]]
"""What was found about a (subscription, cycle) while it was priced."""

RUNAWAY_CYCLES = 40
"""More cycles of one subscription at once than this look like a missing cut-over, not like a bill."""


def checked(
    drafts: Iterable[Draft], problems: Problems, switches: Switches = NO_SWITCHES, before: Before = NO_BEFORE
) -> tuple[Draft, ...]:
    """Drafts with their checks. `problems` are those of a (subscription, cycle), found while pricing.

    A check that every contract concerned switches off is left out; `before` is what was billed already.
    """
    return tuple(_checked(draft, problems, switches, before) for draft in drafts)


def _checked(draft: Draft, problems: Problems, switches: Switches, before: Before) -> Draft:
    found = [*_checks(draft, problems), *variance_checks(draft, before, switches)]
    if switches:
        found.extend(zero_price_checks(draft, switches))
        found = [check for check in found if not is_off(check, draft, switches)]
    return replace(draft, checks=tuple(found)) if found else draft


def _checks(draft: Draft, problems: Problems) -> Iterator[Check]:
    cycles = [(charge.ref.subscription, charge.ref.cycle_start) for charge in draft.charges]
    found = {check for cycle in cycles for check in problems.get(cycle, ())}
    yield from sorted(found)
    if len(set(cycles)) < len(cycles):
        yield from _twice(draft)
    yield from _sums(draft)
    if len(cycles) > RUNAWAY_CYCLES:
        yield from _runaway(draft)


def _twice(draft: Draft) -> Iterator[Check]:
    for ref, count in Counter(charge.ref for charge in draft.charges).items():
        if count > 1:
            yield Check(
                "charged_twice",
                f"Subscription {ref.subscription} has charge {ref.revision} of the cycle from"
                f" {ref.cycle_start}"
                f" {count} times on one document. This is a defect: report it; nothing is issued.",
                ref.subscription,
            )


def _sums(draft: Draft) -> Iterator[Check]:
    document = draft.document
    printed = document.lines
    lines = total([line.net for line in printed], document.currency)
    sections = total([section.net for section in document.sections], document.currency)
    section_tax = total([section.tax for section in document.sections], document.currency)
    tax = total([one.tax for one in document.taxes], document.currency)
    by_line = all(line.quantity * line.unit_price == line.net.decimal for line in printed)
    sums = lines == sections == document.net and section_tax == tax == document.tax
    if not (by_line and sums and document.net + document.tax == document.gross):
        yield Check(
            "sum_mismatch",
            f"The document for {document.bill_to.code} does not add up: lines {lines}, sections {sections},"
            f" net {document.net}, tax {document.tax}, gross {document.gross}. This is a defect: report it;"
            " nothing is issued.",
        )


def _runaway(draft: Draft) -> Iterator[Check]:
    for subscription, count in Counter(charge.ref.subscription for charge in draft.charges).items():
        if count > RUNAWAY_CYCLES:
            yield Check(
                "runaway_count",
                f"Subscription {subscription} would be billed {count} times at once on one"
                " document, more than"
                f" {RUNAWAY_CYCLES}. If another system billed the past, set cut_over (issuer or contract) or"
                " billed_until (subscription).",
                subscription,
            )
