"""Laws of identity: the same business facts, the same names, in every database."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.document import ChargeRef
from mappings.canonical.money import Money
from mappings.identity import DeliveryIdentity, canonical_json, document_ref, fingerprint, fingerprint_of

codes = st.text(min_size=1, max_size=12)
refs = st.builds(
    ChargeRef,
    codes,
    st.integers(0, 900).map(lambda n: date(2026, 1, 1) + timedelta(days=n)),
    st.integers(0, 9),
)
keys = st.lists(codes, min_size=1, max_size=4).map(tuple)
identities = st.builds(
    DeliveryIdentity, codes, st.sampled_from(["invoice", "customer"]), codes, st.integers(0, 5)
)


class TestADocumentReference:
    @given(codes, keys, st.lists(refs, min_size=1, max_size=8, unique=True), st.integers())
    def test_does_not_depend_on_the_order_of_charges(
        self, issuer: str, key: tuple[str, ...], charges: list[ChargeRef], seed: int
    ) -> None:
        shuffled = random.Random(seed).sample(charges, len(charges))

        assert document_ref(issuer, key, charges) == document_ref(issuer, key, shuffled)

    @given(codes, keys, refs)
    def test_changes_with_every_fact(self, issuer: str, key: tuple[str, ...], charge: ChargeRef) -> None:
        later = replace(charge, revision=charge.revision + 1)
        names = {
            document_ref(issuer, key, (charge,)),
            document_ref(issuer + "x", key, (charge,)),
            document_ref(issuer, (*key, ""), (charge,)),
            document_ref(issuer, key, (later,)),
            document_ref(issuer, key, (charge, later)),
        }

        assert len(names) == 5
        assert all(re.fullmatch(r"[A-Z2-7]{26}", name) for name in names)

    def test_is_written_in_stone(self) -> None:
        """A change of this value would make every released document unknown to its book."""
        charge = ChargeRef("S1", date(2026, 1, 1), 0)

        assert document_ref("DE", ("DE", "ACME"), (charge,)) == "O5PQHZ7UHZSEKRMPU3Y4EKCXPY"


class TestADelivery:
    @given(identities, identities)
    def test_has_one_key_per_identity(self, one: DeliveryIdentity, other: DeliveryIdentity) -> None:
        assert (one.key == other.key) == (one == other)
        assert re.fullmatch(r"[0-9a-f]{32}", one.key)

    def test_is_written_in_stone(self) -> None:
        """A change of these values would send again, as new, what a book holds already."""
        one = DeliveryIdentity("DE", "invoice", "O5PQHZ7UHZSEKRMPU3Y4EKCXPY", 2)

        assert one.key == "5d4a337571011b6b1793a8f1ec7dfdab"
        assert one.marker == "KSJ2BR7IHHVY3VYGYPDB"

    @given(identities)
    def test_keeps_its_marker_over_revisions(self, one: DeliveryIdentity) -> None:
        revised = replace(one, revision=one.revision + 1)

        assert revised.marker == one.marker
        assert revised.key != one.key
        assert re.fullmatch(r"[A-Z2-7]{20}", one.marker)


class TestCanonicalBytes:
    def test_carry_decimals_as_text_and_fields_in_their_order(self) -> None:
        assert canonical_json({"b": Decimal("8.40"), "a": Money(1, "EUR")}) == (
            b'{"a":{"minor":1,"currency":"EUR"},"b":"8.40"}'
        )

    def test_give_the_fingerprint(self) -> None:
        assert fingerprint({"a": 1}) == fingerprint_of(b'{"a":1}')
        assert fingerprint_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @given(st.dictionaries(codes, st.integers(), min_size=2))
    def test_do_not_depend_on_the_order_of_keys(self, facts: dict[str, int]) -> None:
        backwards = dict(reversed(facts.items()))

        assert fingerprint(facts) == fingerprint(backwards)
