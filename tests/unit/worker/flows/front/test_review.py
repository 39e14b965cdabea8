"""The review of stored drafts, of a dry run, and what an approval shows."""

from __future__ import annotations

from datetime import date

from mappings.canonical.workspace import Workspace
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import version
from worker.billing.review import ReviewLine
from worker.flows import review

FEBRUARY = date(2026, 2, 28)


def told(lines: tuple[ReviewLine, ...]) -> list[tuple[str, str, str, str]]:
    return [
        (one.bill_to, str(one.this.decimal), str(one.last.decimal), str(one.seats.decimal)) for one in lines
    ]


class TestReview:
    def test_is_the_same_of_a_dry_run_and_of_the_drafts_it_would_write(self, front: Front) -> None:
        front.bill()
        front.release()
        front.load(Workspace(versions=(version("S-NORTH", 20, date(2026, 2, 1), 2),)))

        dry = front.bill(FEBRUARY, dry_run=True).review
        front.bill(FEBRUARY)
        stored = review.review(front.ports, as_of=FEBRUARY)

        assert told(stored) == [
            ("NORTH", "200.00", "120.00", "80.00"),
            ("LONE", "30.00", "30.00", "0.00"),
            ("SOUTH", "50.00", "50.00", "0.00"),
        ]
        assert dry == stored

    def test_tells_of_a_customer_that_is_billed_nothing_this_time(self, front: Front) -> None:
        """LONE gave up its three seats: its group has no draft at all, which surprises most."""
        front.bill()
        front.release()
        front.load(Workspace(versions=(version("S-LONE", 0, date(2026, 2, 1), 2),)))

        dry = front.bill(FEBRUARY, dry_run=True).review
        front.bill(FEBRUARY)
        stored = review.review(front.ports, as_of=FEBRUARY)

        assert told(stored)[0] == ("LONE", "0.00", "30.00", "-30.00")
        assert stored[0].documents == ()
        assert dry == stored

    def test_tells_nothing_of_those_whose_period_is_not_over(self, front: Front) -> None:
        front.bill()
        front.release()

        assert review.review(front.ports, as_of=date(2026, 1, 31)) == ()

    def test_of_named_documents_tells_their_payers_alone(self, front: Front) -> None:
        front.bill()
        [ref] = [row[1] for row in front.rows("document", "bill_to", "ref") if row[0] == "LONE"]

        lines = review.review(front.ports, refs={str(ref)})

        assert told(lines) == [("LONE", "30.00", "0.00", "30.00")]
        assert lines[0].documents == (ref,)

    def test_of_nothing_is_empty(self, front: Front) -> None:
        assert review.review(front.ports) == ()
