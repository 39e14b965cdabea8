"""Which record is ours: what counts as certain, and what a person must confirm."""

from __future__ import annotations

import pytest

from connectors.protocols import HeldName
from worker.delivery.matching import Match, Ours, match, plain

ACME = Ours(
    "customer", "ACME/EUR", "M" * 20, ("Acme GmbH",), "EUR", ("ap@acme.example",), ("DE 811.907-980",)
)


def held(ledger_id: str = "7", name: str = "Other", **more: object) -> HeldName:
    known: dict[str, object] = {"currency": "EUR", "is_active": True, **more}
    return HeldName("customer", ledger_id, name, **known)  # type: ignore[arg-type]  # fields of HeldName


def found(*records: HeldName) -> Match:
    (one,) = match([ACME], records)
    return one


class TestMatch:
    @pytest.mark.parametrize(
        ("record", "grade", "because"),
        [
            (held(marker="M" * 20), "exact", ("marker",)),
            (held(tax_id="de811907980"), "exact", ("tax id",)),
            (held(name="ACME  gmbh", emails=("AP@acme.example",)), "exact", ("e-mail", "name")),
            (held(name="acme gmbh"), "likely", ("name",)),
            (held(emails=("ap@acme.example",)), "likely", ("e-mail",)),
            (held(), "missing", ()),
        ],
    )
    def test_has_the_grade_of_its_signs(self, record: HeldName, grade: str, because: tuple[str, ...]) -> None:
        one = found(record)

        assert (one.grade, one.because) == (grade, because)

    def test_never_crosses_currencies(self) -> None:
        """Row 65: a customer there has one currency for ever."""
        one = found(held(name="Acme GmbH", tax_id="DE811907980", currency="USD"))

        assert (one.grade, one.ledger_id) == ("missing", "")
        assert "in USD, not EUR" in one.note

    def test_of_two_equally_good_records_is_for_a_person(self) -> None:
        one = found(held("7", tax_id="DE811907980"), held("8", tax_id="DE811907980"))

        assert (one.grade, one.others) == ("likely", ("8 Other",))

    def test_prefers_our_own_marker_to_anything(self) -> None:
        one = found(held("7", tax_id="DE811907980"), held("8", marker="M" * 20, tax_id="DE811907980"))

        assert (one.grade, one.ledger_id) == ("exact", "8")

    def test_of_an_inactive_record_is_never_exact(self) -> None:
        """Row 68."""
        one = found(held(tax_id="DE811907980", is_active=False))

        assert one.grade == "likely"
        assert "inactive" in one.note


class TestPlainNames:
    @pytest.mark.parametrize("name", ["Cafe\u0301 Nord", "CAF\u00c9  NORD ", "Caf\u00e9\u200b Nord"])
    def test_are_equal_whatever_differs_by_accident(self, name: str) -> None:
        """Bad input 31."""
        assert plain(name) == plain("Caf\u00e9 Nord")
