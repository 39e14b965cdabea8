from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.protocols import Capabilities
from mappings.canonical.book import Book
from mappings.canonical.document import Document
from tests.fakes.documents import a_document
from worker.flows.release_plan import too_large_for

BOOK = Book("DE-BOOK", "DE", "memory", "DE-CHART", "EUR")


def of_lines(count: int) -> Document:
    """A document of that many lines."""
    document = a_document("INV-1")
    (section,) = document.sections
    return replace(document, sections=(replace(section, lines=section.lines * count),))


class TestADocument:
    @pytest.mark.parametrize(
        ("known", "codes"),
        [
            (Capabilities(frozenset()), []),
            (Capabilities(frozenset(), lines_max=10), []),
            (Capabilities(frozenset(), lines_max=9), ["too_many_lines"]),
            (
                Capabilities(frozenset(), lines_max=9, number_length_max=4),
                ["number_too_long", "too_many_lines"],
            ),
        ],
    )
    def test_that_its_book_has_no_room_for_is_held(self, known: Capabilities, codes: list[str]) -> None:
        """Row 55: an invoice of ten thousand lines is never sent to be refused."""
        found = too_large_for(of_lines(10), BOOK, known)

        assert [check.code for check in found] == codes
        assert all(BOOK.code in check.sentence for check in found)
