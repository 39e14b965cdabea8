"""Parties: names, addresses, tax ids, certificates, mail, and their ids in other systems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.sources.workspace_file.checks.books import ledger_id_problems
from connectors.sources.workspace_file.checks.index import Index
from connectors.sources.workspace_file.checks.issuers import address_problems, registration_problems
from connectors.sources.workspace_file.checks.words import (
    code_problems,
    country_problems,
    days_problems,
    email_problems,
    folded,
    language_problems,
    name_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem, path_text, shown
from connectors.sources.workspace_file.schema import WorkspaceFile
from connectors.sources.workspace_file.schema_parties import PartyEntry


def party_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `parties`, but for the tree."""
    for position, party in enumerate(file.parties):
        yield from _party_problems(("parties", position), party, index)
    yield from foreign_id_problems(
        "tenant",
        (
            (("parties", position, "tenants", at), party.code, tenant)
            for position, party in enumerate(file.parties)
            for at, tenant in enumerate(party.tenants)
        ),
    )
    yield from _same_name_warnings(file.parties)


def _party_problems(path: Path, party: PartyEntry, index: Index) -> Iterator[Problem]:
    yield from code_problems((*path, "code"), party.code)
    yield from name_problems((*path, "name"), party.name)
    if party.legal_name:
        yield from name_problems((*path, "legal_name"), party.legal_name)
    yield from address_problems((*path, "bill_to_address"), party.bill_to_address)
    yield from address_problems((*path, "ship_to_address"), party.ship_to_address)
    yield from registration_problems((*path, "tax_ids"), party.tax_ids)
    for position, exemption in enumerate(party.exemptions):
        here = (*path, "exemptions", position)
        yield from country_problems((*here, "country"), exemption.country)
        yield from days_problems((*here, "expires"), exemption.expires)
        yield from days_problems((*here, "from"), exemption.from_)
        for key in ("reason", "certificate"):
            if not getattr(exemption, key).strip():
                yield Problem((*here, key), f"the {key} is blank.", "A tax office asks for it; write it.")
    yield from email_problems((*path, "emails"), party.emails)
    yield from language_problems((*path, "language"), party.language)
    yield from ledger_id_problems((*path, "ledger_ids"), party.ledger_ids, index)


def foreign_id_problems(what: str, ids: Iterable[tuple[Path, str, str]]) -> Iterator[Problem]:
    """A provider's id must lead to one thing of ours: (path, our code, their id)."""
    first: dict[str, tuple[str, Path]] = {}
    for path, owner, given in ids:
        if not given.strip():
            yield Problem(path, f"the {what} is blank.", "Write the provider's id, or remove it.")
            continue
        earlier, earlier_path = first.setdefault(given.casefold(), (owner, path))
        if earlier_path != path:
            yield Problem(
                path,
                f"the {what} {shown(given)} is already at {path_text(earlier_path)} ({earlier}).",
                "Keep it in one place.",
            )


def _same_name_warnings(parties: tuple[PartyEntry, ...]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for position, party in enumerate(parties):
        earlier = first.setdefault(folded(party.name), party.code)
        if earlier != party.code:
            yield Problem(
                ("parties", position, "name"),
                f"parties {earlier} and {party.code} have the same name.",
                "A ledger may refuse the second; tell them apart by name.",
                is_warning=True,
            )
