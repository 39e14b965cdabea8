"""Which document a refund goes on, what is cut, and what waits."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.document import Document
from mappings.canonical.money import Money
from tests.unit.worker.billing.world import (
    FxRate,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
)


def seller(*, world: Any = None, **terms: Any) -> Seller:
    """Ten seats at 8.40 (cost 8.00) of January, under a contract that nets refunds."""
    terms.setdefault("refund_method", "net_next")
    prices = price_list("LIST", per_seat("8.40", cost=dec("8.00")))
    base = setup(**{"price_lists": (prices,), "contracts": (contract(**terms),), **(world or {})})
    return Seller(base, (subscription(),), (held("2026-01-01", 10),))


def notices(story: Seller) -> list[str]:
    assert story.last is not None
    return [notice.sentence for notice in story.last.notices]


def kinds(documents: tuple[Document, ...]) -> list[tuple[str, str]]:
    return sorted((one.kind, str(one.net)) for one in documents)


class TestANettedRefund:
    def test_is_cut_to_what_the_invoice_bears_with_its_cost(self) -> None:
        """9 of 10 seats go: 73.16 to refund (cost 69.68), February bears 8.40 of it."""
        story = seller()
        story.run("2026-01-01")
        story.change(held("2026-01-02", 1))
        story.run("2026-02-01")

        back = [one.charge for one in story.billed if one.charge.net.minor < 0]
        part, rest = sorted(back, key=lambda charge: -charge.net.minor)

        assert (part.net, rest.net) == (Money(-840, "EUR"), Money(-6476, "EUR"))
        assert (part.cost, rest.cost) == (Money(-800, "EUR"), Money(-6168, "EUR"))
        assert (part.quantity, part.unit_price, rest.quantity, rest.unit_price) == (
            1,
            dec("-8.40"),
            1,
            dec("-64.76"),
        )
        assert rest.ref.revision == part.ref.revision + 1
        words = "73.16 EUR in all: 8.40 EUR on the invoice, the rest as a credit note"
        assert (part.basis[-1], rest.basis[-1]) == (words, words)
        assert part.reverses == rest.reverses == 0

    def test_that_is_cut_is_one_line(self) -> None:
        """Its lines tell the whole change, so neither part can print them."""
        story = seller(change_form="reverse_and_recharge")
        story.run("2026-01-01")
        story.change(held("2026-01-02", 1))

        invoice, note = sorted(story.run("2026-02-01"), key=lambda one: one.kind, reverse=True)

        assert [str(line.net) for line in invoice.lines] == ["-8.40 EUR", "8.40 EUR"]
        assert [str(line.net) for line in note.lines] == ["64.76 EUR"]

    def test_waits_and_says_for_what(self) -> None:
        story = seller()
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5))

        assert story.run("2026-01-16") == ()
        [sentence] = notices(story)
        assert sentence.startswith(
            "Subscription S1: a credit of 21.68 EUR for the cycle 2026-01-01..2026-01-31"
        )
        assert sentence.endswith("waits for the next invoice to ACME in EUR.")

    def test_that_waits_or_is_not_given_does_not_stop_the_next(self) -> None:
        for refund, code in (("net_next", "credit_waits"), ("none", "not_refunded")):
            story = seller(refund_method=refund)
            story.subscriptions = (subscription("A"), subscription("B"))
            story.versions = (held("2026-01-01", 10, "A"), held("2026-01-01", 10, "B"))
            story.run("2026-01-01")
            story.change(held("2026-01-16", 5, "A"), held("2026-01-16", 4, "B"))
            story.run("2026-01-16")

            assert story.last is not None
            assert [(one.code, one.subscription) for one in story.last.notices] == [(code, "A"), (code, "B")]

    def test_takes_no_invoice_that_is_full(self) -> None:
        """February bears 84.00; the second refund of 84.00 finds no room and waits for March."""
        story = seller()
        story.subscriptions = (subscription("A"), subscription("B"), subscription("C"))
        story.versions = tuple(held("2026-01-01", 10, code) for code in "ABC")
        story.run("2026-01-01")
        story.versions = (
            held("2026-01-01", 0, "A", observed="2", status="cancelled"),
            held("2026-01-01", 0, "B", observed="2", status="cancelled"),
            held("2026-01-01", 10, "C"),
        )

        assert kinds(story.run("2026-02-01")) == [("invoice", "0.00 EUR")]
        assert len(notices(story)) == 1
        assert kinds(story.run("2026-03-01")) == [("invoice", "0.00 EUR")]
        assert story.billed_net == 3 * 8400, "three months of C"

    def test_takes_the_invoice_of_its_own_key_before_another(self) -> None:
        """Two contracts of one payer, apart by purchase order: the refund goes on its own one's invoice."""
        two = tuple(
            contract(code=code, purchase_order=code, refund_method="net_next") for code in ("PO-1", "PO-2")
        )
        story = seller(world={"contracts": two})
        story.subscriptions = tuple(subscription(f"S-{one.code}", contract=one.code) for one in two)
        story.versions = tuple(held("2026-01-01", 10, f"S-{one.code}") for one in two)
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5, "S-PO-2"))

        done = {one.purchase_order: str(one.net) for one in story.run("2026-02-01")}

        assert done == {"PO-1": "84.00 EUR", "PO-2": "20.32 EUR"}

    def test_takes_another_invoice_of_the_payer_where_its_own_has_no_room(self) -> None:
        """The invoice keeps its own purchase order: it once printed that of the refund, its first line."""
        two = tuple(
            contract(code=code, purchase_order=code, refund_method="net_next") for code in ("PO-1", "PO-2")
        )
        story = seller(world={"contracts": two})
        story.subscriptions = tuple(subscription(f"S-{one.code}", contract=one.code) for one in two)
        story.versions = tuple(held("2026-01-01", 10, f"S-{one.code}") for one in two)
        story.run("2026-01-01")
        story.change(held("2026-01-16", 0, "S-PO-2", status="cancelled"))

        [invoice] = story.run("2026-02-01")

        assert (invoice.purchase_order, str(invoice.net)) == ("PO-1", "40.65 EUR")

    def test_is_never_on_the_invoice_of_another_payer(self) -> None:
        parties = (party("ACME"), party("BETA"))
        both = (contract(refund_method="net_next"), contract("BETA", refund_method="net_next"))
        story = seller(world={"parties": parties, "contracts": both})
        story.subscriptions = (subscription(), subscription("S2", party="BETA"))
        story.versions = (held("2026-01-01", 10), held("2026-01-01", 10, "S2"))
        story.run("2026-01-01")
        story.change(held("2026-01-16", 0, status="cancelled"))

        done = story.run("2026-02-01")

        assert sorted((one.bill_to.code, one.kind, str(one.net)) for one in done) == [
            ("ACME", "credit_note", "43.35 EUR"),
            ("BETA", "invoice", "84.00 EUR"),
        ]

    def test_in_a_foreign_currency_is_a_credit_note(self) -> None:
        """It keeps the exchange rate of its original, and a document has one rate."""
        rates = tuple(FxRate("USD", "EUR", day(on), "0.9", "ECB") for on in ("2026-01-01", "2026-01-16"))
        story = seller(world={"price_lists": (price_list(currency="USD"),), "fx_rates": rates})
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5))

        assert only(story.run("2026-01-16")).kind == "credit_note"

    def test_fills_an_invoice_to_the_last_cent(self) -> None:
        """84.00 of refund for the whole of January against 84.00 of February."""
        story = seller()
        story.run("2026-01-01")
        story.versions = (held("2026-01-01", 0, observed="2"), held("2026-02-01", 10))

        assert kinds(story.run("2026-02-01")) == [("invoice", "0.00 EUR")]


class TestARefundOfWhatEnds:
    @pytest.mark.parametrize(
        ("end", "kind"),
        [("2026-03-15", []), ("2026-02-02", []), ("2026-02-01", ["credit_note"]), (None, [])],
    )
    def test_waits_only_where_another_cycle_comes(self, end: str | None, kind: list[str]) -> None:
        story = seller()
        story.subscriptions = (subscription(end=day(end) if end else None),)
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5))

        assert [one.kind for one in story.run("2026-01-16")] == kind

    def test_looks_at_the_newest_cycle(self) -> None:
        """January and February are due; nothing comes after the end on 1 March."""
        story = seller()
        story.subscriptions = (subscription(end=day("2026-03-01")),)
        story.run("2026-01-01")
        story.run("2026-02-01")
        story.change(held("2026-02-16", 5))

        assert [one.kind for one in story.run("2026-02-16")] == ["credit_note"]


class TestNoRefund:
    def test_is_said_with_the_amount(self) -> None:
        story = seller(refund_method="none")
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5))
        story.run("2026-01-16")

        [sentence] = notices(story)
        assert "21.68 EUR of the cycle 2026-01-01..2026-01-31 is not refunded" in sentence
        assert "contract C-ACME says" in sentence
