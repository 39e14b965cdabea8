"""Following workers elsewhere: until nothing can go on, and no longer."""

from __future__ import annotations

from tests.unit.worker.flows.conftest import BOOK, TIMING, Bench
from worker.flows.until_idle import PATIENCE_S, Waiting, follow


def followed(bench: Bench) -> tuple[tuple[Waiting, ...], float]:
    """What is left over, and how long was waited (s)."""
    before = bench.clock.monotonic()
    left = follow(
        bench.ports(), {BOOK.code: (BOOK, TIMING)}, should_stop=lambda: False, on_progress=lambda _left: None
    )
    return left, bench.clock.monotonic() - before


class TestFollow:
    def test_ends_at_once_when_everything_is_there(self, bench: Bench) -> None:
        bench.plan("INV-1")
        bench.drain_until_idle()

        assert followed(bench) == ((), 0.0)

    def test_does_not_wait_for_a_paused_book_and_says_why(self, bench: Bench) -> None:
        """Row 56: `run` told of lost consent only after five minutes of waiting for nothing."""
        bench.plan("INV-1")
        bench.pause("consent_lost")

        assert followed(bench) == ((Waiting(BOOK.code, "paused: consent_lost", None),), 0.0)

    def test_ends_after_its_patience_where_no_worker_works(self, bench: Bench) -> None:
        bench.plan("INV-1")

        (left,), waited_s = followed(bench)

        assert (left.book, left.why) == (BOOK.code, "no worker has moved it")
        assert waited_s >= PATIENCE_S
