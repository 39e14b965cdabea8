"""One document as a page of text, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from worker.cli.output import Output, plain, shown

if TYPE_CHECKING:
    from mappings.canonical.document import Document, Line
    from worker.flows.overview import DocumentFacts


_PERSONAL = frozenset({"address", "registrations", "emails"})


def as_json_of(
    facts: DocumentFacts, links: Mapping[str, str] | None = None, *, personal: bool = False
) -> dict[str, Any]:
    """The list's fields, then everything the document says, its checks, hold and deliveries.

    The payer's address, e-mail and tax ids only with `personal`: such output is stored and sent about.
    """
    content: dict[str, Any] = plain(facts.content)
    if not personal:
        content["bill_to"] = {
            name: value for name, value in content["bill_to"].items() if name not in _PERSONAL
        }
    line: dict[str, Any] = plain(facts.line)
    hold = {"by": facts.held_by, "because": facts.held_because} if facts.held_by else None
    return {
        **line,
        "checks": plain(facts.checks),
        "hold": hold,
        "deliveries": [{**plain(one), "link": (links or {}).get(one.id, "")} for one in facts.deliveries],
        "follow_ups": plain(facts.follow_ups),
        "content": content,
    }


def print_document(
    out: Output, facts: DocumentFacts, *, with_basis: bool, links: Mapping[str, str] | None = None
) -> None:
    """The document for people; each line's calculation in words when `with_basis`.

    `links` has the address of deliveries in their ledger's own pages.
    """
    for line in _head(facts):
        out.line(line)
    for section in facts.content.sections:
        out.line()
        out.line(shown(f"{section.name or section.party}: net {section.net}"))
        for one in section.lines:
            _print_line(out, one, with_basis=with_basis)
    out.line()
    for line in _totals(facts.content):
        out.line(line)
    for line in _state(facts, links or {}):
        out.line(shown(line))


def _head(facts: DocumentFacts) -> Iterator[str]:
    content = facts.content
    kind = content.kind.replace("_", " ").capitalize()
    number = content.number or f"(no number yet; reference {content.ref})"
    yield shown(f"{kind} {number}" + (f" of {content.document_date}" if content.document_date else ""))
    yield shown(f"  from {content.issuer.legal_name or content.issuer.name} ({content.issuer.code})")
    yield shown(f"  to   {content.bill_to.legal_name or content.bill_to.name} ({content.bill_to.code})")
    yield f"  for  {content.service.start} to {content.service.until} (end excluded)"
    if content.due_date:
        yield f"  due  {content.due_date}"


def _print_line(out: Output, line: Line, *, with_basis: bool) -> None:
    out.line(shown(f"  {line.description}"))
    price = f"{line.quantity:f} x {line.unit_price:f}"
    out.line(f"      {price} = {line.net}, tax {line.tax_code} {line.tax_percent:f} %")
    if line.original is not None:
        out.line(shown(f"      corrects {line.original.number} of {line.original.date}"))
    if with_basis:
        for step in line.basis:
            out.line(shown(f"      because {step}"))


def _totals(content: Document) -> Iterator[str]:
    yield f"net    {content.net}"
    for tax in content.taxes:
        yield shown(f"tax    {tax.tax} ({tax.code}, {tax.percent:f} % of {tax.base})")
        if tax.reason:
            yield shown(f"       {tax.treatment.replace('_', ' ')}: {tax.reason}")
    if content.converted_tax is not None:
        own = content.converted_tax
        yield shown(f"       {own.tax} in the tax currency, at {own.rate:f} of {own.on} ({own.source})")
    yield f"gross  {content.gross}"
    if content.home_currency != content.currency:
        source = content.exchange_rate_source
        yield shown(
            f"rate   1 {content.currency} = {content.exchange_rate:f} {content.home_currency}"
            f" of {content.exchange_rate_on} ({source})"
        )


def _state(facts: DocumentFacts, links: Mapping[str, str]) -> Iterator[str]:
    yield f"state  {facts.line.state}"
    word = "note: " if facts.line.state == "released" else "held because "
    for check in facts.checks:
        yield f"  {word}{check.sentence} ({check.code})"
    if facts.held_by:
        yield f"  kept back by {facts.held_by}: {facts.held_because or 'no reason given'}"
    for one in facts.deliveries:
        where = f" as id {one.ledger_id}" if one.ledger_id else ""
        because = f": {one.why}" if one.why else ""
        yield f"book   {one.book}: {one.state}{where}{because}"
        if one.hint:
            yield f"  what to do: {one.hint}"
        if one.id in links:
            yield f"  see it there: {links[one.id]}"
    for one in facts.follow_ups:
        because = f": {one.why}" if one.why else ""
        yield f"{one.kind:<6} {one.book}: {one.state}{because} (id {one.id})"
