"""Pushing at the ledger's own speed: `python -m tests.bench.push --books 1,10,100 --json`.

Prints one JSON document on standard output and its progress on standard error; exit code 1 when a target is
missed. The ceiling is what the simulator's limits allow (10 calls/s, 500/min, 40 batches of 30 a minute for
each book). Where all books together would need more than this machine computes, every limit is scaled by one
factor on both sides (`time_scale`): the simulator turns away what exceeds it, the workers may use no more.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from connectors.ledgers.quickbooks.limits import BATCH_SIZE, CAPABILITIES
from tests.bench.programs import running_simulator
from tests.bench.push import comparing
from tests.bench.push.books import Town, plan, realm_of
from tests.bench.push.running import Works, works
from tests.servers import PostgresServer, RedisServer, running_postgres, running_redis
from worker import logs
from worker.store import migrate

SLOT_S = 60 / CAPABILITIES.rates.batches_per_minute
PER_SECOND = BATCH_SIZE / SLOT_S
"""Invoices a second that one book's batch limit allows."""

BATCHES_MIN = 20
BIG_BOOK = 10_000
SMALL_BOOKS = 20
SERVER = {"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured with this many books; the ratio is of invoices a second to what the limits allow."""

    books: int
    invoices: int
    time_scale: float
    seconds: float
    invoices_per_second: float
    ceiling_ratio: float
    calls: int
    throttled: int
    throttled_share: float
    calls_per_invoice: float
    metered_reads_per_invoice: float
    cpu_ms_per_invoice: float


@dataclass(frozen=True, slots=True)
class Bench:
    """The servers and the wishes of one run."""

    folder: Path
    postgres: PostgresServer
    redis: RedisServer
    asked: argparse.Namespace

    def database(self) -> str:
        url = self.postgres.create_database()
        migrate.upgrade(url)
        return url


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every number of books asked for, smallest first; 0 when every target is met."""
    asked = _arguments(arguments)
    logs.configure(level="error", form="text")  # on standard error
    with (
        tempfile.TemporaryDirectory(prefix="subledger-push-") as name,
        running_postgres(settings=SERVER) as postgres,
        running_redis() as redis,
    ):
        bench = Bench(Path(name), postgres, redis, asked)
        sizes = [_measure(bench, count) for count in sorted(asked.books)]
        delays = _small_books(bench)
        compared = _compared(bench)
    document = _document(asked, sizes, delays, compared)
    print(json.dumps(document, indent=None if asked.json else 2))
    return 0 if document["is_met"] else 1


def _measure(bench: Bench, count: int) -> Size:
    share = min(1.0, bench.asked.per_second / (count * PER_SECOND))
    batches = max(BATCHES_MIN, math.ceil(bench.asked.seconds * share / SLOT_S))
    town = Town.of(count, share=round(share, 6))
    with _works(bench, f"books-{count}", town) as running:
        say(f"{count} books at {share:.3g} of the limits: planning {batches * BATCH_SIZE} invoices each")
        for book in town.books:
            plan(running.app, book, range(batches * BATCH_SIZE))
        say(f"{count} books: pushing, {batches * SLOT_S / share:.0f} s at the ceiling")
        cpu_s = running.cpu_s()
        released = running.release(town.books)
        running.finish(town.books, within_s=60 + 3 * batches * SLOT_S / share)
        return _size(running, released, batches=batches, cpu_s=running.cpu_s() - cpu_s)


def _size(running: Works, released: float, *, batches: int, cpu_s: float) -> Size:
    """Timed from the release to the end of the slot of the last call."""
    town, counts = running.town, running.counts()
    invoices = len(town.books) * batches * BATCH_SIZE
    slot_s = SLOT_S / town.share
    seconds = max(call.at for call in running.calls() if call.status == 200) - released + slot_s
    calls = counts["reads"] + counts["writes"] + counts["batches"] + counts["throttled"]
    size = Size(
        books=len(town.books),
        invoices=invoices,
        time_scale=town.share,
        seconds=round(seconds, 2),
        invoices_per_second=round(invoices / seconds, 1),
        ceiling_ratio=round(batches * slot_s / seconds, 4),
        calls=calls,
        throttled=counts["throttled"],
        throttled_share=round(counts["throttled"] / calls, 5),
        calls_per_invoice=round(calls / invoices, 5),
        metered_reads_per_invoice=round(counts["reads"] / invoices, 5),
        cpu_ms_per_invoice=round(cpu_s * 1000 / invoices, 4),
    )
    say(f"{size.books} books: {size}")
    return size


def _small_books(bench: Bench) -> list[float]:
    """Seconds from the release of one invoice in a small book to its answer, beside a big book at work.

    The one worker has one thread for lanes, so that nothing but fairness helps the small book.
    """
    town = Town.of(1 + SMALL_BOOKS, share=1.0)
    big, *small = town.books
    chance = random.Random(1)
    with _works(bench, "small", town, workers=1, threads=1) as running:
        say(f"one book with {BIG_BOOK} invoices beside {SMALL_BOOKS} with one")
        plan(running.app, big, range(BIG_BOOK))
        running.release([big])
        time.sleep(3)
        delays = []
        for book in small:
            time.sleep(chance.uniform(0.2, 2.0))
            plan(running.app, book, [1])
            released = running.release([book])
            running.finish([book], within_s=60)
            answered = next(call.at for call in running.calls() if call.realm == realm_of(book))
            delays.append(answered - released)
    say(f"small books: {max(delays):.3f} s at most")
    return sorted(delays)


def _works(bench: Bench, name: str, town: Town, *, workers: int | None = None, threads: int = 32) -> Any:
    return works(
        bench.folder / name,
        town,
        database=bench.database(),
        redis=bench.redis.url,
        workers=workers or bench.asked.workers,
        threads=threads,
    )


def _compared(bench: Bench) -> comparing.Compared:
    say("python-quickbooks by itself")
    folder = bench.folder / "library"
    folder.mkdir()
    config = {**Town.of(1, share=1.0).companies(), "limits": {"enabled": False}}
    with running_simulator(folder, config) as simulator:
        return comparing.compare(simulator, batches=bench.asked.library_batches)


def _document(
    asked: argparse.Namespace, sizes: Sequence[Size], delays: Sequence[float], compared: comparing.Compared
) -> dict[str, Any]:
    ours = min(size.cpu_ms_per_invoice for size in sizes)
    is_met = delays[-1] <= 1 and all(
        size.ceiling_ratio >= 0.97
        and size.throttled_share <= 0.001
        and size.calls_per_invoice <= 0.036
        and size.metered_reads_per_invoice == 0
        for size in sizes
    )
    return {
        "books": [asdict(size) for size in sizes],
        "small_book_delay_s": round(delays[-1], 3),
        "small_book_delay_p50_s": round(delays[len(delays) // 2], 3),
        "python_quickbooks": {
            "batch_create_cpu_ms_per_invoice": round(compared.batch_create_cpu_ms, 4),
            "save_cpu_ms_per_invoice": round(compared.save_cpu_ms, 4),
        },
        "cpu_ratio_to_batch_create": round(ours / compared.batch_create_cpu_ms, 3),
        "cpu_ratio_to_save": round(ours / compared.save_cpu_ms, 3),
        "workers": asked.workers,
        "is_met": is_met,
    }


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.push", description=__doc__)
    parser.add_argument("--books", type=_counts, default=(1, 10, 100), help="numbers of books, as 1,10,100")
    parser.add_argument("--seconds", type=float, default=90.0, help="how long each size pushes")
    parser.add_argument("--per-second", type=float, default=300.0, help="most invoices a second in all")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--library-batches", type=int, default=30, help="batches python-quickbooks sends")
    parser.add_argument("--json", action="store_true", help="one line (the document is JSON either way)")
    return parser.parse_args(arguments)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def say(words: str) -> None:
    """Progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
