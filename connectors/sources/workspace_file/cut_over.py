"""Older contracts need a cut-over before they may bill into a real book (billing rules, "Cut-over")."""

from __future__ import annotations

from datetime import date

from connectors.sources.workspace_file.finding import Finding
from mappings.canonical.workspace import Workspace


def missing_cut_over(
    workspace: Workspace, practice_books: frozenset[str], today: date
) -> tuple[Finding, ...]:
    """One finding per contract that began before `today` without a cut-over and reaches a real book.

    `practice_books` are codes of books that are simulators or plain files, as the registry says. Without a
    cut-over everything since the contract's first day would be billed again, into books that cannot forget.
    """
    issuers = {issuer.code: issuer for issuer in workspace.setup.issuers}
    real_books = {
        book.issuer: book.code for book in reversed(workspace.setup.books) if book.code not in practice_books
    }
    findings = []
    for position, contract in enumerate(workspace.setup.contracts):
        issuer = issuers.get(contract.issuer)
        has_cut_over = contract.cut_over is not None or (issuer is not None and issuer.cut_over is not None)
        if contract.from_ < today and not has_cut_over and contract.issuer in real_books:
            findings.append(
                Finding(
                    f"contracts[{position}].cut_over",
                    None,
                    f"contract {contract.code} began on {contract.from_} and bills into the real book "
                    f"{real_books[contract.issuer]}, but nothing says from which day on we bill.",
                    f"Add cut_over to the contract or to issuer {contract.issuer}: "
                    "the first day that no other system has billed.",
                )
            )
    return tuple(findings)
