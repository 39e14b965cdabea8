"""`subledger reconcile provider` on an imported file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.worker.cli.conftest import Command
from worker.cli import exits

COLUMNS = (
    "PartnerId,CustomerId,InvoiceNumber,OrderId,OrderDate,ProductId,SkuId,ChargeType,UnitPrice,Quantity,"
    "Subtotal,TaxTotal,Total,Currency,SubscriptionId,ChargeStartDate,ChargeEndDate,EffectiveUnitPrice,"
    "BillableQuantity,PricingCurrency,PCToBCExchangeRate"
)
LINES = """
p,t,G1,o1,1/15/2026,CFQ7,0001,cycleCharge,20,10,200,0,200,USD,S-NORTH,1/1/2026,1/31/2026,20,10,USD,1
p,t,G1,o1,1/15/2026,CFQ7,0001,somethingNew,20,1,20,0,20,USD,S-UNKNOWN,1/1/2026,1/31/2026,20,1,USD,1
"""


@pytest.fixture
def imported(installation: Path, run_command: Command) -> Path:
    (installation / "recon.csv").write_text(COLUMNS + LINES)
    run_command("source", "import", "partner-center", "recon.csv")
    return installation


class TestReconcileProvider:
    def test_tells_what_nobody_was_billed_for(self, imported: Path, run_command: Command) -> None:
        ended = run_command("reconcile", "provider", "--invoice", "G1", "--json")

        matches = {one["subscription"]: one for one in ended.json["matches"]}
        assert ended.code == exits.DIFFERENT
        assert matches["S-NORTH"]["found"] == "only_provider"
        assert matches["S-NORTH"]["party"] == "NORTH"
        assert matches["S-UNKNOWN"]["flags"]
        assert ended.json["beyond"] == 2

    def test_writes_every_match_as_csv(self, imported: Path, run_command: Command) -> None:
        ended = run_command("reconcile", "provider", "--month", "2026-01", "--csv")

        header, *rows = ended.out.splitlines()
        assert header.startswith("issuer,party,subscription")
        assert len(rows) == 2

    def test_needs_an_imported_file(self, installation: Path, run_command: Command) -> None:
        assert run_command("reconcile", "provider", "--invoice", "G9").code == exits.NOT_FOUND
        assert run_command("reconcile", "provider").code == exits.WRONG_USE
