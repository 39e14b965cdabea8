"""Bounds of whole records: characters, depth, lines. Sources as in `rules.py`."""

from __future__ import annotations

from collections.abc import Mapping

FORBIDDEN_CHARACTERS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "Customer": (
        frozenset(
            {
                "DisplayName",
                "Title",
                "GivenName",
                "MiddleName",
                "FamilyName",
                "Suffix",
                "PrintOnCheckName",
            }
        ),
        frozenset(":\t\n"),
    ),
    "Account": (frozenset({"Name"}), frozenset('":')),
    "Item": (frozenset({"Name"}), frozenset(":\t\n")),
    "Class": (frozenset({"Name"}), frozenset(":\t\n")),
    "Department": (frozenset({"Name"}), frozenset(":\t\n")),
    "Vendor": (frozenset({"DisplayName"}), frozenset(":\t\n")),
}
MASKED: Mapping[str, tuple[str, ...]] = {"Customer": ("PrimaryTaxIdentifier", "SecondaryTaxIdentifier")}
LINES_MAX = 750
NAME_LEVELS_BELOW_TOP = 4
ADDRESS_LINES_MAX = 2000
