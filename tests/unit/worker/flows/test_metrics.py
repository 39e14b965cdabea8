"""What is scraped: the database's own truth, whichever process answers, and no name in any label."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.errors import OutcomeUnknown, Throttled
from connectors.protocols import Token
from tests.faults.unreliable import committing, raising
from tests.unit.worker.flows.conftest import BOOK, Bench
from worker.flows import metrics
from worker.store.tokens import BookTokens
from worker.store.vault import new_key, parse_keys

Labels = tuple[tuple[str, str], ...]


def scraped(bench: Bench, holder: str = "web") -> dict[str, dict[Labels, float]]:
    """Metric -> labels -> value, as a monitoring system reads them."""
    text = metrics.exposition(bench.ports(holder)).decode()
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def place(**labels: str) -> Labels:
    return tuple(sorted({"book": BOOK.code, **labels}.items()))


class TestDeliveries:
    def test_are_counted_by_state_with_the_age_of_the_oldest(self, bench: Bench) -> None:
        bench.plan("INV-1")
        bench.clock.advance(90)

        seen = scraped(bench)

        assert seen["subledger_deliveries"][place(state="due")] == 1
        assert seen["subledger_deliveries"][place(state="planned")] == 1
        assert seen["subledger_deliveries"][place(state="posted")] == 0
        assert seen["subledger_delivery_oldest_seconds"][place(state="planned")] == 90
        assert seen["subledger_lane_behind_seconds"][place()] == 90

    def test_that_are_uncertain_show_with_their_age(self, bench: Bench) -> None:
        bench.plan("INV-1")
        bench.ledger.faults = [raising(OutcomeUnknown("reset"))]
        bench.drain()
        bench.clock.advance(60)

        seen = scraped(bench)

        assert seen["subledger_deliveries"][place(state="uncertain")] == 1
        assert seen["subledger_delivery_oldest_seconds"][place(state="uncertain")] == 60

    def test_leave_calls_per_document_behind(self, bench: Bench) -> None:
        bench.plan("INV-1", "INV-2")
        bench.drain_until_idle()

        seen = scraped(bench)

        calls = seen["subledger_ledger_calls_total"][place()]
        assert seen["subledger_ledger_calls_per_document"][place()] == calls / 2
        assert seen["subledger_deliveries"][place(state="posted")] == 3


class TestCounters:
    def test_are_the_same_whichever_process_answers(self, bench: Bench) -> None:
        bench.plan("INV-1")
        bench.ledger.faults = [committing(OutcomeUnknown("reset")), raising(Throttled("slowly"))]
        for holder in ("one", "two", "one", "two", "one", "two"):
            drained = bench.drain(holder)
            if drained.wake_at is not None:
                bench.clock.advance(max(0.001, (drained.wake_at - bench.clock.now()).total_seconds()))

        first, second = scraped(bench, "web-1"), scraped(bench, "web-2")

        assert first == second
        assert first["subledger_recovered_by_read_total"][place()] == 1
        assert first["subledger_throttled_total"][place()] == 1
        assert first["subledger_ledger_reads_total"][place()] >= 1


class TestLane:
    def test_shows_its_pause_by_reason(self, bench: Bench) -> None:
        bench.pause("by_operator")

        assert scraped(bench)["subledger_lane_paused"] == {place(reason="by_operator"): 1}


class TestConsent:
    def test_counts_refreshes_and_tells_when_it_ends(self, bench: Bench) -> None:
        vault, now = parse_keys(new_key("a")), bench.clock.now()
        tokens = BookTokens(bench.store, lambda: vault, bench.clock, BOOK.code)
        rolling, hard = now + timedelta(days=100), now + timedelta(days=9)
        for version in (0, 1):
            tokens.save(Token("access", f"refresh-{version}", now, rolling, hard), expected_version=version)

        seen = scraped(bench)

        assert seen["subledger_token_refreshes_total"] == {place(): 1}
        assert seen["subledger_consent_ends_seconds"] == {
            place(end="rolling"): 100 * 86_400,
            place(end="hard"): 9 * 86_400,
        }


@pytest.mark.parametrize("personal", ["INV-1", "Example", "KUNDE"])
class TestLabels:
    def test_carry_no_number_and_no_name(self, bench: Bench, personal: str) -> None:
        bench.plan("INV-1")
        bench.drain()

        assert personal not in metrics.exposition(bench.ports()).decode()
