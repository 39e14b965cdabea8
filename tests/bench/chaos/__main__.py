"""Random kills, freezes and faults over real servers: `python -m tests.bench.chaos --kills 200 --json`.

Prints one JSON document on standard output and its progress on standard error; exit code 1 when a target is
missed. Leases are as in production; the quiet period is scaled (the simulator cuts a request after 1 s).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from tests.bench.chaos.blows import Blows
from tests.bench.chaos.counting import Count, count
from tests.bench.chaos.feeding import Feed
from tests.bench.chaos.operator import Operator
from tests.bench.chaos.park import SERVER_LIMIT_S, Park, a_park
from tests.bench.chaos.troubles import Guard, script
from tests.bench.chaos.watching import Watch
from tests.faults.seller import Seller, Timing
from worker import logs

PARTIES = 120
RECHECK_S = 0.3
RESUME_S_MAX = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print the document; 0 when every target is met."""
    asked = _arguments(arguments)
    guard: Guard = asked.guard
    logs.configure(level="error", form="text")  # on standard error
    with a_park(refuses_duplicates=guard != "none") as park:
        document = _run(park, asked, guard)
    print(json.dumps(document, indent=None if asked.json else 2))
    return 0 if document["is_met"] else 1


def _run(park: Park, asked: argparse.Namespace, guard: Guard) -> Mapping[str, Any]:
    seller = Seller(PARTIES, 0, datetime.now(UTC).date().replace(day=1))
    watch, feed = Watch(park.database_url), Feed(park, seller, asked.events_per_second)
    operator = Operator(park)
    operator.set_up(seller.workspace(park.simulator.url, Timing(SERVER_LIMIT_S, RECHECK_S)))
    park.simulator.post("faults", script(guard, asked.seed))
    blows = Blows(park, watch, random.Random(asked.seed), (asked.gap_s / 4, asked.gap_s))
    began = time.monotonic()
    for part in (watch, feed, operator):
        part.start()
    for kill in range(asked.kills):
        if time.monotonic() - began > asked.minutes * 60:
            say(f"stopped after {asked.minutes:g} minutes")
            break
        name = blows.strike()
        slowest = max((seconds for _, seconds in watch.resumed), default=0.0)
        say(f"{kill + 1}/{asked.kills} {name}; {len(feed.accepted)} events, slowest resume {slowest:.1f} s")
    feed.stop()
    struck = park.simulator.struck()
    say("quiet: everything is worked off")
    is_done = operator.finish()
    watch.stop()
    counted = count(park, feed.accepted, blows.thaws, is_guarded=guard != "none")
    return _document(asked, counted, blows, watch, feed) | {
        "worked_off": is_done,
        "reconnected": operator.reconnected,
        "replayed": operator.replayed,
        "faults_struck": struck,
        "minutes": round((time.monotonic() - began) / 60, 2),
        "is_met": is_done and _is_met(counted, watch),
    }


def _document(
    asked: argparse.Namespace, counted: Count, blows: Blows, watch: Watch, feed: Feed
) -> dict[str, Any]:
    seconds = sorted(seconds for _, seconds in watch.resumed)
    slowest = max(watch.resumed, key=lambda one: one[1], default=("", 0.0))
    return {
        "seed": asked.seed,
        "ledger": asked.ledger,
        "guard": asked.guard,
        "kills": sum(blows.counts.values()),
        "blows": dict(sorted(blows.counts.items())),
        "events": len(feed.accepted),
        "events_repeated": feed.repeats,
        "accepted": counted.accepted,
        "in_ledger": counted.in_ledger,
        "duplicates": len(counted.duplicates),
        "lost": len(counted.lost),
        "unprotected": len(counted.unprotected),
        "recovered_by_read": counted.recovered_by_read,
        "parked": len(counted.parked),
        "details": [*counted.duplicates, *counted.lost, *counted.unprotected, *counted.parked][:50],
        "resume_s": {
            "samples": len(seconds),
            "p50": _share(seconds, 0.50),
            "p99": _share(seconds, 0.99),
            "max": round(slowest[1], 2),
            "slowest": slowest[0],
        },
    }


def _share(seconds: Sequence[float], share: float) -> float:
    return round(seconds[min(len(seconds) - 1, int(share * len(seconds)))], 2) if seconds else 0.0


def _is_met(counted: Count, watch: Watch) -> bool:
    slowest = max((seconds for _, seconds in watch.resumed), default=0.0)
    return not (counted.duplicates or counted.lost or counted.parked) and slowest <= RESUME_S_MAX


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="how many blows")
    parser.add_argument("--seed", type=int, default=1, help="decides blows and faults")
    parser.add_argument("--ledger", choices=("quickbooks",), default="quickbooks")
    parser.add_argument("--guard", choices=get_args(Guard), default="request-ids")
    parser.add_argument("--minutes", type=float, default=60.0, help="no more blows after this time")
    parser.add_argument("--gap-s", type=float, default=6.0, help="longest pause between two blows")
    parser.add_argument("--events-per-second", type=float, default=2.0)
    parser.add_argument("--json", action="store_true", help="one line (the document is JSON either way)")
    return parser.parse_args(arguments)


def say(words: str) -> None:
    """Progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
