"""What a subscription is, phase by phase: as agreed, as scheduled, as its terms turn."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mappings.canonical.subscription import Agreed, NextTerm, SubscriptionVersion
from tests.unit.worker.billing.world import day, dec, held, subscription
from worker.billing.phases import Course, TermRules, course, is_one_offer, is_ordinary

YEARLY = subscription(term="P1Y", anchor=day("2026-01-01"))


def agreed(on: str, quantity: object = 10, **facts: Any) -> SubscriptionVersion:
    return held(on, quantity, agreed=Agreed(**facts))


def written(
    *versions: SubscriptionVersion, known_until: str = "2028-06-01", est: bool = False, **facts: Any
) -> Course:
    """The course of a yearly term from 1 January 2026; offers are of product E5."""
    given = subscription(**{"term": "P1Y", "anchor": day("2026-01-01"), **facts})
    rules = TermRules(lambda _day: "est" if est else "expire", lambda offer: f"product of {offer}")
    renewed = facts.pop("renewed", ())
    found = course(
        given,
        versions or (held("2026-01-01", 10),),
        known_until=day(known_until),
        renewed=renewed,
        rules=rules,
    )
    assert found is not None
    return found


def told(found: Course) -> list[tuple[str, str, str, bool, bool]]:
    """Start, product, term, is_cut, is_renewal of every phase; the first has no start."""
    return [
        (
            "" if phase.start == date.min else str(phase.start),
            phase.view.product,
            f"{phase.view.plan} {phase.view.term}",
            phase.is_cut,
            phase.is_renewal,
        )
        for phase in found.phases
    ]


FIRST = ("", "E3", "monthly P1Y", False, False)


class TestWhatIsAgreed:
    def test_begins_a_phase_where_it_changes_something(self) -> None:
        found = written(held("2026-01-01", 10), agreed("2026-03-10", product="E5"))

        assert told(found) == [FIRST, ("2026-03-10", "E5", "monthly P1Y", True, False)]

    def test_without_another_product_cuts_no_cycle(self) -> None:
        found = written(held("2026-01-01", 10), agreed("2026-03-10", plan="annual"))

        assert told(found) == [FIRST, ("2026-03-10", "E3", "annual P1Y", False, False)]

    def test_of_another_grid_is_a_new_term(self) -> None:
        found = written(held("2026-01-01", 10), agreed("2026-03-10", start=day("2026-03-10")))

        assert told(found)[1] == ("2026-03-10", "E3", "monthly P1Y", True, True)
        assert [str(one.view.anchor) for one in found.phases] == ["2026-01-01", "2026-03-10"]

    def test_of_the_same_grid_is_none(self) -> None:
        found = written(held("2026-01-01", 10), agreed("2026-03-10", start=day("2027-01-01")))

        assert told(found) == [FIRST]

    def test_on_the_first_day_is_how_it_always_was(self) -> None:
        assert told(written(agreed("2026-01-01", product="E5"))) == [("", "E5", "monthly P1Y", False, False)]

    def test_is_known_by_its_offer(self) -> None:
        same = agreed("2026-03-10", offer="CFQ:1:OTHER")
        other = agreed("2026-03-10", offer="CFQ:2:A")
        both = agreed("2026-03-10", offer="CFQ:2:A", product="E7")

        products = [
            written(held("2026-01-01", 10), one, offer="cfq:1:A").phases.on(day("2026-04-01")).view
            for one in (same, other, both)
        ]

        assert [one.product for one in products] == ["E3", "product of CFQ:2:A", "E7"]
        assert [one.offer for one in products] == ["CFQ:1:OTHER", "CFQ:2:A", "CFQ:2:A"]

    def test_keeps_what_it_does_not_say(self) -> None:
        found = written(
            agreed("2026-01-01", promotion="P1", offer="CFQ:1"), agreed("2026-03-10", plan="annual")
        )
        view = found.phases.on(day("2026-04-01")).view

        assert (view.promotion, view.offer, view.term, view.product) == (
            "P1",
            "CFQ:1",
            "P1Y",
            "product of CFQ:1",
        )


class TestAnEnd:
    def test_is_the_terms_where_it_is_not_renewed(self) -> None:
        off = written(held("2026-01-01", 10), agreed("2026-03-10", auto_renew=False))

        assert off.last.end == day("2027-01-01")
        assert off.last.auto_renew is False

    def test_is_taken_back_by_renewing_after_all(self) -> None:
        stated = agreed("2026-03-10", auto_renew=False, end=day("2026-10-01"))
        again = agreed("2026-04-10", auto_renew=True)

        assert written(held("2026-01-01", 10), stated).last.end == day("2026-10-01")
        assert written(held("2026-01-01", 10), stated, again).last.end is None
        assert written(held("2026-01-01", 10), stated, again).last.auto_renew is True

    def test_is_what_was_stated_last(self) -> None:
        first, second = (
            agreed(on, end=day(end))
            for on, end in (("2026-03-10", "2026-10-01"), ("2026-04-10", "2026-11-01"))
        )

        assert written(held("2026-01-01", 10), first, second).last.end == day("2026-11-01")
        assert written(held("2026-01-01", 10), first, agreed("2026-05-01")).last.end == day("2026-10-01")


class TestAScheduledTerm:
    def test_turns_at_the_end_of_the_term(self) -> None:
        found = written(next_term=NextTerm(dec(8), product="E5", plan="annual"))

        assert told(found) == [FIRST, ("2027-01-01", "E5", "annual P1Y", True, True)]
        assert [(str(one.on), one.quantity, one.accepted) for one in found.versions[1:]] == [
            ("2027-01-01", 8, True)
        ]

    def test_of_seats_alone_cuts_nothing(self) -> None:
        assert told(written(next_term=NextTerm(dec(8))))[1] == (
            "2027-01-01",
            "E3",
            "monthly P1Y",
            False,
            True,
        )

    def test_that_ends_a_trial_cuts_it(self) -> None:
        found = written(plan="trial", term="P1M", next_term=NextTerm(plan="monthly", term="P1Y"))

        assert told(found) == [
            ("", "E3", "trial P1M", False, False),
            ("2026-02-01", "E3", "monthly P1Y", True, True),
        ]
        again = written(plan="trial", term="P1M", next_term=NextTerm(plan="trial"))
        assert told(again)[1][3] is False

    def test_is_known_by_its_offer(self) -> None:
        for following, product in (
            (NextTerm(offer="CFQ:1:B"), "E3"),
            (NextTerm(offer="CFQ:2:B"), "product of CFQ:2:B"),
            (NextTerm(offer="CFQ:2:B", product="E7"), "E7"),
        ):
            found = written(next_term=following, offer="CFQ:1:A")
            assert found.phases.on(day("2027-02-01")).view.product == product

    def test_may_have_an_end_of_its_own(self) -> None:
        found = written(next_term=NextTerm(until=day("2027-07-01")))

        assert str(found.phases.on(day("2027-02-01")).view.anchor) == "2027-07-01"

    def test_waits_for_the_day(self) -> None:
        scheduled = NextTerm(dec(8))

        assert told(written(next_term=scheduled, known_until="2026-12-31")) == [FIRST]
        assert len(told(written(next_term=scheduled, known_until="2027-01-01"))) == 2

    def test_is_deleted_by_a_change_of_seats_or_of_what_is_agreed(self) -> None:
        scheduled = NextTerm(dec(8))
        for change in (held("2026-03-10", 11), agreed("2026-03-10", plan="annual")):
            found = written(held("2026-01-01", 10), change, next_term=scheduled)
            assert all(not phase.is_renewal for phase in found.phases)
        kept = written(held("2026-01-01", 10), held("2026-03-10", 10), next_term=scheduled)
        assert [phase.is_renewal for phase in kept.phases] == [False, True]

    def test_does_not_turn_once_nothing_is_held(self) -> None:
        found = written(held("2026-01-01", 10), held("2026-03-10", 0), next_term=NextTerm(dec(8)))

        assert told(found) == [FIRST]

    def test_keeps_what_it_does_not_say(self) -> None:
        found = written(next_term=NextTerm(dec(8)), plan="annual", offer="CFQ:1", promotion="P1", term="P1Y")
        view = found.phases.on(day("2027-02-01")).view

        assert (view.plan, view.term, view.offer, view.product) == ("annual", "P1Y", "CFQ:1", "E3")
        assert (view.next_term, view.promotion) == (None, "P1")

    def test_turns_after_an_end_that_was_stated_only_at_its_own(self) -> None:
        """What is scheduled waits for the end of the term by its grid, whatever end was stated."""
        found = written(next_term=NextTerm(dec(8)), end=day("2026-10-01"))

        assert [str(phase.start) for phase in found.phases][1:] == ["2027-01-01"]


class TestAnExtendedTerm:
    def test_begins_on_the_stated_end(self) -> None:
        found = written(est=True, auto_renew=False, end=day("2026-10-01"), known_until="2027-03-01")

        assert told(found)[1][0] == "2026-10-01"

    def test_goes_on_once(self) -> None:
        found = written(est=True, auto_renew=False, known_until="2029-03-01")

        assert len(told(found)) == 2

    def test_goes_on_by_the_month_and_is_cut(self) -> None:
        found = written(est=True, auto_renew=False, known_until="2027-03-01")

        assert told(found) == [FIRST, ("2027-01-01", "E3", "monthly P1M", True, True)]
        assert found.phases.on(day("2027-02-01")).est_of is not None
        assert (found.last.end, found.last.auto_renew) == (None, True)

    def test_is_left_for_a_new_commitment(self) -> None:
        for commitment in (
            agreed("2027-02-10", auto_renew=True),
            agreed("2027-02-10", term="P3Y"),
            agreed("2027-02-10", plan="annual"),
        ):
            found = written(held("2026-01-01", 10), commitment, est=True, auto_renew=False)
            last = told(found)[2]
            assert last[0] == "2027-02-10"
            assert last[3:] == (True, True)
            assert found.phases.on(day("2027-03-01")).est_of is None

    def test_goes_on_as_another_product(self) -> None:
        found = written(
            held("2026-01-01", 10), agreed("2027-02-10", product="E5"), est=True, auto_renew=False
        )
        now = found.phases.on(day("2027-03-01"))

        assert (now.view.product, now.view.term, now.is_cut) == ("E5", "P1M", True)
        assert now.est_of is not None
        assert now.est_of.product == "E5"

    def test_is_not_cut_by_saying_the_same_again(self) -> None:
        found = written(
            held("2026-01-01", 10),
            agreed("2027-02-10", product="E5"),
            agreed("2027-03-10", product="E5"),
            est=True,
            auto_renew=False,
        )

        assert [row[0] for row in told(found)] == ["", "2027-01-01", "2027-02-10"]

    def test_does_not_begin_where_the_contract_or_a_trial_says_no(self) -> None:
        assert told(written(auto_renew=False)) == [FIRST]
        assert len(told(written(est=True, auto_renew=False, plan="trial", term="P1M"))) == 1


class TestPhases:
    FOUND = written(
        held("2026-01-01", 10), agreed("2026-03-10", product="E5"), agreed("2026-05-10", plan="annual")
    ).phases

    @pytest.mark.parametrize(
        ("on", "product", "began", "cut_after"),
        [
            ("2026-03-09", "E3", "0001-01-01", "2026-03-10"),
            ("2026-03-10", "E5", "2026-03-10", "9999-12-31"),
            ("2026-06-10", "E5", "2026-03-10", "9999-12-31"),
        ],
    )
    def test_are_those_of_the_day(self, on: str, product: str, began: str, cut_after: str) -> None:
        assert self.FOUND.on(day(on)).view.product == product
        assert self.FOUND.began(day(on)) == day(began)
        assert self.FOUND.cut_after(day(on)) == day(cut_after)

    def test_know_what_was_left(self) -> None:
        assert self.FOUND.was_left("E3", day("2026-04-01"))
        assert not self.FOUND.was_left("E5", day("2026-04-01"))
        assert not self.FOUND.was_left("E3", day("2026-02-01"))
        assert not self.FOUND.was_left("E9", day("2026-04-01"))
        assert self.FOUND.end_of(day("2026-02-01"), "E3") == day("2026-03-10")
        assert self.FOUND.end_of(day("2026-04-01"), "E3") == day("2026-04-01")
        assert self.FOUND.end_of(day("2026-04-01"), "") == day("9999-12-31")

    def test_tell_every_renewal(self) -> None:
        changed = written(held("2026-01-01", 10), agreed("2026-03-10", start=day("2026-03-10"))).phases

        assert [str(one) for one in changed.renewals(day("2026-01-01"), day("2028-03-10"))] == [
            "2026-03-10",
            "2027-03-10",
            "2028-03-10",
        ]
        assert [str(one) for one in self.FOUND.renewals(day("2026-01-01"), day("2027-01-01"))] == [
            "2027-01-01"
        ]
        assert list(self.FOUND.renewals(day("2026-01-01"), day("2026-12-31"))) == []


class TestAnOrdinarySubscription:
    @pytest.mark.parametrize(
        "restated",
        [
            Agreed(),
            Agreed(product="E3", plan="monthly", term="P1Y", start=day("2026-01-01"), auto_renew=True),
            Agreed(next_term=NextTerm()),
        ],
    )
    def test_has_nothing_dated_but_quantities(self, restated: Agreed) -> None:
        versions = (held("2026-01-01", 10), held("2026-02-01", 11, agreed=restated))

        assert is_ordinary(YEARLY, versions)

    @pytest.mark.parametrize(
        "other",
        [
            Agreed(product="E5"),
            Agreed(plan="annual"),
            Agreed(term="P3Y"),
            Agreed(offer="CFQ:2"),
            Agreed(promotion="P"),
            Agreed(auto_renew=False),
            Agreed(next_term=NextTerm(dec(5))),
            Agreed(start=day("2026-02-01")),
            Agreed(term_end=day("2026-02-01")),
            Agreed(end=day("2026-02-01")),
        ],
    )
    def test_is_none_where_something_else_is_agreed(self, other: Agreed) -> None:
        assert not is_ordinary(YEARLY, (held("2026-02-01", 11, agreed=other),))

    @pytest.mark.parametrize(
        "facts",
        [{"auto_renew": False}, {"next_term": NextTerm(dec(5))}, {"term_end": day("2026-05-01")}],
    )
    def test_is_none_where_its_facts_end_or_change_it(self, facts: dict[str, Any]) -> None:
        assert not is_ordinary(subscription(**facts), ())


class TestAnOffer:
    def test_is_one_over_markets(self) -> None:
        assert is_one_offer("CFQ:1:A", "cfq:1:B")
        assert not is_one_offer("CFQ:1:A", "CFQ:2:A")
        assert is_one_offer("CFQ:1", "CFQ:1:A")
