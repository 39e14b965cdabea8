"""Seat windows: batches, the provider's own word, products with rules of their own, local days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mappings.canonical.catalog import Product
from mappings.canonical.subscription import RefundableSeats
from tests.unit.worker.billing.world import (
    SELLER,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    only_line,
    per_seat,
    price_list,
    setup,
    subscription,
)

BOUGHT = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)


def _at(instant: datetime, quantity: object, code: str = "S1", **more: Any) -> Any:
    return held(str(instant.date()), quantity, code, at=instant, **more)


def _seller(
    *versions: Any, returns: Any = "by_contract", terms: dict[str, Any] | None = None, **facts: Any
) -> Seller:
    """A year's term of seats at 8.40 a month, reductions bound to seven days."""
    prices = price_list(
        "LIST", per_seat("8.40"), per_seat("365", plan="annual"), per_seat("90", plan="one_time")
    )
    agreed = {"reductions": "window_7d", **(terms or {})}
    return Seller(
        setup(
            products=(Product("E3", "Office E3", returns=returns),),
            price_lists=(prices,),
            contracts=(contract(**agreed),),
        ),
        (subscription(**{"term": "P1Y", **facts}),),
        versions,
    )


class TestTheProvidersWord:
    """Ten seats; the provider names four that it takes back until 20 January, 10:00."""

    UNTIL = datetime(2026, 1, 20, 10, tzinfo=UTC)
    TOLD = held("2026-01-15", 10, refundable=(RefundableSeats(dec(4), UNTIL),), accepted=True)

    def _left(self, reduced: Any) -> int:
        seller = _seller(held("2026-01-01", 10), self.TOLD, reduced)
        seller.run("2026-01-31")
        return seller.billed_net

    def test_opens_a_window_we_did_not_know_of(self) -> None:
        """Two seats go on 17 January: 2 x 8.40 x 15/31 = 8.129 less."""
        assert self._left(held("2026-01-17", 8)) == 8400 - 813

    def test_binds_the_seats_it_does_not_name(self) -> None:
        """Of seven that are given up only four go: 4 x 8.40 x 15/31 = 16.258 less."""
        assert self._left(held("2026-01-17", 3)) == 8400 - 1626

    def test_closes_at_its_instant(self) -> None:
        assert self._left(_at(self.UNTIL - timedelta(seconds=1), 8)) == 8400 - 650
        assert self._left(_at(self.UNTIL, 8)) == 8400

    def test_counts_batches_apart_the_last_to_close_first(self) -> None:
        batches = (
            RefundableSeats(dec(1), datetime(2026, 1, 16, tzinfo=UTC)),
            RefundableSeats(dec(2), datetime(2026, 1, 25, tzinfo=UTC)),
        )
        told = replace(self.TOLD, refundable=batches)
        seller = _seller(held("2026-01-01", 10), told, held("2026-01-17", 5))
        seller.run("2026-01-31")

        assert seller.billed_net == 8400 - 813, "two of five; the third closed on the 16th"

    def test_that_nothing_is_refundable_closes_our_own_window(self) -> None:
        told = held("2026-01-02", 10, refundable=(), accepted=True)
        seller = _seller(held("2026-01-01", 10), told, held("2026-01-03", 4))
        seller.run("2026-01-31")

        assert seller.billed_net == 8400

    def test_wins_where_it_accepted_a_reduction(self) -> None:
        assert self._left(held("2026-01-30", 3, accepted=True)) == 8400 - 379


class TestSoftware:
    """Software may be cancelled as a whole within seven days; its seats never go one by one."""

    def _seller(self, *versions: Any) -> Seller:
        return _seller(*versions, returns="software_7d", plan="annual", terms={"reductions": "any_time"})

    def test_gives_the_unused_days_back_when_all_of_it_goes(self) -> None:
        seller = self._seller(_at(BOUGHT, 1))
        seller.run("2026-01-01")
        seller.change(_at(BOUGHT + timedelta(hours=167, minutes=59), 1, status="cancelled"))

        assert str(only(seller.run("2026-01-08")).net) == "358.00 EUR", "358 of 365 days"

    @pytest.mark.parametrize(
        ("after", "quantity", "status"), [(168, 3, "cancelled"), (24, 2, "active"), (400, 1, "active")]
    )
    def test_stays_otherwise(self, after: int, quantity: int, status: Any) -> None:
        """Exactly 168 hours is too late, and two of three seats cannot go by themselves."""
        seller = self._seller(_at(BOUGHT, 3))
        seller.run("2026-01-01")
        seller.change(_at(BOUGHT + timedelta(hours=after), quantity, status=status))

        assert seller.run("2026-01-31") == ()


class TestAPerpetualLicence:
    def _seller(self, returns: str = "perpetual_30d") -> Seller:
        seller = _seller(_at(BOUGHT, 3), returns=returns, plan="one_time", term="")
        seller.run("2026-01-01")
        return seller

    def test_is_refunded_in_full_within_thirty_days(self) -> None:
        seller = self._seller()
        seller.change(_at(BOUGHT + timedelta(days=30, minutes=-1), 3, status="cancelled"))

        assert str(only(seller.run("2026-02-01")).net) == "270.00 EUR"

    def test_is_refunded_seat_by_seat(self) -> None:
        seller = self._seller()
        seller.change(_at(BOUGHT + timedelta(days=3), 1))

        assert str(only(seller.run("2026-02-01")).net) == "180.00 EUR"

    def test_stays_paid_from_the_thirtieth_day_on(self) -> None:
        seller = self._seller()
        seller.change(_at(BOUGHT + timedelta(days=30), 3, status="cancelled"))

        assert seller.run("2026-02-01") == ()
        assert seller.last is not None
        assert "past their 720-hour window" in seller.last.notices[0].sentence

    def test_is_refunded_late_where_the_provider_did(self) -> None:
        seller = self._seller()
        seller.change(_at(BOUGHT + timedelta(days=90), 3, status="cancelled", accepted=True))

        assert str(only(seller.run("2026-06-01")).net) == "270.00 EUR"

    def test_without_a_term_never_opens_a_window_anew(self) -> None:
        seller = _seller(_at(BOUGHT, 10), term="")
        seller.run("2026-01-01")
        seller.change(_at(BOUGHT + timedelta(days=400), 7))

        seller.run("2027-02-05")

        assert seller.billed_net == 8400 * 14

    def test_names_the_hours_that_are_over_and_the_seats(self) -> None:
        seller = _seller(_at(BOUGHT, 10))
        seller.run("2026-01-01")
        seller.change(_at(BOUGHT + timedelta(hours=168), 7))
        seller.run("2026-01-08")

        assert seller.last is not None
        assert seller.last.notices[0].sentence.startswith(
            "Subscription S1: 3 of the seats given up on 2026-01-08 are past their 168-hour window;"
        )

    def test_is_never_given_back_where_the_product_says_so(self) -> None:
        seller = self._seller("none")
        seller.change(_at(BOUGHT + timedelta(hours=24), 3, status="cancelled"))

        assert seller.run("2026-02-01") == ()


class TestASaasOffer:
    """A subscription from the marketplace: everything back within 72 hours, then nothing before its end."""

    def test_is_refunded_in_full(self) -> None:
        seller = _seller(_at(BOUGHT, 2), returns="saas_72h")
        seller.run("2026-01-01")
        seller.change(_at(BOUGHT + timedelta(hours=71), 2, status="cancelled"))

        assert str(only(seller.run("2026-01-04")).net) == "16.80 EUR"
        assert seller.run("2026-03-01") == ()

    def test_stays_afterwards(self) -> None:
        seller = _seller(_at(BOUGHT, 2), returns="saas_72h")
        seller.run("2026-01-01")
        seller.change(_at(BOUGHT + timedelta(hours=72), 2, status="cancelled"))

        assert seller.run("2026-01-04") == ()


class TestAReservation:
    def test_paid_upfront_stays_for_its_years(self) -> None:
        seller = _seller(held("2026-01-01", 1), returns="none", plan="annual")
        seller.run("2026-01-01")
        seller.change(held("2026-01-02", 1, status="cancelled"))

        assert seller.run("2026-02-01") == ()
        seller.run("2027-01-01")
        assert seller.billed_net == 36500


class TestAnInstant:
    """An issuer in New York, five hours behind UTC: 23:30 on 14 January is the 15th in UTC."""

    def _seller(self, *versions: Any, **facts: Any) -> Seller:
        seller = _seller(*versions, terms={"reductions": "any_time"}, **facts)
        seller.setup = replace(seller.setup, issuers=(replace(SELLER, timezone="America/New_York"),))
        return seller

    def test_falls_on_the_issuers_local_day(self) -> None:
        late = _at(datetime(2026, 1, 15, 4, 30, tzinfo=UTC), 12)
        seller = self._seller(held("2026-01-01", 10), late)
        seller.run("2026-01-13")

        assert str(only_line(seller.run("2026-01-14")).service) == "2026-01-14..2026-01-31"

    def test_anchors_the_cycles_on_that_day(self) -> None:
        bought = datetime(2026, 1, 15, 4, 30, tzinfo=UTC)
        seller = self._seller(_at(bought, 10), anchor=day("2026-01-15"), anchored_at=bought)

        assert str(only_line(seller.run("2026-01-14")).service) == "2026-01-14..2026-02-13"

    def test_of_midnight_utc_is_a_day(self) -> None:
        seller = self._seller(
            _at(datetime(2026, 1, 1, tzinfo=UTC), 10), anchored_at=datetime(2026, 1, 1, tzinfo=UTC)
        )

        assert str(only_line(seller.run("2026-01-01")).service) == "2026-01-01..2026-01-31"

    def test_keeps_windows_of_168_hours_over_a_change_of_the_clocks(self) -> None:
        """Clocks go forward on 8 March 2026 in New York: 168 hours later it is 05:30, not 04:30."""
        bought = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
        seller = self._seller(_at(bought, 10), anchor=day("2026-03-05"))
        seller.setup = replace(seller.setup, contracts=(contract(reductions="window_7d"),))
        seller.run("2026-03-05")
        seller.change(_at(bought + timedelta(hours=167, minutes=59), 4))

        assert only(seller.run("2026-03-12")).kind == "credit_note"


class TestAnAddOn:
    def _seller(self, **parent: Any) -> Seller:
        seller = _seller(held("2026-01-01", 5, "BASE"), held("2026-01-01", 5, "ADD"))
        seller.subscriptions = (
            subscription("ADD", term="P1Y", parent="BASE"),
            subscription("BASE", term="P1Y", **parent),
        )
        return seller

    def test_ends_with_its_parent(self) -> None:
        """Both lose the last 11 of 31 days: 5 x 8.40 x 11/31 = 14.90 each, inside no window of the add-on."""
        seller = self._seller()
        seller.run("2026-01-01")
        seller.change(held("2026-01-21", 5, "BASE", status="cancelled", accepted=True))

        credit = only(seller.run("2026-01-21"))

        assert [str(line.net) for line in credit.lines] == ["14.90 EUR", "14.90 EUR"]
        assert seller.run("2026-02-01") == ()

    def test_ends_with_the_parent_of_its_parent(self) -> None:
        seller = self._seller(parent="ROOT", anchor=day("2026-01-01"))
        seller.subscriptions = (
            *seller.subscriptions,
            subscription("ROOT", term="P1Y", end=day("2026-01-21")),
        )
        seller.change(held("2026-01-01", 1, "ROOT"))

        seller.run("2026-03-01")

        assert seller.billed_net == 542 + 2 * 2710

    def test_goes_on_where_the_parent_is_not_known(self) -> None:
        seller = self._seller()
        seller.subscriptions = (replace(seller.subscriptions[0], parent="GONE"),)
        seller.versions = (held("2026-01-01", 5, "ADD"),)

        assert str(only(seller.run("2026-01-01")).net) == "42.00 EUR"


class TestASuspension:
    """Ten seats are suspended on 11 January and active again on 21 January: 10 of 31 days."""

    def _seller(self, **terms: Any) -> Seller:
        versions = (
            held("2026-01-01", 10),
            held("2026-01-11", 10, status="suspended"),
            held("2026-01-21", 10),
        )
        seller = _seller(*versions, terms=terms)
        seller.run("2026-01-31")
        return seller

    def test_is_billed_by_default(self) -> None:
        assert self._seller().billed_net == 8400

    def test_costs_nothing_where_the_contract_says_so(self) -> None:
        assert self._seller(suspension="no_charge").billed_net == 8400 - 2710

    def test_goes_on_while_it_is_stated_again(self) -> None:
        seller = self._seller(suspension="no_charge")
        seller.versions = (
            held("2026-01-01", 10),
            held("2026-01-11", 10, status="suspended"),
            held("2026-01-16", 10, status="suspended"),
            held("2026-01-21", 10),
        )
        seller.billed = ()
        seller.run("2026-01-31")

        assert seller.billed_net == 8400 - 2710

    def test_may_last(self) -> None:
        seller = self._seller(suspension="no_charge")
        seller.versions = (held("2026-01-01", 10), held("2026-01-11", 10, status="suspended"))
        seller.billed = ()
        seller.run("2026-03-31")

        assert seller.billed_net == 8400 - 5690

    def test_is_free_by_the_contract_of_its_first_day(self) -> None:
        """It began while suspended seats were charged; the contract that frees them came on the 16th."""
        seller = self._seller()
        then = contract(from_=day("2026-01-16"), suspension="no_charge", reductions="window_7d")
        seller.setup = replace(seller.setup, contracts=(*seller.setup.contracts, then))
        seller.billed = ()
        seller.run("2026-01-31")

        assert seller.billed_net == 8400

    def test_opens_no_window(self) -> None:
        seller = self._seller(suspension="no_charge")
        seller.change(held("2026-01-22", 4))

        assert seller.run("2026-01-31") == ()
