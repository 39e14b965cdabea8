"""A whole document taken back: the credit note that makes its charges count for nothing.

Unlike a correction, which bills a difference, a reversal says that the document should not have been: after
it the next bill finds these cycles unbilled and bills them anew, at what is agreed then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from mappings.canonical.document import ChargeRef, Document, Line, Original, Section
from mappings.identity import document_ref
from mappings.lean import replace
from worker.billing.settle import credit_left
from worker.billing.values import BilledCharge, Charge, Draft

Cycle = tuple[str, date]


def is_untouched(own: Sequence[BilledCharge], by_cycle: Mapping[Cycle, tuple[BilledCharge, ...]]) -> bool:
    """Whether nothing of a document's charges was taken back yet; else a reversal would credit twice."""
    for one in own:
        if one.charge.net.minor < 0:
            return False
        left = {other.charge.ref: minor for other, minor in credit_left(by_cycle[_cycle(one)])}
        if one.charge.net.minor and left.get(one.charge.ref) != one.charge.net.minor:
            return False
    return True


def reversal(
    document: Document,
    own: Sequence[BilledCharge],
    by_cycle: Mapping[Cycle, tuple[BilledCharge, ...]],
    *,
    key: tuple[str, ...],
    reason: str,
) -> Draft:
    """The credit note of a released invoice, line by line and to the last minor unit, with its charges.

    `by_cycle` has every released charge of the document's cycles, by revision. Only for `is_untouched`.
    """
    refs: dict[ChargeRef, ChargeRef] = {}
    charges: list[Charge] = []
    added: dict[Cycle, int] = {}
    words = f"reverses {document.number} of {document.document_date}: {reason}"
    for one in own:
        cycle = _cycle(one)
        highest = max(other.charge.ref.revision for other in by_cycle[cycle])
        added[cycle] = added.get(cycle, 0) + 1
        refs[one.charge.ref] = ChargeRef(*cycle, highest + added[cycle])
        charges.append(_taken_back(one, refs[one.charge.ref], words))
    sections = tuple(_credited(section, document, refs, words) for section in document.sections)
    credit = replace(
        document,
        ref=document_ref(document.issuer.code, key, refs.values()),
        kind="credit_note",
        sections=sections,
        number="",
        series="",
        document_date=None,
        due_date=None,
        tax_point=None,
        converted_tax=None,
    )
    return Draft(credit, tuple(charges), (), key)


def _taken_back(one: BilledCharge, ref: ChargeRef, words: str) -> Charge:
    charge = one.charge
    return replace(
        charge,
        ref=ref,
        unit_price=-charge.unit_price,
        net=-charge.net,
        cost=None if charge.cost is None else -charge.cost,
        retail=None if charge.retail is None else -charge.retail,
        basis=(*charge.basis, words),
        facts=replace(charge.facts, exact="0", spans=()),
        original=Original(one.number, one.document_date, charge.service),
        exchange=one.exchange,
        reverses=charge.ref.revision,
        printed=(),
    )


def _credited(
    section: Section, document: Document, refs: Mapping[ChargeRef, ChargeRef], words: str
) -> Section:
    return replace(section, lines=tuple(_line(line, document, refs, words) for line in section.lines))


def _line(line: Line, document: Document, refs: Mapping[ChargeRef, ChargeRef], words: str) -> Line:
    assert document.document_date is not None, "only a released document is reversed"
    original = Original(document.number, document.document_date, line.service)
    return replace(line, charge=refs[line.charge], basis=(*line.basis, words), original=original)


def _cycle(one: BilledCharge) -> Cycle:
    return one.charge.ref.subscription, one.charge.ref.cycle_start
