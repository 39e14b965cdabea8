"""A document explained: its lines with their steps, and the sum so far."""

from __future__ import annotations

from tests.unit.worker.billing.world import Seller, held, only, setup, subscription
from worker.billing.explain import ExplainedLine, explain


class TestAnExplanation:
    def test_has_every_line_with_its_steps_and_the_sum_so_far(self) -> None:
        seller = Seller(
            setup(),
            (subscription(), subscription("S2")),
            (held("2026-01-01", 10), held("2026-01-01", 2, "S2")),
        )
        document = only(seller.run("2026-01-01"))
        first, second = document.lines

        explained = explain(document)

        assert [str(one.running) for one in explained] == ["84.00 EUR", "100.80 EUR"]
        assert explained[-1].running == document.net
        assert explained[1] == ExplainedLine(
            section=document.sections[0].name,
            description=second.description,
            service=second.service,
            charge=second.charge,
            steps=second.basis,
            net=second.net,
            running=first.net + second.net,
        )
        assert second.charge.subscription == "S2"
        assert "2 seats x 8.40 EUR" in second.basis[0]
