"""The simulated Xero is stateful and strict, as the documentation says the real one is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.ledgers.xero.simulator import Fault, Limits
from tests.contract.xero.calls import SECOND, Calls, at_once, calling, messages
from tests.unit.connectors.ledgers.xero import records as make


@pytest.fixture
def xero() -> Iterator[Calls]:
    with calling() as calls:
        yield calls


class TestNumber:
    def test_is_unique_among_sales_and_free_for_bills(self, xero: Calls) -> None:
        assert xero.create("INV-1")["HasErrors"] is False
        assert messages(xero.create("inv-1")) == ["Invoice # must be unique."]
        assert xero.create("INV-1", Type="ACCPAY")["HasErrors"] is False

    def test_is_given_once_to_six_that_ask_at_a_time(self, xero: Calls) -> None:
        made = at_once(6, lambda: xero.create("INV-1"))

        assert sorted(one["HasErrors"] for one in made) == [False, *[True] * 5]


class TestKey:
    def test_is_answered_again_and_makes_nothing_new(self, xero: Calls) -> None:
        first, again = xero.create("INV-1", key="k"), xero.create("INV-1", key="k")

        assert again["InvoiceID"] == first["InvoiceID"]
        assert len(xero.running.simulator.dump(make.TENANT)["Invoices"]) == 1

    def test_is_refused_for_another_request(self, xero: Calls) -> None:
        xero.create("INV-1", key="k")

        answer = xero("PUT", "Invoices", xero.invoice("INV-2"), key="k")

        assert answer.status_code == 400
        assert "another request" in answer.text

    def test_is_forgotten_so_that_only_the_number_is_left(self, xero: Calls) -> None:
        xero.create("INV-1", key="k")
        xero.time.pass_by(minutes=7)

        assert messages(xero.create("INV-1", key="k")) == ["Invoice # must be unique."]

    def test_that_is_too_long_is_refused(self, xero: Calls) -> None:
        assert xero("PUT", "Invoices", xero.invoice("INV-1"), key="k" * 129).status_code == 400


class TestTotals:
    def test_are_computed_line_by_line(self, xero: Calls) -> None:
        line = {
            "Description": "x",
            "Quantity": 3,
            "UnitAmount": 0.335,
            "AccountCode": "200",
            "TaxType": "OUTPUT2",
        }

        made = xero.create("INV-1", LineItems=[line, line | {"TaxAmount": 5}, {"Description": "text"}])

        assert [made[name] for name in ("SubTotal", "TotalTax", "Total")] == [2.02, 5.2, 7.22]

    def test_need_a_line_amount_that_fits(self, xero: Calls) -> None:
        line = xero.invoice("X")["Invoices"][0]["LineItems"][0] | {"LineAmount": 21}

        (message,) = messages(xero.create("INV-1", LineItems=[line]))

        assert "expected line total 20.00" in message

    def test_have_two_decimals_of_a_price_without_unitdp(self, xero: Calls) -> None:
        line = {"Description": "x", "Quantity": 100, "UnitAmount": 0.1249, "AccountCode": "200"}
        body = xero.invoice("INV-1", LineItems=[line], LineAmountTypes="NoTax")

        answer = xero("PUT", "Invoices", body)

        assert answer.json()["Invoices"][0]["Total"] == 12

    def test_in_another_currency_are_at_the_days_rate_unless_one_is_given(self, xero: Calls) -> None:
        day, ours = (
            xero.create("1", CurrencyCode="EUR"),
            xero.create("2", CurrencyCode="EUR", CurrencyRate=1.15),
        )

        assert day["CurrencyRate"] != ours["CurrencyRate"] == 1.15


class TestValidation:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"Contact": {"ContactID": "nobody"}}, "contact could not be found"),
            ({"Contact": {}}, "A Contact must be specified"),
            ({"CurrencyCode": "SEK"}, "not subscribed to currency SEK"),
            ({"DueDate": None}, "Due Date"),
            ({"Date": "yesterday"}, "Date is not a date"),
            ({"Status": "PAID"}, "Status PAID"),
            ({"LineItems": []}, "One or more line items"),
            ({"Nonsense": 1}, "Nonsense is not a member of Invoice"),
            ({"InvoiceNumber": "N" * 256}, "maximum length of 255"),
            ({"LineItems": [{"Description": "", "Quantity": 1, "UnitAmount": 1}]}, "at least 1 character"),
            ({"LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": 1}]}, "Account code must be"),
        ],
    )
    def test_names_what_is_wrong(self, xero: Calls, changes: dict[str, Any], message: str) -> None:
        made = xero.create("INV-1", **changes)

        assert made["StatusAttributeString"] == "ERROR"
        assert any(message in told for told in messages(made)), made
        assert xero.running.simulator.dump(make.TENANT)["Invoices"] == []

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"AccountCode": "090"}, "Account code '090' is not a valid code"),
            ({"TaxType": "GST"}, "The TaxType code GST does not exist"),
            ({"ItemCode": "nope"}, "Item code 'nope'"),
            ({"TaxType": "NONE", "TaxAmount": 1}, "cannot be used with the tax rate NONE"),
            ({"Tracking": [{"Name": "Region", "Option": "East"}]}, "Region/East"),
        ],
    )
    def test_names_what_a_line_has_wrong(self, xero: Calls, change: dict[str, object], message: str) -> None:
        line = xero.invoice("X")["Invoices"][0]["LineItems"][0] | change

        (told,) = messages(xero.create("INV-1", LineItems=[line]))

        assert message in told

    def test_is_one_400_unless_errors_are_not_summarised(self, xero: Calls) -> None:
        answer = xero("PUT", "Invoices", xero.invoice("INV-1", CurrencyCode="SEK"))

        assert answer.status_code == 400
        assert answer.json()["Type"] == "ValidationException"
        assert "SEK" in messages(answer.json()["Elements"][0])[0]

    def test_takes_fifty_and_no_more(self, xero: Calls) -> None:
        params = {"summarizeErrors": "false"}
        many = {"Invoices": [xero.invoice(f"INV-{index}")["Invoices"][0] for index in range(51)]}

        assert xero("PUT", "Invoices", many, params=params).status_code == 400
        many["Invoices"].pop()
        assert xero("PUT", "Invoices", many, params=params).status_code == 200


class TestStatus:
    def test_of_a_void_is_final(self, xero: Calls) -> None:
        made = xero.create("INV-1")
        body = {"Invoices": [{"InvoiceID": made["InvoiceID"], "Status": "VOIDED"}]}

        first = xero("POST", f"Invoices/{made['InvoiceID']}", body)
        second = xero("POST", f"Invoices/{made['InvoiceID']}", body)

        assert first.json()["Invoices"][0]["Status"] == "VOIDED"
        assert second.status_code == 400
        assert messages(xero.create("INV-1")) == ["Invoice # must be unique."]

    def test_of_a_paid_one_cannot_be_void(self, xero: Calls) -> None:
        made = xero.create("INV-1")
        xero.running.simulator.human(make.TENANT).pay(made["InvoiceID"])

        body = {"Invoices": [{"InvoiceID": made["InvoiceID"], "Status": "VOIDED"}]}
        answer = xero("POST", f"Invoices/{made['InvoiceID']}", body)

        assert answer.status_code == 400
        assert "not of valid status" in answer.text


class TestLimits:
    def test_a_minute_are_told_with_the_time_to_wait(self) -> None:
        with calling(limits=Limits(per_minute=3)) as xero:
            answers = [xero("GET", "Organisation") for _ in range(4)]
            xero.time.pass_by(seconds=31)
            after = xero("GET", "Organisation")

        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert answers[3].headers["X-Rate-Limit-Problem"] == "minute"
        assert 0 < int(answers[3].headers["Retry-After"]) <= 31
        assert answers[0].headers["X-MinLimit-Remaining"] == "2"
        assert after.status_code == 200

    def test_a_day_last_longer(self) -> None:
        with calling(limits=Limits(per_day=2)) as xero:
            statuses = [xero("GET", "Organisation").status_code for _ in range(2)]
            xero.time.pass_by(minutes=5)
            refused = xero("GET", "Organisation")

        assert statuses == [200, 200]
        assert refused.headers["X-Rate-Limit-Problem"] == "day"
        assert int(refused.headers["Retry-After"]) > 3600

    def test_at_a_time_tell_no_time_to_wait(self) -> None:
        with calling(limits=Limits(concurrent=2)) as xero:
            xero.running.simulator.add_faults(Fault("hang", times=0, seconds=1.0, commit="first"))
            answers = at_once(4, lambda: xero("GET", "Organisation"))

        refused = [one for one in answers if one.status_code == 429]
        assert len(refused) == 2
        assert {one.headers["X-Rate-Limit-Problem"] for one in refused} == {"concurrent"}
        assert all("Retry-After" not in one.headers for one in refused)


class TestToken:
    def test_opens_the_organisations_of_its_consent_alone(self, xero: Calls) -> None:
        one_only, _ = xero.running.simulator.oauth.new_pair(SECOND)
        connections = requests.get(
            f"{xero.running.url}/connections", headers={"Authorization": f"Bearer {xero.access}"}, timeout=10
        )

        assert [one["tenantId"] for one in connections.json()] == [make.TENANT, SECOND]
        assert xero("GET", "Organisation", tenant=SECOND).json()["Organisations"][0]["BaseCurrency"] == "EUR"
        assert xero("GET", "Organisation", access=one_only).status_code == 403
        assert xero("GET", "Organisation", access="nonsense").status_code == 401

    def test_ends_after_half_an_hour(self, xero: Calls) -> None:
        xero.time.pass_by(minutes=31)

        assert xero("GET", "Organisation").status_code == 401

    def test_is_rotated_and_the_old_one_works_for_half_an_hour(self, xero: Calls) -> None:
        first = xero.token(grant_type="refresh_token", refresh_token=xero.refresh).json()
        xero.time.pass_by(minutes=29)
        lost = xero.token(grant_type="refresh_token", refresh_token=xero.refresh)
        xero.time.pass_by(minutes=2)
        late = xero.token(grant_type="refresh_token", refresh_token=xero.refresh)
        newest = xero.token(grant_type="refresh_token", refresh_token=lost.json()["refresh_token"])

        assert first["refresh_token"] not in (xero.refresh, lost.json()["refresh_token"])
        assert (lost.status_code, late.status_code, newest.status_code) == (200, 400, 200)
        assert late.json() == {"error": "invalid_grant"}

    def test_unused_for_sixty_days_is_dead(self, xero: Calls) -> None:
        xero.time.pass_by(days=61)

        assert xero.token(grant_type="refresh_token", refresh_token=xero.refresh).status_code == 400


class TestLists:
    def test_fit_numbers_conditions_pages_and_instants(self, xero: Calls) -> None:
        for index in range(5):
            xero.create(f"INV-{index}")
        xero.time.pass_by(minutes=1)
        xero.create("OTHER-1")

        def numbers(**params: str) -> list[str]:
            answer = xero("GET", "Invoices", params=params)
            return [one["InvoiceNumber"] for one in answer.json()["Invoices"]]

        assert numbers(InvoiceNumbers="INV-3,INV-1,NONE") == ["INV-3", "INV-1"]
        assert numbers(where='InvoiceNumber=="INV-3" OR InvoiceNumber=="INV-4"') == ["INV-3", "INV-4"]
        assert numbers(where='InvoiceNumber.StartsWith("OTHER") AND Type=="ACCREC"') == ["OTHER-1"]
        assert numbers(page="2", pageSize="4", order="InvoiceNumber DESC") == ["INV-1", "INV-0"]
        assert xero("GET", "Invoices", params={"where": 'Name=="a\\"b"'}).status_code == 400
        assert xero("GET", "Invoices", params={"nonsense": "1"}).status_code == 400

    def test_tell_lines_on_pages_only(self, xero: Calls) -> None:
        xero.create("INV-1")

        whole, page = xero("GET", "Invoices").json(), xero("GET", "Invoices", params={"page": "1"}).json()

        assert "LineItems" not in whole["Invoices"][0]
        assert len(page["Invoices"][0]["LineItems"]) == 1
