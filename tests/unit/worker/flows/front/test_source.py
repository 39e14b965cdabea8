from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from mappings.canonical.workspace import Setup, Workspace
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import party
from worker.flows import source
from worker.flows.source import FileImport

SAMPLE = "subscription_with_refund_options.json"


def sample(contracts: Path, name: str = SAMPLE) -> bytes:
    return (contracts / "partner_center" / "samples" / name).read_bytes()


def still_running(contracts: Path, **changes: Any) -> bytes:
    """The sample as if its term ran on."""
    running = {"status": "active", "autoRenewEnabled": True, "commitmentEndDate": "2027-01-13T00:00:00Z"}
    return json.dumps(json.loads(sample(contracts)) | running | changes).encode()


def imported(front: Front, raw: bytes, name: str = SAMPLE) -> FileImport:
    (done,) = source.import_partner_center(front.ports, [(name, raw)])
    return done


class TestImport:
    def test_stores_a_subscription_and_what_it_holds(self, front: Front, contracts: Path) -> None:
        done = imported(front, still_running(contracts))

        assert (done.new_subscriptions, done.new_versions, done.refusals) == (1, 1, ())
        assert len(done.unassigned) == 1

    def test_finds_nothing_new_the_second_time(self, front: Front, contracts: Path) -> None:
        imported(front, sample(contracts))
        before = front.everything()
        front.clock.advance(86_400)

        again = imported(front, sample(contracts))

        assert not again.is_new
        assert front.everything() == before

    def test_sees_a_changed_quantity_as_changed_from_now_on(self, front: Front, contracts: Path) -> None:
        """Row 37: the webhook of the change never came; the provider's own list tells it."""
        imported(front, still_running(contracts))

        done = imported(front, still_running(contracts, quantity=6))

        assert (done.new_versions, done.new_subscriptions) == (1, 0)
        assert (date(2026, 1, 5), Decimal(6)) in front.rows("subscription_version", "on_day", "quantity")

    def test_writes_nothing_when_dry(self, front: Front, contracts: Path) -> None:
        before = front.everything()

        (done,) = source.import_partner_center(front.ports, [(SAMPLE, sample(contracts))], dry_run=True)

        assert done.new_subscriptions == 1
        assert front.everything() == before

    def test_refuses_other_files_by_kind(self, front: Front, contracts: Path) -> None:
        done = imported(front, sample(contracts, "order_create_request.json"), "order_create_request.json")

        assert done.refusals != ()
        assert not done.is_new

    def test_keeps_reconciliation_lines_once(self, front: Front, contracts: Path) -> None:
        name = "recon_onetime_billing_lineitems_page1.json"
        first = imported(front, sample(contracts, name), name)

        again = imported(front, sample(contracts, name), name)

        assert (first.new_lines, again.new_lines) == (first.lines, 0)
        assert first.new_lines == len(front.rows("provider_line", "key"))
        assert first.new_lines > 0

    def test_assigns_when_the_workspace_names_the_tenant(self, front: Front, contracts: Path) -> None:
        imported(front, still_running(contracts))
        tenant = "D8202A51-69F9-4228-B900-D0E081AF17D7"

        change = front.load(Workspace(Setup(parties=(party("LONE", tenants=(tenant,)),))))

        assert change.assigned == 1
        assert ("partner_center", "LONE", "LONE") in front.rows(
            "subscription", "source", "party", "group_code"
        )
