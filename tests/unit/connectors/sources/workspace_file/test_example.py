from __future__ import annotations

from connectors.sources.workspace_file import read_workspace_with_warnings
from tests.unit.connectors.sources.workspace_file.small_file import EXAMPLE


class TestMinimalExample:
    def test_is_read_without_a_word(self) -> None:
        workspace, warnings = read_workspace_with_warnings(EXAMPLE.read_bytes(), name=EXAMPLE.name)

        assert warnings == ()
        assert [book.ledger for book in workspace.setup.books] == ["beancount"]
        assert [(version.on.isoformat(), version.quantity) for version in workspace.versions] == [
            ("2026-01-01", 12),
            ("2026-01-16", 15),
            ("2026-01-01", 5),
        ]
