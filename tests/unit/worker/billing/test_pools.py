"""Pools: what a settlement leaves behind, whichever way its difference is billed."""

from __future__ import annotations

from mappings.canonical.catalog import Pool
from tests.unit.worker.billing.world import (
    Seller,
    held,
    price_list,
    setup,
    subscription,
    tiered,
)


class TestASettlement:
    def test_that_went_into_a_credit_is_not_undone_by_a_run_for_an_earlier_day(self) -> None:
        """A block of 50.00 for up to five seats. One seat billed alone; three from 2 February, told late.

        At the tier billed (50.00 for one) two more would cost 96.43, at the tier reached (50.00 for three)
        the month costs 48.81. The difference is one credit of 1.19: the settlement is in it, and a run for
        1 February, when nothing was settled yet, must not charge the 97.62 in between.
        """
        seller = Seller(
            setup(
                price_lists=(price_list("LIST", tiered("stairstep", (5, 0, "50"), (None, 0, "999"))),),
                pools=(Pool("P", "ACME", ("E3",), "end_of_period"),),
            ),
            (subscription(),),
            (held("2026-02-01", 1), held("2026-02-02", 3)),
        )
        seller.run("2026-02-01")
        seller.run("2026-03-01")

        assert seller.billed_net == 4881 + 5000
        assert seller.run("2026-02-01") == ()
