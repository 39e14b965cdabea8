"""Names of what a book holds, as people read them."""

from __future__ import annotations

from mappings.canonical.money import Money
from mappings.canonical.record import Reference, Target, currency_of_customer, customer_code


class TestAReference:
    def test_is_read_as_kind_and_code(self) -> None:
        assert str(Reference("customer", "ACME/EUR")) == "customer ACME/EUR"

    def test_of_a_target_is_its_document(self) -> None:
        target = Target("invoice", "REF", "INV-1", Money(1, "EUR"))

        assert target.reference == Reference("invoice", "REF")


class TestACustomersCode:
    def test_names_party_and_currency(self) -> None:
        assert customer_code("A/B", "EUR") == "A/B/EUR"
        assert currency_of_customer("A/B/EUR") == "EUR"
