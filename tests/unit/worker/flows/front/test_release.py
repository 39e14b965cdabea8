from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from mappings.canonical.book import Book
from mappings.canonical.catalog import Product
from mappings.canonical.party import FxRate, TaxRate
from mappings.canonical.workspace import Setup, Workspace
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import (
    BOOK,
    CHART,
    ISSUER,
    PRICES,
    SETUP,
    WORLD,
    party,
    subscription,
    version,
)
from worker.flows import approve, release
from worker.flows.overview import UnknownDocument
from worker.flows.release_plan import create_missing_policy, release_policy
from worker.store.engine import Store

FEBRUARY = date(2026, 2, 28)


def with_book(**changes: Any) -> Workspace:
    return Workspace(Setup(books=(replace(BOOK, **changes),)))


def with_issuer(**changes: Any) -> Workspace:
    return Workspace(Setup(issuers=(replace(ISSUER, **changes),)))


class TestRelease:
    def test_numbers_drafts_in_document_order(self, front: Front) -> None:
        front.bill()

        run = front.release()

        assert (run.released, run.books) == (3, ("US-BOOK",))
        assert front.rows("document", "number", "bill_to", "state", "document_date", "series") == [
            ("US-2026-00001", "LONE", "released", date(2026, 1, 5), "INV"),
            ("US-2026-00002", "NORTH", "released", date(2026, 1, 5), "INV"),
            ("US-2026-00003", "SOUTH", "released", date(2026, 1, 5), "INV"),
        ]

    def test_plans_documents_with_the_customers_and_items_they_need(self, front: Front) -> None:
        """NORTH and the item exist in the book already (ledger_ids)."""
        front.load(with_book(ledger="quickbooks", release="auto", create_missing="always"))
        front.bill()

        front.release()

        assert front.rows("delivery", "kind", "lookup", "state") == [
            ("customer", "HOLD/USD", "due"),
            ("customer", "LONE/USD", "due"),
            ("customer", "SOUTH/USD", "planned"),
            ("invoice", "US-2026-00001", "planned"),
            ("invoice", "US-2026-00002", "planned"),
            ("invoice", "US-2026-00003", "planned"),
        ]

    def test_does_nothing_the_second_time(self, front: Front) -> None:
        front.bill()
        front.release()
        before = front.everything()

        again = front.release()

        assert again == release.ReleaseRun()
        assert front.everything() == before

    def test_dates_by_the_issuers_own_calendar(self, front: Front) -> None:
        """Row 43: 08:00 UTC on 5 January is still 4 January in Hawaii."""
        front.load(with_issuer(timezone="Pacific/Honolulu"))
        front.bill()

        front.release()

        assert {row[0] for row in front.rows("document", "document_date")} == {date(2026, 1, 4)}

    def test_goes_on_where_the_numbers_ended(self, front: Front) -> None:
        front.bill()
        front.release()
        front.bill(FEBRUARY)

        front.release()

        numbers = [row[0] for row in front.rows("document", "number")]
        assert numbers == [f"US-2026-{n:05}" for n in range(1, 7)]

    def test_begins_anew_in_a_new_year_where_the_series_says_so(self, front: Front) -> None:
        front.load(with_issuer(document_date="as_of"))
        front.bill(date(2026, 12, 31))
        front.release()
        front.bill(date(2027, 1, 31))

        front.release()

        assert ("US-2027-00001",) in front.rows("document", "number")

    def test_leaves_nothing_half_written_when_it_is_killed(
        self, front: Front, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        front.bill()
        before = front.everything()

        def dies(*_given: object, **_named: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("worker.store.audit.record", dies)
            with pytest.raises(KeyboardInterrupt):
                front.release()

        assert front.everything() == before
        assert front.release().released == 3

    def test_works_in_chunks(self, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("worker.flows.release.CHUNK", 2)
        front.bill()
        told: list[int] = []

        release.run(front.ports, progress=told.append)

        assert told == [2, 1]
        assert len({row[0] for row in front.rows("document", "number")}) == 3

    def test_releases_only_the_groups_it_is_told(self, front: Front) -> None:
        front.bill()

        run = release.run(front.ports, only={"LONE"})

        assert run.released == 1
        assert front.rows("document", "bill_to", "state")[0] == ("LONE", "released")


class TestReleaseAtOnce:
    def test_gives_every_number_once_and_none_is_missing(
        self, front: Front, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two releases and a bill at the same time, in many small chunks."""
        monkeypatch.setattr("worker.flows.release.CHUNK", 3)
        many = [f"P{n:02}" for n in range(24)]
        front.load(
            Workspace(
                Setup(
                    parties=tuple(party(code) for code in many),
                    contracts=tuple(
                        replace(SETUP.contracts[1], code=f"C-{code}", party=code) for code in many
                    ),
                ),
                subscriptions=tuple(subscription(f"S-{code}", code) for code in many),
                versions=tuple(version(f"S-{code}", 1) for code in many),
            )
        )
        front.bill()

        with ThreadPoolExecutor(3) as pool:
            releases = [pool.submit(front.release), pool.submit(front.release)]
            billing = pool.submit(front.bill)
            released = sum(run.result().released for run in releases)
            billing.result()

        numbers = [row[0] for row in front.rows("document", "number")]
        assert released == 27
        assert numbers == [f"US-2026-{n:05}" for n in range(1, 28)]


class TestHeldDocuments:
    def held(self, front: Front) -> dict[str, str]:
        rows = front.rows("document", "bill_to", "checks", "state", "number")
        assert all(number is None for *_, state, number in rows if state == "held")
        return {
            str(bill_to): msgspec.json.decode(str(checks))[0]["code"]
            for bill_to, checks, state, _ in rows
            if state == "held"
        }

    def test_wait_for_a_rate_and_stop_nobody(self, front: Front) -> None:
        euro = replace(PRICES, code="EUR", currency="EUR")
        abroad = replace(SETUP.contracts[1], price_list="EUR")
        front.load(
            Workspace(replace(SETUP, price_lists=(PRICES, euro), contracts=(SETUP.contracts[0], abroad)))
        )
        front.bill()

        run = front.release()

        assert (run.released, run.held) == (2, {"rate_missing": 1})
        assert self.held(front) == {"LONE": "rate_missing"}
        assert front.release() == release.ReleaseRun()

    def test_go_when_the_rate_has_come(self, front: Front) -> None:
        self.test_wait_for_a_rate_and_stop_nobody(front)
        rate = FxRate("EUR", "USD", date(2026, 1, 5), "1.0842", "ECB")

        front.load(Workspace(Setup(fx_rates=(rate,))))
        front.bill()

        assert front.release().released == 1
        assert self.held(front) == {}

    def test_go_on_a_day_that_has_a_rate(self, front: Front) -> None:
        """Saturday has none. On Monday the same run is repeated, with rates that were there all along."""
        monday = FxRate("EUR", "USD", date(2026, 1, 7), "1.0842", "ECB")
        front.load(Workspace(Setup(fx_rates=(monday,))))
        self.test_wait_for_a_rate_and_stop_nobody(front)
        front.clock.advance(2 * 86_400)

        front.bill()

        assert front.release().released == 1

    def test_name_what_the_chart_lacks(self, front: Front) -> None:
        front.load(Workspace(Setup(charts=(replace(CHART, rules=(), tax_codes={}),))))
        front.bill()

        run = front.release()

        assert run.held == {"unmapped_product": 3}
        assert run.released == 0

    def test_need_a_series_and_a_book(self, front: Front) -> None:
        front.load(with_issuer(series=ISSUER.series[1:]))
        front.bill()

        assert front.release().held == {"series_missing": 3}

    def test_need_a_book_of_their_issuer(self, store: Store) -> None:
        front = Front(store)
        front.load(replace(WORLD, setup=replace(SETUP, books=())))
        front.bill()

        assert front.release().held == {"book_missing": 3}

    def test_are_never_dated_before_the_last_one_of_a_strict_series(self, front: Front) -> None:
        strict = tuple(replace(one, chronology="strict") for one in ISSUER.series)
        front.load(with_issuer(series=strict, document_date="as_of"))
        front.bill(FEBRUARY)
        front.release()
        front.load(Workspace(versions=(version("S-LONE", 9, date(2026, 1, 10)),)))
        front.bill(date(2026, 1, 20))

        assert front.release().held == {"chronology": 1}


class TestApproval:
    def test_is_asked_for_where_the_book_says_so(self, front: Front) -> None:
        front.load(with_book(release="approve"))
        front.bill()

        run = front.release()

        assert (run.released, run.unapproved) == (0, {"US": 3})

    def test_lets_exactly_the_approved_content_go(self, front: Front) -> None:
        front.load(with_book(release="approve"))
        front.bill()
        approval = approve.approve(front.ports, actor="finance", books=("US-BOOK",), reason="checked")
        front.load(Workspace(versions=(version("S-LONE", 30),)))
        front.bill()

        run = front.release()

        assert len(approval.approved) == 3
        assert (run.released, run.unapproved) == (2, {"US": 1})

    def test_survives_a_repeated_bill(self, front: Front) -> None:
        front.load(with_book(release="approve"))
        front.bill()
        approve.approve(front.ports, actor="finance", issuers=("US",))
        front.load(Workspace(Setup(products=(Product("OTHER", "Another product"),))))
        front.bill()

        assert front.release().released == 3

    def test_is_written_down_once(self, front: Front) -> None:
        front.bill()
        for _ in range(2):
            approval = approve.approve(front.ports, actor="finance", issuers=("US",), reason="month end")

        assert (len(approval.approved), len(approval.before)) == (0, 3)
        assert front.rows("audit", "actor", "act", "reason") == [("finance", "document.approve", "month end")]

    def test_refuses_a_reference_it_does_not_know(self, front: Front) -> None:
        with pytest.raises(UnknownDocument, match="NOPE"):
            approve.approve(front.ports, actor="finance", refs=("NOPE",))


class TestHold:
    def ref_of(self, front: Front, bill_to: str) -> str:
        return next(str(ref) for code, ref in front.rows("document", "bill_to", "ref") if code == bill_to)

    def test_keeps_a_document_back_until_it_is_lifted(self, front: Front) -> None:
        front.bill()
        ref = self.ref_of(front, "LONE")

        approve.hold(front.ports, ref, actor="ann", reason="disputed")
        first = front.release().released
        lifted = approve.unhold(front.ports, ref, actor="ann")
        second = front.release().released

        assert (first, lifted, second) == (2, True, 1)
        assert [row[0] for row in front.rows("audit", "act")].count("document.hold") == 1

    def test_stays_when_the_draft_is_written_anew(self, front: Front) -> None:
        """A late seat change gives the draft other charges and so another reference."""
        front.bill()
        old = self.ref_of(front, "LONE")
        approve.hold(front.ports, old, actor="ann", reason="disputed")

        front.load(Workspace(versions=(version("S-LONE", 30, date(2026, 1, 20)),)))
        front.bill()
        run = front.release()

        new = self.ref_of(front, "LONE")
        assert run.released == 2
        assert front.rows("document_hold", "ref", "reason") == [(new, "disputed")]
        assert approve.unhold(front.ports, new, actor="ann")
        assert front.release().released == 1

    def test_was_not_there_to_lift(self, front: Front) -> None:
        front.bill()

        assert not approve.unhold(front.ports, self.ref_of(front, "LONE"), actor="ann")


class TestPolicies:
    QUICKBOOKS = Book("REAL", "US", "quickbooks", "US-CHART", "USD")

    def test_ask_first_for_a_real_book(self) -> None:
        assert release_policy(self.QUICKBOOKS) == "approve"
        assert create_missing_policy(self.QUICKBOOKS) == "never"
        assert release_policy(BOOK) == "auto"
        assert release_policy(replace(BOOK, release="approve")) == "approve"


class TestATaxRateByDocumentDate:
    """In the US the date of the document decides, whatever day it was billed for."""

    RATES = (TaxRate("NONE", "0", None, date(2026, 1, 10)), TaxRate("NONE", "5", date(2026, 1, 10)))

    def test_is_that_of_the_day_of_issue(self, front: Front) -> None:
        front.load(with_issuer(tax_rates=self.RATES))
        front.clock.advance(timedelta(days=7).total_seconds())

        front.bill(date(2026, 1, 1))
        front.release()

        assert front.rows("document", "tax_minor", "document_date") == [
            (150, date(2026, 1, 12)),
            (250, date(2026, 1, 12)),
            (600, date(2026, 1, 12)),
        ]

    def test_that_changed_while_a_draft_waited_is_computed_anew(self, front: Front) -> None:
        front.load(with_issuer(tax_rates=self.RATES))
        front.bill()
        front.clock.advance(timedelta(days=7).total_seconds())

        assert front.release().held == {"tax_rate_changed": 3}

        front.bill()
        assert front.release().released == 3
        assert sorted(tax for (tax,) in front.rows("document", "tax_minor")) == [150, 250, 600]
