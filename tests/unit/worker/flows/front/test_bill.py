from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from mappings.canonical.money import Money
from mappings.canonical.workspace import Setup, Workspace
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import SETUP, party, subscription, version
from worker.billing.bill import bill_group
from worker.billing.deals import Ground
from worker.billing.values import GroupBill, GroupState
from worker.flows import bill
from worker.flows.bill_chunk import DraftTotal
from worker.store.engine import open_store

FEBRUARY = date(2026, 2, 28)


class TestBill:
    def test_writes_one_draft_for_each_payer(self, front: Front) -> None:
        run = front.bill()

        drafts = front.rows("document", "bill_to", "state", "kind", "gross_minor", "group_code", "number")
        assert drafts == [
            ("LONE", "draft", "invoice", 3000, "LONE", None),
            ("NORTH", "draft", "invoice", 12000, "HOLD", None),
            ("SOUTH", "draft", "invoice", 5000, "HOLD", None),
        ]
        assert run.totals == (DraftTotal("US", "invoice", 3, Money(20000, "USD")),)
        assert run.sentence.startswith("3 active subscriptions = 3 billed + 0 nothing due")

    def test_leaves_no_trace_the_second_time(self, front: Front) -> None:
        front.bill()
        before = front.everything()

        again = front.bill()

        assert again.groups == 0
        assert front.everything() == before
        assert again.sentence.startswith("3 active subscriptions = 3 billed")

    def test_writes_nothing_when_dry(self, front: Front) -> None:
        before = front.everything()

        run = front.bill(dry_run=True)

        assert front.everything() == before
        assert (run.is_dry, run.change.written) == (True, 3)

    def test_keeps_the_row_of_a_draft_that_comes_out_the_same(self, front: Front) -> None:
        front.bill()
        before = front.rows("document", "id", "ref")

        front.load(Workspace(Setup(price_lists=(replace(SETUP.price_lists[0], from_=date(2027, 1, 1)),))))
        run = front.bill()

        assert (run.groups, run.change.kept, run.change.written) == (2, 3, 0)
        assert front.rows("document", "id", "ref") == before

    def test_replaces_the_draft_of_the_one_group_that_changed(self, front: Front) -> None:
        front.bill()

        front.load(Workspace(versions=(version("S-LONE", 8),)))
        run = front.bill()

        assert (run.groups, run.change.written, run.change.dropped) == (1, 1, 1)
        assert front.rows("document", "bill_to", "gross_minor") == [
            ("LONE", 8000),
            ("NORTH", 12000),
            ("SOUTH", 5000),
        ]
        assert len(front.rows("charge")) == 3

    def test_bills_nothing_twice_after_release(self, front: Front) -> None:
        front.bill()
        front.release()

        run = front.bill(date(2026, 1, 30))

        assert run.change.written == 0
        assert run.sentence.startswith("3 active subscriptions = 0 billed + 3 nothing due")

    def test_counts_released_subscriptions_of_untouched_groups_as_nothing_due(self, front: Front) -> None:
        front.bill()
        front.release()

        run = front.bill()

        assert run.groups == 0
        assert run.sentence.startswith("3 active subscriptions = 0 billed + 3 nothing due")

    def test_bills_the_next_cycle_on_a_later_day(self, front: Front) -> None:
        front.bill()
        front.release()

        run = front.bill(FEBRUARY)

        assert run.change.written == 3
        assert len(front.rows("document")) == 6

    def test_credits_at_the_price_that_was_billed(self, front: Front) -> None:
        front.bill()
        front.release()
        front.load(Workspace(versions=(version("S-LONE", 1, date(2026, 1, 1), 2),)))

        front.bill()

        credits = [row for row in front.rows("document", "kind", "gross_minor", "state") if row[2] == "draft"]
        assert credits == [("credit_note", 2000, "draft")]

    def test_names_subscriptions_of_nobody_as_unassigned(self, front: Front) -> None:
        stray = subscription("S-STRAY", "", tenant="unknown", source="partner_center")
        front.load(Workspace(subscriptions=(stray,), versions=(version("S-STRAY", 7),)))

        run = front.bill()

        assert (run.account.active, run.account.billed, run.account.unassigned) == (4, 3, 1)
        assert front.bill().account == run.account

    def test_leaves_half_a_chunk_behind_never(self, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
        """The process dies right before the chunk's commit."""
        before = front.everything()

        def dies(*_rows: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("worker.store.billing._close_groups", dies)
            with pytest.raises(KeyboardInterrupt):
                front.bill()

        assert front.everything() == before
        assert front.bill().change.written == 3

    def test_goes_on_with_the_others_when_one_group_breaks_the_computing(
        self, front: Front, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Row 83."""

        def breaks(state: GroupState, *, as_of: date, ground: Ground) -> GroupBill:
            if state.subscriptions[0].party == "LONE":
                raise ZeroDivisionError("a defect")
            return bill_group(state, as_of=as_of, ground=ground)

        with monkeypatch.context() as patched:
            patched.setattr("worker.flows.bill_chunk.bill_group", breaks)
            run = front.bill()

        assert run.failed == {"LONE": "ZeroDivisionError: a defect"}
        assert [row[0] for row in front.rows("document", "bill_to")] == ["NORTH", "SOUTH"]
        assert front.bill().change.written == 1

    def test_tells_its_progress_in_subscriptions(self, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("worker.flows.bill.CHUNK_SUBSCRIPTIONS", 1)
        told: list[tuple[int, int]] = []

        bill.run(front.ports, as_of=FEBRUARY, progress=lambda done, of: told.append((done, of)))

        assert told == [(1, 3), (3, 3)]

    def test_keeps_a_run_with_the_sentence_that_adds_up(self, front: Front) -> None:
        run = front.bill()

        ((run_id, summary),) = front.rows("run", "id", "summary")
        assert run_id == run.run_id
        assert run.sentence in str(summary)


class TestBillOfJoinedGroups:
    def test_counts_what_each_of_them_was_billed_before(self, front: Front) -> None:
        """LONE is bought by HOLD: its charges move with it, so nothing is billed again."""
        front.bill()
        front.release()

        front.load(Workspace(Setup(parties=(party("LONE", "HOLD"),))))
        run = front.bill()

        assert (run.groups, run.change.written) == (1, 0)
        assert {row[0] for row in front.rows("document", "group_code")} == {"HOLD"}
        assert {row[0] for row in front.rows("charge", "group_code")} == {"HOLD"}


class TestBillsAtOnce:
    def test_write_every_draft_once(self, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
        """Row 84: two bills, a release and an import at the same time."""
        monkeypatch.setattr("worker.flows.bill.CHUNK_SUBSCRIPTIONS", 1)
        news = Workspace(versions=(version("S-LONE", 8, date(2026, 1, 10)),))

        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(act) for act in (front.bill, front.bill, front.release)]
            runs.append(pool.submit(front.load, news))
            for run in runs:
                run.result()
        front.bill()
        front.release()

        assert sum(row[0] for row in front.rows("charge", "net_minor")) == 12000 + 5000 + 3000 + 3548
        numbers = [str(row[0]) for row in front.rows("document", "number")]
        assert numbers == [f"US-2026-{n:05}" for n in range(1, len(numbers) + 1)]


class TestBillOnBothDatabases:
    def test_writes_the_same_documents(self, sqlite_url: str, postgres_url: str) -> None:
        documents = []
        for url in (sqlite_url, postgres_url):
            front = Front(open_store(url))
            front.load()
            front.bill()
            front.release()
            documents.append(front.rows("document", "ref", "sort_key", "number", "body", "fingerprint"))
            front.store.close()

        assert documents[0] == documents[1]
