"""A book's settings as an organisation, and what is wrong with one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connectors import registry
from connectors.http.session import AddressRefused
from connectors.ledgers.xero import filters
from connectors.ledgers.xero.limits import WHERE_CHARS_MAX
from connectors.ledgers.xero.organisation import SettingsRefused, is_practice, organisation_of
from connectors.ledgers.xero.organisation_check import problems_of
from tests.unit.connectors.ledgers.xero import records as make

TODAY = date(2026, 11, 2)
FINE = {"BaseCurrency": "GBP", "OrganisationStatus": "ACTIVE"}


class TestSettings:
    def test_of_production_need_no_addresses(self) -> None:
        settings = {"tenant_id": make.TENANT, "environment": "production", "client_id": "x"}

        real = organisation_of(replace(make.book(), settings=settings))

        assert real.api_base == "https://api.xero.com/api.xro/2.0"
        assert real.connections_address == "https://api.xero.com/connections"
        assert real.provider.refresh_lives == timedelta(days=60)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"tenant_id": "9341"}, "no UUID"),
            ({"environment": "sandbox"}, "production or simulator"),
            ({"api_base": ""}, "api_base is missing"),
            ({"token_endpoint": ""}, "token_endpoint is missing"),
            ({"client_id": ""}, "client_id is missing"),
            ({"limits_share": "2"}, "above 0"),
        ],
    )
    def test_that_cannot_work_are_refused_by_name(self, changes: dict[str, str], told: str) -> None:
        with pytest.raises(SettingsRefused, match=told):
            organisation_of(make.book(**changes))

    def test_refuse_an_address_that_we_do_not_send_to(self) -> None:
        with pytest.raises(AddressRefused):
            organisation_of(make.book(source_url="http://billing.example"))


class TestTokens:
    def test_are_those_of_the_book_that_holds_the_consent(self) -> None:
        assert registry.tokens_of(make.book()) == "UK-BOOK"
        assert registry.tokens_of(make.book("IE-BOOK", tokens_of="UK-BOOK")) == "UK-BOOK"


class TestPractice:
    def test_is_a_simulator_on_this_machine_only(self) -> None:
        assert is_practice(make.book())
        assert not is_practice(make.book(api_base="https://api.xero.com"))
        assert not is_practice(make.book(environment="production"))


class TestProblems:
    def test_of_a_usable_organisation_are_none(self) -> None:
        assert problems_of(FINE, ["GBP"], organisation=make.organisation(), today=TODAY) == ()

    @pytest.mark.parametrize(
        ("told", "sentence"),
        [
            ({**FINE, "BaseCurrency": "NZD"}, "base currency there is NZD"),
            ({**FINE, "OrganisationStatus": "SUSPENDED"}, "suspended"),
            ({**FINE, "PeriodLockDate": "/Date(1798675200000+0000)/"}, "locked until 2026-12-31"),
            ({**FINE, "EndOfYearLockDate": "2026-11-02T00:00:00"}, "locked until 2026-11-02"),
        ],
    )
    def test_are_told_in_sentences(self, told: dict[str, str], sentence: str) -> None:
        (problem,) = problems_of(told, ["GBP"], organisation=make.organisation(), today=TODAY)

        assert sentence in problem

    def test_tell_of_currencies_that_are_not_used_there(self) -> None:
        several = make.organisation(multicurrency="yes")

        assert problems_of(FINE, ["GBP", "EUR"], organisation=several, today=TODAY) == ()
        assert len(problems_of(FINE, ["GBP"], organisation=several, today=TODAY)) == 1


class TestFilters:
    def test_ask_for_each_value_once_and_in_several_reads_when_it_gets_long(self) -> None:
        numbers = [f"CN-{index:05}" for index in range(100)]

        wheres = list(filters.any_of("CreditNoteNumber", [*numbers, *numbers]))

        assert all(len(where) <= WHERE_CHARS_MAX for where in wheres)
        assert sum(where.count("==") for where in wheres) == len(numbers)
        assert list(filters.lists_of(["A", "B", "A"])) == ["A,B"]
        assert list(filters.any_of("Name", [])) == []
