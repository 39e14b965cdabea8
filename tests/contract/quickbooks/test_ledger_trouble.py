"""The QuickBooks ledger when things go wrong: throttles, tokens, closed books, broken answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, ConsentLost, OutcomeUnknown, Refused, Throttled, Unreachable
from connectors.ledgers.quickbooks.simulator import Fault, OAuthConfig
from connectors.protocols import Posted
from tests.contract.quickbooks.opened import GB, US, Opened, one, opened, posted
from tests.unit.connectors.ledgers.quickbooks import records as make


@pytest.fixture
def us() -> Iterator[Opened]:
    with opened(US) as company:
        yield company


class TestThrottle:
    @pytest.mark.parametrize("form", ["json", "xml", "html"])
    def test_raises_with_the_time_to_wait(self, us: Opened, form: str) -> None:
        us.misbehave(Fault("429", format=form, retry_after="7"))  # type: ignore[arg-type]  # from the list

        with pytest.raises(Throttled) as raised:
            us.ledger.push([us.shipment(make.document())])

        assert raised.value.retry_after_s == 7
        assert us.documents() == 0

    def test_leaves_the_waiting_to_the_book_when_no_time_is_told(self, us: Opened) -> None:
        us.misbehave(Fault("429"))

        with pytest.raises(Throttled) as raised:
            us.ledger.push([us.shipment(make.document())])

        assert raised.value.retry_after_s is None

    def test_costs_nothing_but_time(self, us: Opened) -> None:
        us.misbehave(Fault("429"))
        shipment = us.shipment(make.document())
        with pytest.raises(Throttled):
            us.ledger.push([shipment])

        posted(us.ledger.push([shipment]))

        assert us.documents() == 1


class TestBrokenAnswer:
    @pytest.mark.parametrize(
        "fault",
        [
            Fault("commit_then_drop"),
            Fault("drop_before_commit"),
            Fault("reset", commit="first"),
            Fault("reset_mid_body"),
            Fault("5xx_before_commit", status=503, format="html"),
            Fault("5xx_after_commit", status=504),
            Fault("malformed", commit="first"),
            Fault("html", commit="first"),
            Fault("empty", commit="first"),
            Fault("fault_in_200", code="10000"),
            Fault("wrong_echo", changes={"CustomerRef": {"value": "102"}}),
        ],
        ids=lambda fault: fault.fault,
    )
    def test_is_unknown_and_the_second_try_makes_one_document(self, us: Opened, fault: Fault) -> None:
        shipment = us.shipment(make.document())
        us.misbehave(fault)

        try:
            outcome: object = one(us.ledger.push([shipment]))
        except ConnectorError as raised:
            outcome = raised

        assert type(outcome) is OutcomeUnknown, outcome
        posted(us.ledger.push([shipment]))
        assert us.documents() == 1

    def test_of_a_read_is_read_again(self, us: Opened) -> None:
        shipment = us.shipment(make.document())
        posted(us.ledger.push([shipment]))
        us.misbehave(Fault("5xx_before_commit", entity="query", status=502, times=2))

        assert one(us.ledger.find([shipment])).marker == shipment.marker
        assert len(us.clock.slept) == 2

    def test_of_a_read_is_no_absence(self, us: Opened) -> None:
        us.misbehave(Fault("5xx_before_commit", entity="query", times=0))

        with pytest.raises(OutcomeUnknown):
            us.ledger.find([us.shipment(make.document())])

    def test_may_show_another_number_which_the_caller_compares(self, us: Opened) -> None:
        us.misbehave(Fault("wrong_echo", changes={"DocNumber": "OTHER-1"}))

        assert one(us.ledger.push([us.shipment(make.document())])).lookup == "OTHER-1"


class TestTokens:
    def test_expired_are_refreshed_once_for_all_threads(self) -> None:
        with opened(access_lives_s=60) as us, ThreadPoolExecutor(8) as threads:
            shipments = [us.shipment(make.document(f"INV-{n}")) for n in range(8)]

            done = list(threads.map(lambda shipment: one(us.ledger.push([shipment])), shipments))

            assert all(isinstance(each, Posted) for each in done)
            assert us.tokens.stored is not None
            assert us.tokens.stored.version == 2

    def test_refused_are_refreshed_and_the_same_create_sent_again(self, us: Opened) -> None:
        us.misbehave(Fault("fault", status=401, code="3200"))

        posted(us.ledger.push([us.shipment(make.document())]))

        assert us.tokens.stored is not None
        assert us.tokens.stored.version == 2
        assert us.documents() == 1

    def test_rotate_and_the_new_one_is_used_next(self) -> None:
        with opened(oauth=OAuthConfig(rotation="always")) as us:
            stored = us.tokens.stored
            assert stored is not None
            seen = {stored.refresh_token}
            for number in range(3):
                posted(us.expire().ledger.push([us.shipment(make.document(f"INV-{number}"))]))
                assert us.tokens.stored is not None
                seen.add(us.tokens.stored.refresh_token)

            assert len(seen) == 4

    def test_withdrawn_pause_the_book(self, us: Opened) -> None:
        us.running.simulator.oauth.revoke_realm(us.realm)

        with pytest.raises(ConsentLost) as raised:
            us.ledger.push([us.shipment(make.document())])

        assert raised.value.code == "invalid_grant"
        assert "subledger book connect US-BOOK" in raised.value.hint

    def test_of_a_failing_endpoint_send_nothing(self) -> None:
        with opened(access_lives_s=60) as us:
            us.misbehave(Fault("5xx_before_commit", entity="token", times=0))

            with pytest.raises(Unreachable):
                us.ledger.push([us.shipment(make.document())])

            assert us.tokens.stored is not None
            assert us.tokens.stored.version == 1


class TestRefusal:
    def test_of_a_closed_period_clears_when_it_opens(self, us: Opened) -> None:
        us.reconfigure(book_close_date=date(2026, 12, 31))

        outcome = one(us.ledger.push([us.shipment(make.document())]))

        assert (type(outcome), outcome.clears_by) == (Refused, "period_closed")
        us.reconfigure(book_close_date=None)
        posted(us.ledger.push([us.shipment(make.document(), revision=1)]))

    def test_of_an_inactive_customer_clears_when_it_is_active(self, us: Opened) -> None:
        us.human().deactivate("Customer", "101")

        outcome = one(us.ledger.push([us.shipment(make.document())]))

        assert (type(outcome), outcome.clears_by) == (Refused, "customer_inactive")

    def test_of_a_customer_in_another_currency_says_so(self, us: Opened) -> None:
        record = make.document(customer_code="ACME/EUR")

        outcome = one(us.ledger.push([us.shipment(record)]))

        assert type(outcome) is Refused
        assert "currency" in outcome.hint

    def test_of_a_lapsed_subscription_blocks(self, us: Opened) -> None:
        us.misbehave(Fault("fault", code="6190"))

        assert one(us.ledger.push([us.shipment(make.document())])).clears_by == "subscription_lapsed"

    def test_of_a_lost_right_pauses_the_book(self, us: Opened) -> None:
        us.misbehave(Fault("fault", code="120"))

        with pytest.raises(ConsentLost):
            us.ledger.push([us.shipment(make.document())])


class TestCheck:
    def test_finds_nothing_wrong_with_a_usable_company(self, us: Opened) -> None:
        state = us.ledger.check()

        assert (state.company_id, state.company_name, state.home_currency, state.problems) == (
            us.realm,
            "Seller Inc.",
            "USD",
            (),
        )

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"custom_txn_numbers": False}, "Custom transaction numbers"),
            ({"home_currency": "CAD"}, "home currency there is CAD"),
            ({"country": "CA"}, "the book's setting country says US"),
            ({"book_close_date": datetime.now(UTC).date() + timedelta(days=2)}, "books are closed until"),
        ],
    )
    def test_tells_what_is_wrong(self, us: Opened, changes: dict[str, object], told: str) -> None:
        us.reconfigure(**changes)

        assert told in " ".join(us.ledger.check().problems)

    def test_is_content_outside_the_us(self) -> None:
        with opened(GB) as gb:
            assert gb.ledger.check().problems == ()


class TestHighestNumbers:
    def test_are_counted_over_invoices_and_credit_notes(self, us: Opened) -> None:
        for number in ("INV-9", "INV-10", "CN-1"):
            posted(us.ledger.push([us.shipment(make.document(number))]))
        posted(us.ledger.push([us.shipment(make.document("INV-11", kind="credit_note"))]))

        assert us.ledger.highest_numbers(["INV-", "CN-", "X-"]) == {"INV-": "INV-11", "CN-": "CN-1", "X-": ""}


class TestLease:
    def test_over_sends_nothing(self, us: Opened) -> None:
        with pytest.raises(Unreachable):
            us.ledger.push([us.shipment(make.document())], not_after=time.monotonic() - 1)

        assert us.documents() == 0
