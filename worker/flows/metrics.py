"""The figures a monitoring system scrapes, in Prometheus' text form.

Everything is read from the database at the scrape, so that any process answers for all of them and nothing is
lost when one dies. Labels are codes of the set-up, states and reasons: bounded, and nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.delivery.states import State
from worker.flows.ports import Ports
from worker.store.figures import Count, Figures, figures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FINAL = frozenset({"posted", "cancelled"})


def exposition(ports: Ports) -> bytes:
    """Every metric as it is now; raises what the database raises."""
    with ports.store.read() as connection:
        seen = figures(connection)
    registry = CollectorRegistry()
    registry.register(_Seen(seen, ports.clock.now()))
    return generate_latest(registry)


class _Seen(Collector):
    """One picture of the database as metric families."""

    def __init__(self, seen: Figures, now: datetime) -> None:
        self._seen = seen
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """All families; those of one subject stand together."""
        yield from self._deliveries()
        yield from self._front()
        yield from self._lanes()
        yield from self._calls()
        yield from self._consent()

    def _deliveries(self) -> Iterator[Metric]:
        states: tuple[State, ...] = get_args(State)
        counted = {(one.place, one.state): one for one in self._seen.deliveries}
        oldest = {(one.place, one.state): one for one in self._seen.ages}
        places = [(lane.book, state) for lane in self._seen.lanes for state in states]
        many = _gauge("subledger_deliveries", "Records on their way or arrived.", "book", "state")
        age = _gauge(
            "subledger_delivery_oldest_seconds",
            "How long the oldest record has been in an open state; for due: since it could have been sent.",
            "book",
            "state",
        )
        for place in places:
            many.add_metric(place, counted[place].count if place in counted else 0)
            if place[1] not in _FINAL:
                age.add_metric(place, self._age(oldest[place].oldest) if place in oldest else 0)
        yield many
        yield age

    def _front(self) -> Iterator[Metric]:
        yield _filled(
            _gauge("subledger_documents_unreleased", "Drafts, and documents held.", "issuer", "state"),
            self._seen.unreleased,
        )
        inbox = _gauge("subledger_inbox_events", "Stored events by state.", "state")
        waits = _gauge("subledger_inbox_oldest_seconds", "How long the oldest event waits to be applied.")
        waits.add_metric((), max((self._age(one.oldest) for one in self._seen.inbox), default=0))
        for one in self._seen.inbox:
            inbox.add_metric((one.state,), one.count)
        yield inbox
        yield waits
        yield _filled(
            _gauge("subledger_differences", "Open differences between a book and us.", "book", "reason"),
            self._seen.differences,
        )

    def _lanes(self) -> Iterator[Metric]:
        due = {one.place: one.oldest for one in self._seen.ages if one.state == "due"}
        behind = _gauge("subledger_lane_behind_seconds", "How long a book's oldest due record waits.", "book")
        waits = _gauge(
            "subledger_lane_waits_seconds", "How long a lane still waits: throttled or resting.", "book"
        )
        paused = _gauge("subledger_lane_paused", "1 while a book is paused, by reason.", "book", "reason")
        verifies = _gauge("subledger_lane_verifies", "1 while a book is read before each create.", "book")
        for lane in self._seen.lanes:
            behind.add_metric((lane.book,), self._age(due.get(lane.book)))
            waits.add_metric((lane.book,), max(0.0, (lane.not_before - self._now).total_seconds()))
            verifies.add_metric((lane.book,), int(lane.is_verifying))
            if lane.pause_reason:
                paused.add_metric((lane.book, lane.pause_reason), 1)
        yield from (behind, waits, paused, verifies)

    def _calls(self) -> Iterator[Metric]:
        posted = {one.place: one.count for one in self._seen.posted}
        calls = _counter("subledger_ledger_calls", "Calls made to a book.")
        reads = _counter("subledger_ledger_reads", "Calls that read a book; some ledgers meter them.")
        batches = _counter("subledger_ledger_batches", "Calls that carried more than one record.")
        throttled = _counter("subledger_throttled", "Answers that asked us to wait.")
        recovered = _counter(
            "subledger_recovered_by_read",
            "Records found in the book after an unclear outcome, not sent again.",
        )
        ratio = _gauge(
            "subledger_ledger_calls_per_document", "Calls per invoice and credit note in the book.", "book"
        )
        for lane in self._seen.lanes:
            place = (lane.book,)
            calls.add_metric(place, lane.calls)
            reads.add_metric(place, lane.reads)
            batches.add_metric(place, lane.batches)
            throttled.add_metric(place, lane.throttled)
            recovered.add_metric(place, lane.recovered)
            if documents := posted.get(lane.book):
                ratio.add_metric(place, lane.calls / documents)
        yield from (calls, reads, batches, throttled, recovered, ratio)

    def _consent(self) -> Iterator[Metric]:
        pairs = _counter("subledger_token_refreshes", "Token pairs stored after a book's first one.")
        ends = _gauge(
            "subledger_consent_ends_seconds",
            "Until consent ends: unless the token is used (rolling), or in any case (hard).",
            "book",
            "end",
        )
        for life in self._seen.tokens:
            pairs.add_metric((life.book,), life.pairs - 1)
            for end, until in (("rolling", life.rolling_until), ("hard", life.hard_until)):
                if until is not None:
                    ends.add_metric((life.book, end), (until - self._now).total_seconds())
        yield from (pairs, ends)

    def _age(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (self._now - since).total_seconds())


def _gauge(name: str, explained: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, explained, labels=labels)


def _counter(name: str, explained: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, explained, labels=("book",))


def _filled(family: GaugeMetricFamily, counts: Iterable[Count]) -> GaugeMetricFamily:
    for one in counts:
        family.add_metric((one.place, one.state), one.count)
    return family
