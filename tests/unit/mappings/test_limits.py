"""Texts and names fitted to a book."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.limits import fit_name, fit_text

texts = st.text(max_size=60)
limits = st.integers(10, 40)


class TestAText:
    def test_that_fits_is_left_alone(self) -> None:
        fitted = fit_text("description", "12 seats", length_max=8)

        assert (fitted.text, fitted.cut) == ("12 seats", None)

    def test_is_cut_at_the_end_of_a_word_and_says_so(self) -> None:
        fitted = fit_text("description", "12 seats of Office E3", length_max=15)

        assert fitted.text == "12 seats of..."
        assert str(fitted.cut) == "description: longer than 15 characters; the book gets '12 seats of...'"

    @pytest.mark.parametrize(
        ("text", "limit", "fitted"),
        [
            ("12 seats of Office", 11, "12 seats..."),
            ("12 seats of Office", 12, "12 seats..."),
            ("12 seats of Office", 13, "12 seats..."),
            ("12 seats of Office", 14, "12 seats of..."),
            ("Office365Enterprise", 10, "Office3..."),
            ("Office  and more", 10, "Office..."),
            ("Office Enterprise", 10, "Office..."),
            ("Office", 3, "..."),
            ("Office", 2, ".."),
        ],
    )
    def test_ends_with_a_whole_word_where_it_has_one(self, text: str, limit: int, fitted: str) -> None:
        assert fit_text("text", text, length_max=limit).text == fitted

    def test_without_a_limit_is_never_cut(self) -> None:
        assert fit_text("note", "x" * 9999, length_max=0).cut is None

    @given(texts, limits)
    def test_never_exceeds_its_limit(self, text: str, limit: int) -> None:
        fitted = fit_text("text", text, length_max=limit)

        assert len(fitted.text) <= limit
        assert (fitted.cut is None) == (fitted.text == text)


class TestAName:
    @given(texts, limits)
    def test_never_exceeds_its_limit_nor_holds_what_is_forbidden(self, name: str, limit: int) -> None:
        """Bad input 32."""
        fitted = fit_name("name", name, length_max=limit, forbidden=":\t\n")

        assert len(fitted.text) <= limit
        assert not set(fitted.text) & set(":\t\n")

    @pytest.mark.parametrize(
        ("name", "limit", "fitted", "why"),
        [
            ("Acme", 4, "Acme", ""),
            ("Acme", 0, "Acme", ""),
            ("Acme:Berlin", 0, "Acme-Berlin~", "has characters the book does not take"),
            ("Acme\nBerlin", 30, "Acme-Berlin~", "has characters the book does not take"),
            (" Acme", 30, "Acme~", "has characters the book does not take"),
            ("Acme of Berlin", 12, "Acme~", "longer than 12 characters"),
            ("Acme-Berlin", 10, "Acm~", "longer than 10 characters"),
            ("A:" + "x" * 20, 12, "A-xxx~", "longer than 12 characters"),
        ],
    )
    def test_is_cut_before_its_tag(self, name: str, limit: int, fitted: str, why: str) -> None:
        done = fit_name("name", name, length_max=limit, forbidden=":")
        head, sign, tag = done.text.partition("~")

        assert head + sign == fitted
        assert len(tag) == (6 if why else 0)
        assert (done.cut.why if done.cut else "") == why
        if done.cut:
            assert (done.cut.field, done.cut.ours, done.cut.theirs) == ("name", name, done.text)

    def test_is_its_tag_where_there_is_room_for_nothing_else(self) -> None:
        assert len(fit_name("name", "Acme of Berlin", length_max=5).text) == 5
        assert fit_name("name", "Acme of Berlin", length_max=7).text.startswith("~")

    def test_stays_unlike_another_that_begins_the_same(self) -> None:
        names = [fit_name("name", "x" * 50 + end, length_max=20).text for end in "ab"]

        assert len(set(names)) == 2

    def test_stays_unlike_another_that_differs_in_what_is_replaced(self) -> None:
        names = [fit_name("name", name, length_max=50, forbidden=":").text for name in ("A:B", "A-B")]

        assert len(set(names)) == 2

    @given(texts, limits)
    def test_is_the_same_every_time(self, name: str, limit: int) -> None:
        assert fit_name("name", name, length_max=limit) == fit_name("name", name, length_max=limit)
