"""The one list of ledgers and sources, and what it finds wrong with a book."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors import registry
from mappings.canonical.book import Book
from tests.unit.connectors.ledgers.beancount.documents import book as beancount_book

QUICKBOOKS = Book(
    code="US-BOOK",
    issuer="US",
    ledger="quickbooks",
    chart="US",
    home_currency="USD",
    settings={"realm_id": "9341", "environment": "production", "country": "US", "client_id": "AB"},
)
SIMULATED = replace(
    QUICKBOOKS,
    settings={
        **QUICKBOOKS.settings,
        "environment": "simulator",
        "api_base": "http://127.0.0.1:4010",
        "token_endpoint": "http://localhost:4010/token",
    },
)


class TestLedgers:
    def test_have_a_name_and_settings_of_their_own(self) -> None:
        names = registry.names()

        assert names[0] == "beancount"
        assert len(set(names)) == len(names)
        for kind in registry.ledgers():
            assert kind.required_settings <= set(kind.settings)
            assert registry.ledger(kind.name) is kind

    def test_name_the_nearest_one(self) -> None:
        with pytest.raises(registry.UnknownLedger, match="did you mean 'beancount'"):
            registry.ledger("beancont")
        with pytest.raises(registry.UnknownLedger, match="one of: beancount"):
            registry.ledger("xyz")


class TestSources:
    def test_are_found_by_name(self) -> None:
        for source in registry.sources():
            assert registry.source(source.name) is source

    def test_name_the_nearest_one(self) -> None:
        with pytest.raises(registry.UnknownSource, match="did you mean 'subscription_events'"):
            registry.source("subscription_event")


class TestBook:
    @pytest.mark.parametrize("fine", [beancount_book(Path("de.beancount")), QUICKBOOKS, SIMULATED])
    def test_without_a_mistake_has_no_findings(self, fine: Book) -> None:
        assert registry.findings(fine) == ()

    def test_of_no_ledger_is_found(self) -> None:
        (finding,) = registry.findings(replace(QUICKBOOKS, ledger="quickbook"))

        assert finding == "Book US-BOOK: There is no ledger 'quickbook'; did you mean 'quickbooks'."

    def test_with_a_misspelt_setting_is_found_with_the_nearest_name(self) -> None:
        unknown, missing = registry.findings(
            replace(beancount_book(Path("x")), settings={"flie": "de.beancount"})
        )

        assert "Beancount (plain text) has no setting 'flie'; did you mean 'file'." in unknown
        assert "the setting 'file' is missing. Path of the book's file" in missing

    @pytest.mark.parametrize("waits", [{"server_limit_s": 1.0}, {"recheck_s": 0.5}])
    def test_may_wait_less_only_on_this_machine(self, waits: dict[str, float]) -> None:
        elsewhere = {**SIMULATED.settings, "token_endpoint": "https://oauth.example"}

        assert registry.findings(replace(SIMULATED, **waits)) == ()  # type: ignore[arg-type]  # floats by name
        for refused in (QUICKBOOKS, replace(SIMULATED, settings=elsewhere)):
            (finding,) = registry.findings(replace(refused, **waits))  # type: ignore[arg-type]  # as above
            assert "is allowed only where every address of the book is on this machine" in finding

    def test_never_waits_a_negative_time(self) -> None:
        (finding,) = registry.findings(replace(SIMULATED, recheck_s=-1.0))

        assert "it cannot be negative" in finding

    def test_is_practice_as_a_file_or_a_simulator_only(self) -> None:
        assert registry.is_practice(beancount_book(Path("x")))
        assert registry.is_practice(SIMULATED)
        assert not registry.is_practice(QUICKBOOKS)


class TestAbilities:
    def test_are_what_the_session_and_its_records_say(self) -> None:
        quickbooks, beancount = registry.ledger("quickbooks"), registry.ledger("beancount")

        wanted = {"voids_documents", "sends_mail", "reads_reference_data"}
        assert wanted <= set(registry.abilities(quickbooks))
        assert registry.abilities(beancount) == ("reads_balances", "reads_numbers")
