"""A rate that changed inside a period billed before: back at the old rate, again at the new one."""

from __future__ import annotations

from typing import Any

from mappings.canonical.party import TaxRate
from tests.unit.worker.billing.world import (
    SELLER,
    Seller,
    contract,
    day,
    dec,
    held,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
)
from worker.billing.values import Charge

NINETEEN = (TaxRate("DE19", "19"),)
RISEN = (TaxRate("DE19", "19", None, day("2026-01-20")), TaxRate("DE19", "21", day("2026-01-20")))


def corrected(*changes: Any, on: str = "2026-01-25", **terms: Any) -> list[Charge]:
    """January billed in advance at 19 %; its last day is taxed at 21 %, which becomes known later."""
    prices = (
        price_list("LIST", per_seat("8.40", cost=dec("8.00"))),
        price_list("RETAIL", per_seat("12.00")),
    )
    agreed = contract(retail_price_list="RETAIL", refund_method="net_next", **terms)
    issuer = replace(SELLER, tax_point="service_end", tax_rates=NINETEEN)
    seller = Seller(
        setup(issuers=(issuer,), price_lists=prices, contracts=(agreed,)),
        (subscription(),),
        (held("2026-01-01", 10),),
    )
    seller.run("2026-01-01")
    seller.setup = replace(seller.setup, issuers=(replace(issuer, tax_rates=RISEN),))
    seller.change(*changes)
    seller.run(on)
    return [one.charge for one in seller.billed][1:]


class TestACorrection:
    def test_takes_everything_back_and_charges_it_again(self) -> None:
        back, again = corrected()

        assert (str(back.net), str(again.net)) == ("-84.00 EUR", "84.00 EUR")
        assert (back.tax_percent, again.tax_percent) == (19, 21)
        assert (back.quantity, back.unit_price) == (10, dec("-8.40"))
        assert (again.quantity, again.unit_price) == (10, dec("8.40"))
        assert (str(back.cost), str(again.cost)) == ("-80.00 EUR", "80.00 EUR")
        assert (str(back.retail), str(again.retail)) == ("-120.00 EUR", "120.00 EUR")
        assert (back.reverses, again.reverses) == (0, None)
        assert back.original is not None
        assert again.original is None
        assert again.ref.revision == back.ref.revision + 1
        assert back.terms.refund_method == "credit_note"
        assert back.basis == again.basis
        assert "tax DE19 is 21 % on 2026-01-31, the tax point, not 19 % as billed with" in back.basis[0]

    def test_is_of_what_the_same_run_leaves(self) -> None:
        """Five seats go on the 16th: 21.68 are taken back at 19 % anyway, 62.32 are corrected."""
        charges = corrected(held("2026-01-16", 5))

        told = sorted((str(one.net), str(one.tax_percent)) for one in charges)
        assert told == [("-21.68 EUR", "19"), ("-62.32 EUR", "19"), ("62.32 EUR", "21")]
        part = next(one for one in charges if one.net.minor == 6232)
        assert (part.quantity, part.unit_price) == (1, dec("62.32"))
        assert (str(part.cost), str(part.retail)) == ("59.35 EUR", "89.02 EUR")

    def test_is_none_where_nothing_is_left(self) -> None:
        charges = corrected(held("2026-01-01", 0, observed="2"))

        assert [str(one.net) for one in charges] == ["-84.00 EUR"]
