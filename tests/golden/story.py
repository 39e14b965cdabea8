"""A golden story: a folder with story.md, input.yaml, runs.txt and expected.txt, told again by the engine.

`runs.txt` has one step a line: a day to bill and release, `statement GROUP in EUR on DAY`, or
`import FILE.yaml`, a later file of the set-up.
`provider_lines.csv`, where there is one, is a provider's reconciliation file of the same subscriptions.
`python -m tests.golden.story NAME` prints what the engine makes of a story now.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from connectors.registry import partner_center
from connectors.sources.workspace_file import read_workspace
from mappings.canonical.document import Document, Line
from mappings.canonical.provider import ProviderCharge
from mappings.canonical.workspace import Workspace
from mappings.identity import canonical_json
from tests.unit.worker.billing.world import Seller, day
from worker.billing.statement import Statement, statement
from worker.billing.values import Draft
from worker.store.provider_lines import StoredLine, as_charge

STORIES = Path(__file__).parent / "stories"


@dataclass
class Story:
    """A story's folder with the seller it is about."""

    folder: Path
    seller: Seller
    steps: tuple[str, ...] = ()
    told: list[str] = field(default_factory=list)

    @staticmethod
    def of(name: str) -> Story:
        folder = STORIES / name
        workspace = read_workspace((folder / "input.yaml").read_bytes(), name="input.yaml")
        seller = Seller(workspace.setup, workspace.subscriptions, workspace.versions, workspace.usage)
        seller.provider_charges = tuple(_provider_charges(folder / "provider_lines.csv"))
        steps = (folder / "runs.txt").read_text(encoding="utf-8").split("\n")
        return Story(folder, seller, tuple(step.strip() for step in steps if step.strip()))

    def tell(self) -> str:
        """Every step with what came of it."""
        for step in self.steps:
            words = step.split()
            self.told.append(step)
            if words[0] == "statement":
                self.told.extend(self._statement(words[1], currency=words[3], on=words[5]))
            elif words[0] == "import":
                self._import(words[1])
            else:
                self._run(step)
            self.told.append("")
        return "\n".join(self.told).strip() + "\n"

    def _run(self, on: str) -> None:
        documents = self.seller.run(on)
        for document in documents:
            self.told.extend(_document(document))
        bill = self.seller.last
        assert bill is not None
        for draft in bill.drafts:
            if draft.is_held:
                self.told.extend(_held(draft))
        self.told.extend(f"  not billed: {check.code}: {check.sentence}" for check in bill.checks)
        self.told.extend(f"  notice: {notice.code}: {notice.sentence}" for notice in bill.notices)
        if not documents and not bill.drafts:
            self.told.append("  nothing to bill")

    def _import(self, name: str) -> None:
        """What a later file says of issuers, parties and usage counts from now on."""
        known = Workspace(self.seller.setup, self.seller.subscriptions)
        read = read_workspace((self.folder / name).read_bytes(), name=name, known=known)
        later = read.setup
        self.seller.usage = (*self.seller.usage, *read.usage)
        issuers = {one.code: one for one in (*self.seller.setup.issuers, *later.issuers)}
        parties = {one.code: one for one in (*self.seller.setup.parties, *later.parties)}
        self.seller.setup = replace(
            self.seller.setup, issuers=tuple(issuers.values()), parties=tuple(parties.values())
        )

    def _statement(self, group: str, *, currency: str, on: str) -> Iterator[str]:
        found = statement(
            self.seller.documents,
            group=group,
            currency=currency,
            on=day(on),
            rates=self.seller.setup.fx_rates,
        )
        if not isinstance(found, Statement):
            yield from (f"  {check.code}: {check.sentence}" for check in found)
            return
        for entry in found.entries:
            rate = f" x {entry.exchange.rate} ({entry.exchange.source})" if entry.exchange.on else ""
            yield f"  {entry.kind} to {entry.bill_to}: {entry.gross}{rate} = {entry.reported}"
        yield f"  together {', '.join(map(str, found.by_currency))}"
        yield f"  total {found.total}"


def names() -> list[str]:
    """Every story there is."""
    return sorted(path.name for path in STORIES.iterdir() if (path / "runs.txt").exists())


def _document(document: Document) -> Iterator[str]:
    kind = document.kind.replace("_", " ")
    yield f"  {kind} of {document.issuer.code} to {document.bill_to.code}"
    for section in document.sections:
        if len(document.sections) > 1:
            yield f"    section {section.party}: net {section.net}, tax {section.tax}"
        for line in section.lines:
            yield from _line(line)
    taxes = ", ".join(f"{one.code or 'none'} {one.percent:f} % of {one.base}" for one in document.taxes)
    yield f"    net {document.net}, tax {document.tax} ({taxes}), gross {document.gross}"
    yield from (f"    {one.treatment}: {one.reason}" for one in document.taxes if one.reason)
    if document.converted_tax is not None:
        yield f"    tax in the tax currency: {document.converted_tax.tax} at {document.converted_tax.rate}"


def _line(line: Line) -> Iterator[str]:
    amount = f"{line.quantity:f} x {line.unit_price:f} = {line.net}"
    yield f"    {line.description} | {line.sold_to} | {line.service} | {amount}"
    yield from (f"      {step}" for step in line.basis)
    if line.original is not None:
        yield f"      original of {line.original.date}, for {line.original.period}"


def _held(draft: Draft) -> Iterator[str]:
    document = draft.document
    yield f"  held: {document.kind.replace('_', ' ')} to {document.bill_to.code}, net {document.net}"
    yield from (f"    {check.code}: {check.sentence}" for check in draft.checks)


def _provider_charges(path: Path) -> Iterator[ProviderCharge]:
    if not path.exists():
        return
    read = partner_center.read_file(path.read_bytes(), name=path.name)
    assert not read.refusals, read.refusals
    for line in read.lines:
        stored = StoredLine(
            key=line.key,
            source="partner_center",
            invoice_number=line.invoice_number,
            subscription=line.subscription_id,
            charge_type=line.charge_type,
            body=canonical_json(line).decode(),
            flags="",
        )
        charge = as_charge(stored)
        assert charge is not None, line
        yield charge


if __name__ == "__main__":
    sys.stdout.write(Story.of(sys.argv[1]).tell())
