"""A document line by line, each with the steps that led to its amount; nothing is recomputed."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.canonical.document import ChargeRef, Document
from mappings.canonical.money import Money
from mappings.canonical.period import Period


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """One line: what it is for, the steps in words, its amount, and the sum of all lines so far."""

    section: str
    description: str
    service: Period
    charge: ChargeRef
    steps: tuple[str, ...]
    net: Money
    running: Money


def explain(document: Document) -> tuple[ExplainedLine, ...]:
    """Every line in printed order; the last one's `running` is the document's net."""
    running = Money(0, document.currency)
    explained = []
    for section in document.sections:
        for line in section.lines:
            running = running + line.net
            explained.append(
                ExplainedLine(
                    section=section.name,
                    description=line.description,
                    service=line.service,
                    charge=line.charge,
                    steps=line.basis,
                    net=line.net,
                    running=running,
                )
            )
    return tuple(explained)
