"""Which application speaks for a book, and what it may do over all its books."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors import registry
from connectors.application import Application, application
from connectors.protocols import Capabilities
from mappings.canonical.book import Book

LIMITED = Capabilities(records=frozenset(), app_calls_per_minute=600, reads_per_month=1000)
BOOK = Book("US-BOOK", "US", "quickbooks", "CHART", "USD", settings={"client_id": "app-1"})


def with_settings(**settings: str) -> Book:
    return replace(BOOK, settings={**BOOK.settings, **settings})


class TestApplication:
    def test_is_the_ledgers_client(self) -> None:
        assert application(BOOK, LIMITED) == Application("quickbooks app-1", 600, 1000)

    def test_may_be_allowed_other_figures_by_its_tier(self) -> None:
        told = with_settings(app_calls_per_minute="30", reads_per_month="0")

        assert application(told, LIMITED) == Application("quickbooks app-1", 30, 0)

    @pytest.mark.parametrize("figure", ["-1", "1.5", "many"])
    def test_of_figures_that_are_none_is_refused(self, figure: str) -> None:
        found = registry.findings(with_settings(reads_per_month=figure))

        assert any(f"reads_per_month is '{figure}'" in sentence for sentence in found)
