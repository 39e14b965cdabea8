"""Where the ledger computes the tax, its gross may differ from ours by a cent a line and no more."""

from __future__ import annotations

import pytest

from connectors.protocols import Expectation, Posted
from mappings.canonical.money import Money
from tests.unit.worker.delivery.test_decisions import facts
from worker.delivery.verdict import echo_differs


def dollars(minor: int) -> Money:
    return Money(minor, "USD")


class TestAProvisionalGross:
    @pytest.mark.parametrize(
        ("gross", "differs"),
        [(10825, ""), (10828, ""), (10822, ""), (10829, "computed the tax"), (10000, "computed")],
    )
    def test_may_be_a_cent_a_line_off(self, gross: int, differs: str) -> None:
        expect = Expectation(net=dollars(10000), gross=dollars(10825), gross_within=3)
        known = facts(expect=expect)
        posted = Posted("7", lookup=known.lookup, net=dollars(10000), gross=dollars(gross))

        told = echo_differs(posted, known)

        assert (differs in told) if differs else told == ""

    def test_is_exact_where_we_set_the_tax(self) -> None:
        known = facts(expect=Expectation(net=dollars(10000), gross=dollars(10825)))
        posted = Posted("7", lookup=known.lookup, net=dollars(10000), gross=dollars(10826))

        assert "we sent 108.25 USD" in echo_differs(posted, known)
