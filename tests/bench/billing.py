"""Billing at database speed: `python -m tests.bench.billing --subscriptions 1000,10000,100000,1000000`.

Prints one JSON document on standard output and its progress on standard error. Rates count invoices that were
computed and stored on PostgreSQL with full rules and basis, three lines each.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import floor, loading
from tests.bench.acts import Act, Acted, perform
from tests.bench.measuring import mark, rows_written
from tests.bench.sellers import GROUP_SIZE
from tests.servers import PostgresServer, running_postgres
from worker.store import migrate

CHANGES = 10
AT = 10_000
"""The size whose rate and ratio stand at the top of the document."""

SERVER = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "15min"}
"""A server set up for its work; durability stays as in production (tests.servers.postgres)."""


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size; times in seconds, memory in megabytes."""

    subscriptions: int
    invoices: int
    lines_each: int
    first_run_s: float
    start_s: float
    invoices_per_s: float
    floor_per_s: float
    floor_ratio: float
    peak_rss_mb: float
    largest_process_mb: float
    repeat_s: float
    repeat_ratio: float
    repeat_rows_written: int
    recompute_s: float
    recompute_ratio: float
    recompute_rows_written: int
    after_10_changes_s: float
    after_10_changes_invoices: int
    database_mb: float
    cpu_s: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every size asked for, smallest first."""
    asked = _arguments(arguments)
    sizes: list[Size] = []
    folder = Path(asked.folder) if asked.folder else None
    with running_postgres(folder, settings=SERVER) as server:
        for subscriptions in sorted(asked.subscriptions):
            sizes.append(_measure(server, subscriptions, asked))
    document = _document(sizes, asked)
    print(json.dumps(document, indent=None if asked.json else 2))


def _measure(server: PostgresServer, subscriptions: int, asked: argparse.Namespace) -> Size:
    url = server.create_database()
    migrate.upgrade(url)
    say(f"{subscriptions:,} subscriptions: loading")
    loading.load(url, seed=asked.seed, subscriptions=subscriptions, processes=asked.processes)
    first = _act(url, "bill", "first run", asked)
    before = mark(url)
    repeat = _act(url, "bill", "repeated run", asked)
    repeated = rows_written(url, before)
    recompute = _act(url, "recompute", "everything computed again", asked)
    recomputed = rows_written(url, before)
    numbers = [step * (subscriptions // GROUP_SIZE) // CHANGES for step in range(CHANGES)]
    changed = _act(url, "change", f"{CHANGES} changes", asked, numbers)
    size = server.database_megabytes(url)
    floor_s = _floor(url, subscriptions, asked)
    server.drop_database(url)
    return Size(
        subscriptions=subscriptions,
        invoices=first.documents,
        lines_each=first.lines_each,
        first_run_s=round(first.seconds, 3),
        start_s=round(first.start_s, 3),
        invoices_per_s=round(first.documents / first.seconds, 1),
        floor_per_s=round(subscriptions / floor_s, 1),
        floor_ratio=round(first.documents / first.seconds * floor_s / subscriptions, 4),
        peak_rss_mb=round(first.together_mb, 1),
        largest_process_mb=round(first.largest_mb, 1),
        repeat_s=round(repeat.seconds, 3),
        repeat_ratio=round(repeat.seconds / first.seconds, 4),
        repeat_rows_written=repeated,
        recompute_s=round(recompute.seconds, 3),
        recompute_ratio=round(recompute.seconds / first.seconds, 4),
        recompute_rows_written=recomputed,
        after_10_changes_s=round(changed.seconds, 3),
        after_10_changes_invoices=changed.documents,
        database_mb=round(size, 1),
        cpu_s=round(first.cpu_s, 2),
    )


def _act(url: str, act: Act, words: str, asked: argparse.Namespace, numbers: Sequence[int] = ()) -> Acted:
    done = perform(url, act, processes=asked.processes, seed=asked.seed, numbers=tuple(numbers))
    rate = done.documents / done.seconds if done.seconds else 0.0
    say(f"  {words}: {done.documents:,} invoices in {done.seconds:.2f} s ({rate:,.0f}/s)")
    return done


def _floor(url: str, subscriptions: int, asked: argparse.Namespace) -> float:
    floor.prepare(url, seed=asked.seed, subscriptions=subscriptions)
    seconds = floor.run(url, subscriptions=subscriptions, processes=asked.processes)
    say(f"  floor: {seconds:.2f} s ({subscriptions / seconds:,.0f}/s)")
    return seconds


def _document(sizes: Sequence[Size], asked: argparse.Namespace) -> dict[str, object]:
    """Single numbers at the top: rate and ratio at 10,000 subscriptions, the rest at the largest size."""
    largest = sizes[-1]
    at = next((size for size in sizes if size.subscriptions == AT), largest)
    return {
        "invoices_per_s": at.invoices_per_s,
        "floor_ratio": at.floor_ratio,
        "growth_exponent": _exponent(sizes),
        "peak_rss_mb": largest.peak_rss_mb,
        "repeat_ratio": largest.repeat_ratio,
        "after_10_changes_s": largest.after_10_changes_s,
        "largest_run_s": largest.first_run_s,
        "processes": asked.processes,
        "seed": asked.seed,
        "sizes": [asdict(size) for size in sizes],
    }


def _exponent(sizes: Sequence[Size]) -> float | None:
    """The slope of log(time) over log(size) by least squares; None for a single size."""
    if len(sizes) < 2:
        return None
    points = [(math.log(size.subscriptions), math.log(size.first_run_s)) for size in sizes]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    across = sum((x - mean_x) ** 2 for x, _ in points)
    return round(sum((x - mean_x) * (y - mean_y) for x, y in points) / across, 4)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=_sizes, default=[1000, 10_000], metavar="N,N,...")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", default="", help="an empty folder for the database's files")
    parser.add_argument("--json", action="store_true", help="one line (the document is JSON either way)")
    return parser.parse_args(arguments)


def _sizes(text: str) -> list[int]:
    sizes = [int(size.replace("_", "")) for size in text.split(",")]
    if any(size < 100 or size % GROUP_SIZE for size in sizes):
        raise argparse.ArgumentTypeError(f"sizes are multiples of {GROUP_SIZE}, at least 100: {text}")
    return sizes


def say(words: str) -> None:
    """Progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
