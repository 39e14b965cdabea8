"""Agreements that need the store: provider lines, shared subscriptions, minimums, through both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from mappings.canonical.catalog import Product
from mappings.canonical.contract import Commitment, Contract
from mappings.canonical.subscription import Assignment, Share, SplitKey
from mappings.canonical.workspace import Workspace
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import PRODUCT, SETUP, START, WORLD, contract, party, subscription
from worker.flows import explaining, overview, source

FEBRUARY = date(2026, 2, 1)


def world(**changes: Any) -> Workspace:
    return replace(WORLD, setup=replace(SETUP, **changes))


def lone(**terms: Any) -> tuple[Contract, ...]:
    return contract("C-HOLD", "HOLD"), contract("C-LONE", "LONE", **terms)


def recon(*lines: dict[str, object]) -> bytes:
    shared = {
        "partnerId": "p",
        "customerId": "t",
        "invoiceNumber": "G1",
        "orderId": "o1",
        "productId": "CFQ7TTC0LH18",
        "skuId": "0001",
        "productName": "Office seat",
        "attributes": {"objectType": "OneTimeInvoiceLineItem"},
        "subscriptionId": "S-LONE",
        "currency": "USD",
        "pricingCurrency": "USD",
        "pcToBCExchangeRate": 1,
        "termAndBillingCycle": "One-Month commitment for monthly/yearly billing",
        "billingFrequency": "Monthly",
        "chargeEndDate": "2026-02-09T00:00:00Z",
        "taxTotal": 0,
    }
    items = [{**shared, **line, "totalForCustomer": line["subtotal"]} for line in lines]
    body = {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}
    return json.dumps(body).encode()


def line(
    subtotal: float, *, quantity: int = 2, on: str = "2026-01-10", kind: str = "new"
) -> dict[str, object]:
    return {
        "chargeType": kind,
        "orderDate": f"{on}T00:00:00Z",
        "chargeStartDate": f"{on}T00:00:00Z",
        "unitPrice": 10,
        "effectiveUnitPrice": 10,
        "quantity": quantity,
        "billableQuantity": quantity,
        "subtotal": subtotal,
    }


class TestLinesOfTheProvider:
    def test_are_billed_once_from_what_was_imported(self, front: Front) -> None:
        front.load(world(contracts=lone(bill_by="provider_lines", markup_percent=Decimal(10))))
        front.bill()
        assert front.rows("document", "bill_to", "net_minor")[0][0] == "NORTH"

        source.import_partner_center(front.ports, [("recon.json", recon(line(20)))])
        front.bill()
        front.release()

        assert ("LONE", 2200) in front.rows("document", "bill_to", "net_minor")
        source.import_partner_center(front.ports, [("recon.json", recon(line(20)))])
        assert front.bill().change.written == 0

    def test_make_their_group_dirty_when_new(self, front: Front) -> None:
        front.load(world(contracts=lone(bill_by="provider_lines")))
        source.import_partner_center(front.ports, [("recon.json", recon(line(20)))])
        front.bill()
        front.release()

        source.import_partner_center(
            front.ports, [("later.json", recon(line(5, on="2026-01-20", kind="addQuantity")))]
        )

        assert front.bill().change.written == 1

    def test_that_are_not_invoiced_yet_are_not_billed(self, front: Front) -> None:
        front.load(world(contracts=lone(bill_by="provider_lines")))
        raw = recon({**line(20), "invoiceNumber": ""})
        source.import_partner_center(front.ports, [("unbilled.json", raw)])
        front.bill()

        assert "LONE" not in {row[0] for row in front.rows("document", "bill_to")}


class TestASharedSubscription:
    def test_is_billed_together_with_everyone_who_bears_it(self, front: Front) -> None:
        key = SplitKey(START, "percent", (Share("LONE", Decimal(40)), Share("NORTH", Decimal(60))))
        shared = subscription("S-LONE", "LONE", splits=(key,))
        front.load(replace(WORLD, subscriptions=(*WORLD.subscriptions[:2], shared)))

        front.bill()

        assert set(front.rows("party_group", "group_code")) == {("HOLD",)}
        assert front.rows("document", "bill_to", "net_minor") == [
            ("LONE", 1200),
            ("NORTH", 13800),
            ("SOUTH", 5000),
        ]

    def test_that_changes_hands_is_in_the_group_of_both(self, front: Front) -> None:
        taken = subscription("S-LONE", "LONE", assignments=(Assignment(FEBRUARY, "SOUTH"),))
        front.load(replace(WORLD, subscriptions=(*WORLD.subscriptions[:2], taken)))

        assert set(front.rows("party_group", "group_code")) == {("HOLD",)}


class TestAMinimum:
    def test_stays_billed_when_its_party_joins_another_group(self, front: Front) -> None:
        """LONE pays 30.00 of 100.00; the 70.00 are billed once, also after LONE went below HOLD."""
        minimum = Commitment(Decimal(100), "MIN")
        products = (PRODUCT, Product("MIN", "Minimum", unit="period", ledger_ids={"US-BOOK": "item-8"}))
        with_minimum = world(contracts=lone(minimum=minimum), products=products)
        front.load(with_minimum)
        front.bill(FEBRUARY)
        front.release()
        billed = [
            row for row in front.rows("charge", "subscription", "net_minor") if "minimum" in str(row[0])
        ]
        assert billed == [("C-LONE/LONE/minimum", 7000)]

        parties = (*SETUP.parties[:3], party("LONE", "HOLD"))
        front.load(replace(with_minimum, setup=replace(with_minimum.setup, parties=parties)))

        assert set(front.rows("charge", "group_code")) == {("HOLD",)}
        assert front.bill(FEBRUARY).change.written == 0


class TestSettings:
    def test_are_told_with_who_agreed_to_them(self, front: Front) -> None:
        front.load(world(contracts=(contract("C-HOLD", "HOLD", purchase_order="PO-7"), *lone()[1:])))
        front.bill()
        front.release()
        (number,) = [
            number for bill_to, number in front.rows("document", "bill_to", "number") if bill_to == "NORTH"
        ]
        facts = overview.document(front.ports, str(number))

        (told,) = explaining.settings_of_lines(front.ports, facts.content)

        assert (told.subscription, told.on) == ("S-NORTH", START)
        order = next(one for one in told.agreed if one.name == "purchase_order")
        assert (order.value, order.party) == ("PO-7", "HOLD")
        assert order.origin == "contract C-HOLD of HOLD from 2026-01-01, inherited by NORTH"
