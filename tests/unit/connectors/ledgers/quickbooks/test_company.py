"""Book settings of a QuickBooks company, and what its own settings must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors.http.session import AddressRefused
from connectors.ledgers.quickbooks import LEDGER
from connectors.ledgers.quickbooks.company import SettingsRefused, company_of
from connectors.ledgers.quickbooks.limits import capabilities
from connectors.ledgers.quickbooks.preferences import problems_of
from mappings.canonical.book import Book
from tests.unit.connectors.ledgers.quickbooks import records as make

INFO = {"CompanyName": "Seller Inc.", "Country": "US"}
PREFERENCES: dict[str, Any] = {
    "SalesFormsPrefs": {"CustomTxnNumbers": True},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
    "AccountingInfoPrefs": {"BookCloseDate": "2026-09-30"},
}
TODAY = date(2026, 11, 24)


def book(**settings: str) -> Book:
    """A production book: no addresses given."""
    basic = {"realm_id": "123", "environment": "production", "country": "us", "client_id": "id"}
    return replace(make.book(), settings={**basic, **settings})


class TestSettings:
    @pytest.mark.parametrize(
        ("environment", "address"),
        [
            ("production", "https://quickbooks.api.intuit.com"),
            ("sandbox", "https://sandbox-quickbooks.api.intuit.com"),
        ],
    )
    def test_have_addresses_by_environment(self, environment: str, address: str) -> None:
        company = company_of(book(environment=environment))

        assert company.api_base == address
        assert company.provider.token_endpoint == "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
        assert company.is_us

    @pytest.mark.parametrize(
        ("settings", "told"),
        [
            ({"realm_id": ""}, "realm_id is missing"),
            ({"realm_id": "12/../9"}, "not a company id"),
            ({"limits_share": "1.5"}, "above 0 and at most 1"),
            ({"limits_share": "nan"}, "above 0 and at most 1"),
            ({"limits_share": "half"}, "above 0 and at most 1"),
            ({"environment": "prod"}, "production, sandbox or simulator"),
            ({"environment": "simulator"}, "api_base is missing"),
            ({"environment": "simulator", "api_base": "http://127.0.0.1:1"}, "token_endpoint is missing"),
        ],
    )
    def test_are_refused_by_name(self, settings: dict[str, str], told: str) -> None:
        with pytest.raises(SettingsRefused, match=told):
            company_of(book(**settings))

    def test_send_nothing_in_the_clear(self) -> None:
        with pytest.raises(AddressRefused):
            company_of(book(api_base="http://quickbooks.example"))

    def test_of_a_practice_book_name_a_simulator_on_this_machine(self) -> None:
        assert LEDGER.is_practice(make.book())
        assert not LEDGER.is_practice(book(environment="sandbox"))
        assert not LEDGER.is_practice(book(api_base="http://127.0.0.1:1"))
        assert not LEDGER.is_practice(book(environment="simulator", api_base="https://sim.example"))

    def test_may_leave_a_part_of_the_call_limits_to_others(self) -> None:
        whole = LEDGER.capabilities.rates

        rates = capabilities(company_of(book(limits_share="0.5")).limits_share).rates

        assert rates.batches_per_minute == whole.batches_per_minute / 2
        assert (rates.per_second, rates.per_minute) == (whole.per_second / 2, whole.per_minute / 2)
        assert capabilities(company_of(book()).limits_share).rates == whole

    def test_known_to_the_registry_explain_themselves(self) -> None:
        assert set(LEDGER.settings) >= LEDGER.required_settings
        assert "client_secret" not in LEDGER.settings
        assert all(sentence.endswith(".") for sentence in LEDGER.settings.values())


class TestPreferences:
    def problems(self, *, needs_multicurrency: bool = False, **changes: Any) -> tuple[str, ...]:
        company = replace(make.company(), needs_multicurrency=needs_multicurrency)
        return problems_of(INFO, {**PREFERENCES, **changes}, company=company, today=TODAY)

    def test_of_a_usable_company_have_no_problem(self) -> None:
        assert self.problems() == ()

    def test_must_keep_our_numbers(self) -> None:
        (problem,) = self.problems(SalesFormsPrefs={})

        assert "Custom transaction numbers" in problem

    def test_need_multicurrency_only_where_documents_do(self) -> None:
        (problem,) = self.problems(needs_multicurrency=True)

        assert "Multicurrency" in problem

    def test_tell_a_closing_date_only_when_it_matters(self) -> None:
        (problem,) = self.problems(AccountingInfoPrefs={"BookCloseDate": "2026-11-24"})

        assert "closed until 2026-11-24" in problem
        (unread,) = self.problems(AccountingInfoPrefs={"BookCloseDate": "31/12/2025"})
        assert "cannot read" in unread

    def test_that_are_empty_are_no_crash(self) -> None:
        assert len(problems_of({}, {}, company=make.company(), today=TODAY)) == 2
