"""A consolidated statement, and settings with where they come from."""

from __future__ import annotations

import pytest

from mappings.canonical.money import Money
from mappings.canonical.party import FxRate
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    party,
    price_list,
    replace,
    setup,
    subscription,
)
from worker.billing import ground_of
from worker.billing.origins import settings_of
from worker.billing.statement import Statement, StatementEntry, statement
from worker.billing.values import Exchange

RATES = (
    FxRate("USD", "EUR", day("2026-01-01"), "0.90", "ECB"),
    FxRate("USD", "EUR", day("2026-01-16"), "0.80", "ECB"),
    FxRate("USD", "EUR", day("2026-01-31"), "0.95", "ECB"),
)


def seller() -> Seller:
    """AMA pays in EUR, USA in USD and drops to 5 seats on 16 January: 5 x 8.40 x 16/31 = 21.68 back."""
    world = setup(
        parties=(party("TOP"), party("AMA", parent="TOP"), party("USA", parent="TOP", country="US")),
        price_lists=(price_list(), price_list("DOLLAR", currency="USD")),
        contracts=(contract("AMA"), contract("USA", price_list="DOLLAR")),
        fx_rates=RATES,
    )
    two = (subscription("A", party="AMA"), subscription("U", party="USA"))
    story = Seller(world, two, (held("2026-01-01", 10, "A"), held("2026-01-01", 10, "U")))
    story.run("2026-01-01")
    story.change(held("2026-01-16", 5, "U"))
    story.run("2026-01-16")
    return story


class TestAStatement:
    def test_sums_up_documents_at_the_rates_of_its_day(self) -> None:
        """99.96 EUR + 84.00 USD x 0.95 - 21.68 USD x 0.95 = 99.96 + 79.80 - 20.60."""
        rates = iter(RATES)
        found = statement(seller().documents, group="TOP", currency="EUR", on=day("2026-01-31"), rates=rates)

        assert isinstance(found, Statement)
        assert {str(entry.reported) for entry in found.entries} == {"99.96 EUR", "79.80 EUR", "-20.60 EUR"}
        assert [str(amount) for amount in found.by_currency] == ["99.96 EUR", "62.32 USD"]
        assert str(found.total) == "159.16 EUR"

    def test_takes_each_documents_own_rate_by_document_date(self) -> None:
        """The credit note keeps the rate of its original: 84.00 x 0.90 = 75.60, 21.68 x 0.90 = 19.51."""
        found = statement(
            seller().documents,
            group="TOP",
            currency="EUR",
            on=day("2026-01-31"),
            rates=(),
            rate_date="document_date",
        )

        assert isinstance(found, Statement)
        assert {str(entry.reported) for entry in found.entries} == {"99.96 EUR", "75.60 EUR", "-19.51 EUR"}

    def test_says_all_of_a_document_a_credit_note_with_minus(self) -> None:
        story = seller()
        found = statement(story.documents, group="TOP", currency="EUR", on=day("2026-01-31"), rates=RATES)
        note = next(document for document in story.documents if document.kind == "credit_note")

        assert isinstance(found, Statement)
        assert (found.group, found.on, found.currency) == ("TOP", day("2026-01-31"), "EUR")
        assert found.rate_date == "statement_date"
        [entry] = [entry for entry in found.entries if entry.kind == "credit_note"]
        assert entry == StatementEntry(
            number=note.number,
            kind="credit_note",
            issuer="DE",
            bill_to="USA",
            document_date=day("2026-01-16"),
            due_date=note.due_date,
            net=Money(-2168, "USD"),
            tax=Money(0, "USD"),
            gross=Money(-2168, "USD"),
            exchange=Exchange(dec("0.95"), day("2026-01-31"), "ECB"),
            reported=Money(-2060, "EUR"),
        )
        [own] = [entry for entry in found.entries if entry.bill_to == "AMA"]
        assert own.exchange == Exchange(dec(1), None, "")
        assert (str(own.net), str(own.tax), str(own.gross)) == ("84.00 EUR", "15.96 EUR", "99.96 EUR")

    def test_stands_by_issuer_date_and_number(self) -> None:
        documents = seller().documents
        other = [
            replace(document, issuer=replace(document.issuer, code="AT"), number=f"A{document.number}")
            for document in documents
        ]

        found = statement(
            [*documents, *other], group="TOP", currency="EUR", on=day("2026-01-31"), rates=RATES
        )

        assert isinstance(found, Statement)
        told = [(entry.issuer, entry.document_date, entry.number) for entry in found.entries]
        assert told == sorted(told)
        assert [issuer for issuer, *_ in told] == ["AT"] * 3 + ["DE"] * 3

    def test_by_document_date_asks_for_the_rate_of_each_documents_day(self) -> None:
        """In pounds: no document is converted to pounds already, so each needs the rate of its own day."""
        found = statement(
            seller().documents,
            group="TOP",
            currency="GBP",
            on=day("2026-01-31"),
            rates=(FxRate("EUR", "GBP", day("2026-01-01"), "0.85", "ECB"),),
            rate_date="document_date",
        )

        assert not isinstance(found, Statement)
        assert [check.sentence.split("rate from ")[1][:17] for check in found] == [
            "USD on 2026-01-01",
            "USD on 2026-01-16",
        ]

    def test_is_the_same_for_any_order_of_documents(self) -> None:
        documents = seller().documents
        there, back = (
            statement(order, group="TOP", currency="EUR", on=day("2026-01-31"), rates=RATES)
            for order in (documents, reversed(documents))
        )

        assert there == back

    def test_is_refused_with_every_missing_rate(self) -> None:
        found = statement(seller().documents, group="TOP", currency="EUR", on=day("2026-01-30"), rates=RATES)

        assert not isinstance(found, Statement)
        assert [check.code for check in found] == ["rate_missing"]

    def test_lists_released_documents_only(self) -> None:
        story = seller()
        assert story.last is not None

        with pytest.raises(ValueError, match="not released"):
            statement(
                [draft.document for draft in story.last.drafts],
                group="TOP",
                currency="EUR",
                on=day("2026-01-31"),
                rates=RATES,
            )


class TestSettings:
    def test_tell_who_agreed_to_them(self) -> None:
        world = setup(
            parties=(party("TOP"), party("NORTH", parent="TOP")),
            contracts=(contract("TOP", purchase_order="PO-7"),),
        )

        found = {
            one.name: one
            for one in settings_of(subscription(party="NORTH"), day("2026-01-01"), ground_of(world))
        }

        assert found["purchase_order"].value == "PO-7"
        assert found["purchase_order"].origin == "contract C-TOP of TOP from 2020-01-01, inherited by NORTH"
        assert found["purchase_order"].party == "TOP"
        assert (found["timing"].value, found["timing"].origin) == ("advance", "default")
        assert (found["payment_terms_days"].value, found["payment_terms_days"].origin) == ("30", "issuer DE")

    def test_are_none_without_a_contract(self) -> None:
        world = setup(parties=(party("ACME"), party("LONE")))

        assert settings_of(subscription(party="LONE"), day("2026-01-01"), ground_of(world)) == ()
