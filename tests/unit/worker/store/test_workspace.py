from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, select, update

from mappings.canonical.contract import OpeningCharge
from mappings.canonical.party import FxRate
from mappings.canonical.workspace import Setup, Workspace
from tests.unit.worker.small_world import (
    BOOK,
    NOW,
    SETUP,
    WORLD,
    contract,
    party,
    subscription,
    version,
)
from worker.store.engine import Store
from worker.store.setup import load_for_groups, load_setup, load_shared, read_stamp
from worker.store.tables import (
    BillingGroup,
    ExternalReference,
    LaneRow,
    Row,
    SetupObject,
    SubscriptionRow,
    table_of,
)
from worker.store.workspace import WorkspaceChange, load_workspace, store_workspace

GROUP = table_of(BillingGroup)
LATER = NOW + timedelta(days=1)


def stored(store: Store, workspace: Workspace, *, restate: bool = False) -> WorkspaceChange:
    return store.transact(lambda c: store_workspace(c, workspace, now=NOW, restate=restate))


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=str)
            for name, table in Row.metadata.tables.items()
        }


def dirty(store: Store) -> set[str]:
    with store.read() as connection:
        return set(connection.scalars(select(GROUP.c.code).where(GROUP.c.is_dirty)))


def clean_all(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(GROUP).values(is_dirty=False))


class TestImport:
    def test_keeps_everything_it_was_given(self, store: Store) -> None:
        change = stored(store, WORLD)

        with store.read() as connection:
            kept = load_workspace(connection)
        assert kept.setup == replace(SETUP, parties=tuple(sorted(SETUP.parties, key=lambda one: one.code)))
        assert set(kept.subscriptions) == set(WORLD.subscriptions)
        assert set(kept.versions) == set(WORLD.versions)
        assert change.setup.added == {
            "issuer": 1,
            "book": 1,
            "chart": 1,
            "party": 4,
            "product": 1,
            "price_list": 1,
            "contract": 2,
        }
        assert (change.state.added, change.state.versions) == (3, 3)

    def test_changes_not_a_single_row_the_second_time(self, store: Store) -> None:
        stored(store, WORLD)
        before = everything(store)

        change = store.transact(lambda c: store_workspace(c, WORLD, now=LATER))

        assert change.is_empty
        assert everything(store) == before

    def test_leaves_alone_what_a_later_file_does_not_mention(self, store: Store) -> None:
        stored(store, WORLD)
        renamed = party("LONE", name="Lone Star Ltd")

        change = stored(store, Workspace(Setup(parties=(renamed,))))

        with store.read() as connection:
            names = {one.code: one.name for one in load_setup(connection).parties}
        assert change.setup.changed == {"party": 1}
        assert names == {
            "HOLD": "HOLD Ltd",
            "NORTH": "NORTH Ltd",
            "SOUTH": "SOUTH Ltd",
            "LONE": "Lone Star Ltd",
        }

    def test_opens_one_lane_for_each_book_and_never_resets_it(self, store: Store) -> None:
        stored(store, WORLD)
        lane = table_of(LaneRow)
        with store.write() as connection:
            connection.execute(update(lane).values(epoch=7))

        stored(store, Workspace(Setup(books=(replace(BOOK, release="approve"),))))

        with store.read() as connection:
            assert connection.execute(select(lane.c.book, lane.c.epoch)).all() == [("US-BOOK", 7)]

    def test_leaves_nothing_behind_when_it_is_interrupted(self, store: Store) -> None:
        before = everything(store)

        def interrupted(connection: Connection) -> None:
            store_workspace(connection, WORLD, now=NOW)
            raise RuntimeError("power cut")

        with pytest.raises(RuntimeError, match="power"):
            store.transact(interrupted)

        assert everything(store) == before

    def test_renews_the_stamp_only_when_something_changed(self, store: Store) -> None:
        def stamp() -> str:
            with store.read() as connection:
                return read_stamp(connection)

        stored(store, WORLD)
        first = stamp()
        stored(store, WORLD)
        again = stamp()
        stored(store, Workspace(Setup(fx_rates=(FxRate("EUR", "USD", date(2026, 1, 2), "1.1", "ECB"),))))

        assert first == again
        assert stamp() != again


class TestGroups:
    def test_are_computed_and_dirty_after_the_first_import(self, store: Store) -> None:
        stored(store, WORLD)

        assert dirty(store) == {"HOLD", "LONE"}
        subscriptions = table_of(SubscriptionRow)
        with store.read() as connection:
            rows = connection.execute(select(subscriptions.c.code, subscriptions.c.group_code)).all()
        assert dict(map(tuple, rows)) == {"S-NORTH": "HOLD", "S-SOUTH": "HOLD", "S-LONE": "LONE"}

    def test_get_only_their_own_parties_and_contracts(self, store: Store) -> None:
        opening = OpeningCharge(
            "S-LONE",
            date(2026, 1, 1),
            date(2026, 2, 1),
            Decimal(3),
            Decimal(10),
            "30.00",
            "OLD-1",
            date(2026, 1, 1),
        )
        stored(store, replace(WORLD, setup=replace(SETUP, opening_charges=(opening,))))

        with store.read() as connection:
            setups = load_for_groups(connection, ["HOLD", "LONE"], load_shared(connection))

        assert [one.code for one in setups["LONE"].parties] == ["LONE"]
        assert [one.code for one in setups["HOLD"].contracts] == ["C-HOLD"]
        assert setups["LONE"].opening_charges == (opening,)
        assert setups["HOLD"].opening_charges == ()
        assert setups["HOLD"].price_lists == SETUP.price_lists

    def test_are_dirty_alone_when_only_their_party_changed(self, store: Store) -> None:
        stored(store, WORLD)
        clean_all(store)

        stored(store, Workspace(Setup(parties=(party("SOUTH", "HOLD", language="de"),))))

        assert dirty(store) == {"HOLD"}

    def test_are_dirty_alone_when_they_got_a_contract(self, store: Store) -> None:
        stored(store, WORLD)
        clean_all(store)

        stored(store, Workspace(Setup(contracts=(contract("C-SOUTH", "SOUTH"),))))

        assert dirty(store) == {"HOLD"}

    def test_are_dirty_alone_when_what_they_hold_changed(self, store: Store) -> None:
        stored(store, WORLD)
        clean_all(store)

        stored(store, Workspace(versions=(version("S-LONE", 4, date(2026, 1, 10)),)))

        assert dirty(store) == {"LONE"}

    def test_are_all_dirty_when_a_price_list_changed(self, store: Store) -> None:
        stored(store, WORLD)
        clean_all(store)
        cheaper = replace(SETUP.price_lists[0], from_=date(2026, 2, 1))

        stored(store, Workspace(Setup(price_lists=(cheaper,))))

        assert dirty(store) == {"HOLD", "LONE"}

    def test_become_one_when_a_party_joins_another_group(self, store: Store) -> None:
        stored(store, WORLD)
        clean_all(store)

        stored(store, Workspace(Setup(parties=(party("LONE", "HOLD"),))))

        with store.read() as connection:
            assert connection.execute(select(GROUP.c.code, GROUP.c.is_dirty)).all() == [("HOLD", True)]
            setups = load_for_groups(connection, ["HOLD"], load_shared(connection))
        assert [one.code for one in setups["HOLD"].contracts] == ["C-HOLD", "C-LONE"]

    def test_become_one_when_a_subscription_names_a_contract_of_the_other(self, store: Store) -> None:
        stored(store, WORLD)

        stored(store, Workspace(subscriptions=(subscription("S-LONE", "LONE", contract="C-HOLD"),)))

        with store.read() as connection:
            assert connection.scalars(select(GROUP.c.code)).all() == ["HOLD"]


class TestLedgerIds:
    REFERENCE = table_of(ExternalReference)

    def bindings(self, store: Store) -> dict[tuple[str, str], str]:
        query = select(self.REFERENCE.c.kind, self.REFERENCE.c.code, self.REFERENCE.c.ledger_id)
        with store.read() as connection:
            return {(row.kind, row.code): row.ledger_id for row in connection.execute(query)}

    def test_bind_customers_by_the_currency_they_are_billed_in_and_items(self, store: Store) -> None:
        stored(store, WORLD)

        assert self.bindings(store) == {("customer", "NORTH/USD"): "cust-1", ("item", "SEAT"): "item-7"}

    def test_bind_every_currency_of_the_issuers_contracts(self, store: Store) -> None:
        euro = replace(SETUP.price_lists[0], code="EUR", currency="EUR")
        setup = replace(
            SETUP,
            price_lists=(*SETUP.price_lists, euro),
            contracts=(*SETUP.contracts, contract("C-EUR", "NORTH", price_list="EUR")),
        )

        stored(store, replace(WORLD, setup=setup))

        customers = {code for kind, code in self.bindings(store) if kind == "customer"}
        assert customers == {"NORTH/USD", "NORTH/EUR"}

    def test_bind_accounts_and_tax_codes_of_the_chart(self, store: Store) -> None:
        chart = SETUP.charts[0]
        revenue = replace(chart.codes[3], ledger_ids={"US-BOOK": "79"})

        stored(store, Workspace(replace(SETUP, charts=(replace(chart, codes=(revenue,)),))))

        assert self.bindings(store)["account", "REV"] == "79"

    def test_follow_the_file(self, store: Store) -> None:
        stored(store, WORLD)

        change = stored(store, Workspace(Setup(parties=(party("NORTH", "HOLD", ledger_ids={}),))))

        assert change.setup.bindings == 1
        assert self.bindings(store) == {("item", "SEAT"): "item-7"}


class TestProviderSubscriptions:
    WAITING = subscription(
        "p-1",
        "",
        source="partner_center",
        product="",
        tenant="Tenant-A",
        offer="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    )

    def test_wait_in_the_group_without_a_name_until_the_set_up_knows_their_ids(self, store: Store) -> None:
        stored(store, replace(WORLD, setup=Setup(), subscriptions=(self.WAITING,), versions=()))
        assert dirty(store) == {""}
        clean_all(store)

        change = stored(store, Workspace(replace(SETUP, parties=(party("LONE", tenants=("tenant-a",)),))))

        assert change.assigned == 1
        assert dirty(store) == {"", "LONE"}
        with store.read() as connection:
            (kept,) = load_workspace(connection).subscriptions
        assert (kept.party, kept.product) == ("LONE", "SEAT")

    def test_are_rows_like_any_other(self, store: Store) -> None:
        stored(store, replace(WORLD, subscriptions=(self.WAITING,), versions=()))

        objects = table_of(SetupObject)
        with store.read() as connection:
            kinds = set(connection.scalars(select(objects.c.kind)))
        assert kinds == {"issuer", "book", "chart", "party", "product", "price_list", "contract", "stamp"}
