from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors import registry
from connectors.registry import workspace_file
from mappings.canonical.book import Book
from mappings.canonical.catalog import Tier
from mappings.canonical.contract import OpeningCharge
from mappings.canonical.party import FxRate
from mappings.canonical.workspace import Setup, Workspace
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import BOOK, NOW, PRICES, SETUP, contract, subscription, version
from worker.flows import chain, overview, workspace
from worker.store.engine import Store
from worker.store.restating import RestatementNeeded

DEARER = (replace(PRICES.prices[0], tiers=(Tier(None, Decimal("11.00")),)),)
REAL = Book("REAL", "US", "quickbooks", "US-CHART", "USD", settings={"realm_id": "1"})


class TestExport:
    def test_reads_back_as_nothing_new(self, front: Front) -> None:
        text = workspace.export(front.ports).encode()

        again = workspace.import_(front.ports, text, name="out.yaml", actor="ann")

        assert again.change.is_empty
        assert again.change.setup.unchanged == 11


class TestImport:
    def test_says_what_a_dry_run_would_do_and_writes_nothing(self, front: Front) -> None:
        text = workspace.export(front.ports).replace("LONE Ltd", "Lone Star Ltd").encode()
        before = front.everything()

        done = workspace.import_(front.ports, text, name="out.yaml", actor="ann", dry_run=True)

        assert done.change.setup.changed == {"party": 1}
        assert front.everything() == before

    def test_writes_down_who_changed_the_set_up(self, front: Front) -> None:
        text = workspace.export(front.ports).replace("LONE Ltd", "Lone Star Ltd").encode()

        for _ in range(2):
            workspace.import_(front.ports, text, name="out.yaml", actor="ann")

        assert front.rows("audit", "actor", "act", "object") == [("ann", "workspace.import", "out.yaml")]

    def test_refuses_a_file_with_findings_and_keeps_nothing_of_it(self, front: Front) -> None:
        before = front.everything()

        with pytest.raises(workspace_file.WorkspaceError, match="partys"):
            workspace.import_(front.ports, b"partys: []\n", name="bad.yaml", actor="ann")

        assert front.everything() == before

    def test_refuses_a_book_that_cannot_work(self, front: Front) -> None:
        lost = replace(BOOK, ledger="quikbooks")

        with pytest.raises(workspace_file.WorkspaceError, match="quickbooks"):
            workspace.import_workspace(front.ports, Workspace(Setup(books=(lost,))))

    def test_refuses_older_contracts_in_a_real_book_without_a_cut_over(self, front: Front) -> None:
        kind = registry.ledger("quickbooks")
        settings = dict.fromkeys(kind.required_settings, "1")
        real = replace(REAL, settings=settings)

        with pytest.raises(workspace_file.WorkspaceError, match=r"C-HOLD.*cut_over"):
            workspace.import_workspace(front.ports, Workspace(Setup(books=(real,))))

    def test_takes_them_with_a_cut_over(self, front: Front) -> None:
        kind = registry.ledger("quickbooks")
        real = replace(REAL, settings=dict.fromkeys(kind.required_settings, "1"))
        issuer = replace(SETUP.issuers[0], cut_over=date(2026, 1, 1))

        change = workspace.import_workspace(front.ports, Workspace(Setup(issuers=(issuer,), books=(real,))))

        assert change.setup.added == {"book": 1}


class TestRestating:
    def test_is_refused_for_a_price_on_billed_days_and_shows_what_differs(self, front: Front) -> None:
        front.bill()
        front.release()
        before = front.everything()

        with pytest.raises(RestatementNeeded, match=r'tiers\[0\].price: "10.00" -> "11.00"') as refused:
            front.load(Workspace(Setup(price_lists=(replace(PRICES, prices=DEARER),))))

        assert (refused.value.restatements[0].charges, front.everything()) == (3, before)

    def test_is_done_when_it_is_asked_for(self, front: Front) -> None:
        front.bill()
        front.release()

        change = front.load(Workspace(Setup(price_lists=(replace(PRICES, prices=DEARER),))), restate=True)

        assert len(change.setup.restated) == 1

    def test_is_not_needed_before_anything_is_released(self, front: Front) -> None:
        front.bill()

        change = front.load(Workspace(Setup(price_lists=(replace(PRICES, prices=DEARER),))))

        assert change.setup.changed == {"price_list": 1}

    def test_is_not_needed_for_days_to_come(self, front: Front) -> None:
        front.bill()
        front.release()
        from_february = replace(PRICES, from_=date(2026, 2, 1), prices=DEARER)

        change = front.load(Workspace(Setup(price_lists=(from_february,))))

        assert change.setup.added == {"price_list": 1}

    def test_is_refused_for_a_new_contract_date_on_billed_days(self, front: Front) -> None:
        front.bill()
        front.release()
        front.bill(date(2026, 2, 28))
        front.release()

        with pytest.raises(RestatementNeeded, match="a new contract from 2026-02-01"):
            front.load(Workspace(Setup(contracts=(contract("C-LONE", "LONE", from_=date(2026, 2, 1)),))))


class TestRates:
    def test_of_two_sources_for_one_day_are_both_kept(self, front: Front) -> None:
        day = date(2026, 1, 5)
        front.load(
            Workspace(Setup(fx_rates=tuple(FxRate("USD", "EUR", day, "0.9", one) for one in ("ECB", "BoE"))))
        )

        kept = workspace_file.read_workspace(workspace.export(front.ports).encode(), name="out.yaml")

        assert {one.source for one in kept.setup.fx_rates} == {"ECB", "BoE"}

    def test_of_days_that_nobody_knows_yet_are_refused(self, front: Front) -> None:
        ahead = NOW.date() + timedelta(days=32)
        text = (
            f"subledger: 1\nfx_rates: [{{currency: USD, home: EUR, on: {ahead}, rate: '1', source: ECB}}]\n"
        )

        with pytest.raises(workspace_file.WorkspaceError, match="is not known yet"):
            workspace.import_(front.ports, text.encode(), name="rates.yaml", actor="ann")


@pytest.fixture
def moved(store: Store) -> Front:
    """A subscription of two years; a seat goes from a period that the old system billed."""
    front = Front(store)
    since = date(2024, 1, 1)
    opening = OpeningCharge(
        subscription="S-LONE",
        start=date(2026, 1, 1),
        until=date(2026, 2, 1),
        quantity=Decimal(3),
        unit_price=Decimal("10.00"),
        net="30.00",
        number="OLD-77",
        date=date(2026, 1, 1),
        tax_code="NONE",
    )
    front.load(
        Workspace(
            replace(
                SETUP,
                issuers=(replace(SETUP.issuers[0], cut_over=date(2026, 2, 1)),),
                price_lists=(replace(PRICES, from_=since),),
                contracts=(contract("C-LONE", "LONE", from_=since),),
                opening_charges=(opening,),
            ),
            subscriptions=(subscription("S-LONE", "LONE", anchor=since),),
            versions=(version("S-LONE", 3, since), version("S-LONE", 2, date(2026, 1, 1))),
        )
    )
    front.bill(date(2026, 1, 31))
    front.release()
    return front


class TestCutOver:
    def test_bills_nothing_before_it_and_credits_what_another_system_billed(self, moved: Front) -> None:
        ((kind, gross, body),) = moved.rows("document", "kind", "gross_minor", "body")

        assert (kind, gross) == ("credit_note", 1000)
        assert '"number":"OLD-77"' in str(body)

    def test_explains_a_credit_by_what_the_other_system_billed(self, moved: Front) -> None:
        ((number,),) = moved.rows("document", "number")

        (link,) = chain.chain(moved.ports, overview.document(moved.ports, str(number)))

        assert [(step.words, str(step.amount)) for step in link.derived.steps] == [
            ("2 seats x 10.00 USD (2026-01-01..2026-01-31)", "-20"),
            ("billed before for this cycle", "30.00"),
        ]
