from __future__ import annotations

from dataclasses import replace
from datetime import date

from connectors.sources.workspace_file import missing_cut_over
from mappings.canonical.workspace import Workspace
from tests.unit.connectors.sources.workspace_file.small_file import SMALL, put, workspace_of

NOBODY: frozenset[str] = frozenset()
TODAY = date(2026, 3, 1)


def without_books(workspace: Workspace) -> Workspace:
    return replace(workspace, setup=replace(workspace.setup, books=()))


class TestMissingCutOver:
    def test_is_found_for_an_older_contract_of_a_real_book(self) -> None:
        (finding,) = missing_cut_over(workspace_of(SMALL), NOBODY, TODAY)

        assert finding.path == "contracts[0].cut_over"
        assert "contract DEAL began on 2026-01-01" in finding.sentence
        assert "real book BOOK" in finding.sentence
        assert "cut_over" in finding.fix

    def test_does_not_concern_practice_books(self) -> None:
        assert missing_cut_over(workspace_of(SMALL), frozenset({"BOOK"}), TODAY) == ()

    def test_does_not_concern_an_issuer_without_books(self) -> None:
        assert missing_cut_over(without_books(workspace_of(SMALL)), NOBODY, TODAY) == ()

    def test_is_settled_by_the_contract_or_its_issuer(self) -> None:
        for place in ("contracts.0.cut_over", "issuers.0.cut_over"):
            assert missing_cut_over(workspace_of(put(place, "2026-03-01")), NOBODY, TODAY) == ()

    def test_does_not_concern_a_contract_that_begins_today(self) -> None:
        assert missing_cut_over(workspace_of(SMALL), NOBODY, date(2026, 1, 1)) == ()
