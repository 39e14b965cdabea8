"""The audit log's hash chain: sealed by one, and any change shows (row 90)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, select, update

from worker.store import audit, sealing
from worker.store.engine import Store
from worker.store.sealing import SEAL, Head, Verified

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def act(store: Store, count: int = 1) -> None:
    """Somebody does something, so many times."""
    with store.write() as connection:
        for number in range(count):
            audit.record(
                connection, actor="ann", act="delivery.replay", subject=f"INV-{number}",
                now=NOW + timedelta(seconds=number), reason="fixed", body={"n": number},
            )  # fmt: skip


def verified(store: Store, anchor: Head | None = None) -> Verified:
    store.transact(lambda connection: sealing.seal(connection, whole=True))
    with store.read() as connection:
        return sealing.verify(connection, anchor=anchor)


class TestChain:
    def test_is_whole_after_every_act(self, store: Store) -> None:
        act(store, 3)
        first = verified(store)
        act(store, 2)

        again = verified(store)

        assert (first.entries, again.entries) == (3, 5)
        assert (first.is_whole, again.is_whole) == (True, True)
        assert again.head.hash != first.head.hash

    @pytest.mark.parametrize("column", ["actor", "act", "object", "reason", "body"])
    def test_names_the_first_entry_that_was_altered(self, store: Store, column: str) -> None:
        """Row 90: UPDATE one row."""
        act(store, 5)
        assert verified(store).is_whole
        with store.write() as connection:
            third = id_at(connection, 3)
            connection.execute(
                update(audit.AUDIT).where(audit.AUDIT.c.id == third).values({column: "something else"})
            )

        found = verified(store)

        assert (found.bad_seq, found.bad_id, found.why) == (3, third, "the entry was altered")

    def test_notices_an_entry_that_was_taken_out(self, store: Store) -> None:
        """Row 90."""
        act(store, 4)
        verified(store)
        with store.write() as connection:
            second = connection.scalar(
                SEAL.select().with_only_columns(SEAL.c.audit_id).where(SEAL.c.seq == 2)
            )
            connection.execute(delete(audit.AUDIT).where(audit.AUDIT.c.id == second))

        found = verified(store)

        assert (found.bad_seq, found.why) == (2, "the entry was taken out")

    def test_notices_a_place_that_was_taken_out(self, store: Store) -> None:
        act(store, 4)
        verified(store)
        with store.write() as connection:
            connection.execute(delete(SEAL).where(SEAL.c.seq == 2))

        assert sealing_fault(store) == (2, "the place 2 is missing")

    def test_that_was_written_anew_or_cut_shows_against_a_head_kept_elsewhere(self, store: Store) -> None:
        """Row 90: whoever can write everything still cannot reach what is outside."""
        act(store, 4)
        kept = verified(store).head
        with store.write() as connection:
            connection.execute(update(audit.AUDIT).values(reason="rewritten"))
            connection.execute(delete(SEAL))
        anew = verified(store, kept)
        with store.write() as connection:
            connection.execute(delete(SEAL).where(SEAL.c.seq > 2))
        with store.read() as connection:
            cut = sealing.verify(connection, anchor=kept)

        assert (anew.bad_seq, "written anew" in anew.why) == (4, True)
        assert (cut.bad_seq, "once it reached 4" in cut.why) == (3, True)

    def test_takes_what_committed_late(self, store: Store) -> None:
        """A transaction that began earlier and committed after the sealer ran."""
        act(store)
        verified(store)
        with store.write() as connection:
            connection.execute(
                audit.AUDIT.insert().values(
                    id="00000000-0000-7000-8000-000000000001", at=NOW, actor="bob", act="x", object="y",
                    reason="", body="",
                )
            )  # fmt: skip
        with store.read() as connection:
            unsealed = sealing.has_unsealed(connection)

        assert unsealed
        assert verified(store).entries == 2

    def test_by_two_sealers_at_once_has_each_entry_once(self, store: Store) -> None:
        act(store, 20)
        barrier = threading.Barrier(2)

        def work(_number: int) -> int:
            barrier.wait()
            return store.transact(sealing.seal)

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(work, range(2)))

        assert sum(done) == 20
        assert verified(store).is_whole


def id_at(connection: Connection, seq: int) -> str:
    return str(connection.scalar(select(SEAL.c.audit_id).where(SEAL.c.seq == seq)))


def sealing_fault(store: Store) -> tuple[int, str]:
    with store.read() as connection:
        found = sealing.verify(connection)
    return found.bad_seq, found.why


class TestHead:
    def test_prints_as_it_is_read_back(self) -> None:
        head = Head(4, "a" * 64)

        assert str(replace(head, seq=5)) == f"5:{'a' * 64}"
