"""A seller that comes from another system this month: nothing twice, and credits that name the old number."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.e2e import books
from tests.e2e.harness import REALMS, Done, Farm, the_file

CUT_OVER = datetime.now(UTC).date().replace(day=1)
LAST_MONTH = (CUT_OVER - timedelta(days=1)).replace(day=15)
THIS_MONTH = CUT_OVER.replace(day=15)
BEGAN = CUT_OVER.replace(year=CUT_OVER.year - 2, day=15)
REMOVED_ON = CUT_OVER.replace(day=5)
DAYS = calendar.monthrange(LAST_MONTH.year, LAST_MONTH.month)[1]
CREDIT = (Decimal("7.90") * 10 / DAYS).quantize(Decimal("0.01"), ROUND_HALF_UP)
"""One of ten seats goes on the 5th; ten days of the cycle that began on the 15th are left."""

TOKENS = "{{simulator}}/oauth2/v1/tokens/bearer"
SIMULATED = f'environment: simulator, api_base: "{{{{simulator}}}}", token_endpoint: "{TOKENS}"'
SANDBOX = "environment: sandbox"
REMOVED = f"{{ on: {REMOVED_ON}, remove: 1 }}"


def moved(*, cut_over: str = f"cut_over: {CUT_OVER}", where: str = SIMULATED, changes: str = "") -> str:
    """The seller's workspace; without `cut_over` it says nothing of another system."""
    text = the_file("moved.yaml")
    days = {"began": BEGAN, "last_month": LAST_MONTH, "this_month": THIS_MONTH}
    for name, value in {**days, "cut_over": cut_over, "where": where, "changes": changes}.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text


class TestCutOver:
    @pytest.fixture
    def seller(self, farm: Farm) -> Farm:
        imported = farm.import_text(moved())
        assert imported.code == 0, imported.told
        farm.run_each(farm.connecting("US-BOOK"))
        return farm

    def test_bills_nothing_of_the_past_and_credits_an_old_invoice_once(self, seller: Farm) -> None:
        before = self.run(seller, THIS_MONTH - timedelta(days=1))
        assert (before.out["posted"], books.issued_by(seller)) == (0, ())

        assert seller.import_text(moved(changes=REMOVED)).code == 0
        assert self.run(seller, THIS_MONTH - timedelta(days=1)).out["posted"] == 1
        assert self.run(seller, THIS_MONTH).out["posted"] == 1
        assert self.run(seller, THIS_MONTH).out["posted"] == 0

        credit, invoice = books.check(seller)
        assert (credit.kind, credit.net, invoice.net) == ("credit_note", CREDIT, Decimal("75.60"))
        (held,) = seller.simulator.get("dump", realm=REALMS["US-BOOK"])["CreditMemo"]
        assert "OLD-4711" in json.dumps(held, default=str)

    def run(self, seller: Farm, day: date) -> Done:
        done = seller.run("run", "--as-of", day.isoformat())
        assert done.code == 0, done.told or done.out
        return done


class TestWithoutCutOver:
    def test_a_real_book_refuses_the_import_as_a_whole(self, farm: Farm) -> None:
        refused = farm.import_text(moved(cut_over="", where=SANDBOX), name="old.yaml")

        assert refused.code == 6
        (detail,) = refused.problem["details"]
        assert "contracts[0].cut_over" in detail
        assert "C-WEST" in detail
        assert "US-BOOK" in detail
        assert "Add cut_over" in detail
        listed = farm.run("book", "list")
        assert (listed.code, listed.out.get("books")) == (0, [])
