"""Every story of the folder `stories`, told again: the documents must be the ones worked out by hand."""

from __future__ import annotations

import pytest

from tests.golden.story import STORIES, Story, names


@pytest.mark.parametrize("name", names())
class TestAStory:
    def test_gives_the_expected_documents(self, name: str) -> None:
        expected = (STORIES / name / "expected.txt").read_text(encoding="utf-8")

        assert Story.of(name).tell() == expected

    def test_bills_nothing_more_when_its_last_day_is_billed_again(self, name: str) -> None:
        story = Story.of(name)
        story.tell()
        last = [step for step in story.steps if not step.startswith("statement")][-1]

        assert story.seller.run(last) == ()

    def test_tells_its_arithmetic(self, name: str) -> None:
        text = (STORIES / name / "story.md").read_text(encoding="utf-8")

        assert text.startswith("# ")
        assert "=" in text
