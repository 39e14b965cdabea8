"""The worker that dies: one process that has loaded everything, and forks a worker for each request.

Loading the program takes longer than a whole story, so it happens once. A request is a line of JSON on
standard input (`Request`), its answer a line on standard output (`Ended`); logs go to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import dramatiq
import msgspec
import structlog
from sqlalchemy import select

from connectors import crashpoints
from tests.fakes.clock import VirtualClock
from tests.faults.seller import SOURCE, Seller, signed
from worker import logs
from worker.actors.register import open_queues
from worker.bootstrap import App, build
from worker.flows import bill, connect, release, replay, workspace
from worker.flows.sweep import sweep
from worker.settings import load
from worker.store import deliveries, inbox, lanes, setup
from worker.store.deliveries import DELIVERY
from worker.web.hooks import receive_event

SECONDS_MAX = 30
ROUNDS_MAX = 400
RUNAWAY_EXIT = 3
ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Request:
    """One life of a worker: its environment, when it begins, and what it does before it works until idle.

    `crash_at` arms a crash point ("" = none); `refresh_tokens` reconnect books first; `events` are told by
    webhook, each answered one by a line in the file `acknowledged` beside the database. `replays`: what is
    parked, by hand.
    """

    environment: dict[str, str]
    starts_at: datetime
    seller: Seller
    crash_at: str = ""
    workspace: str = ""
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    events: tuple[int, ...] = ()
    bills: bool = False
    replays: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How that life ended: the exit code, the negative number of a signal included."""

    exit_code: int


@dataclass
class _Bell:
    """Every ring in order, worked off by the same thread."""

    rung: deque[tuple[str, str]] = field(default_factory=deque)

    def ring(self, name: str, row_id: str) -> None:
        if (name, row_id) not in self.rung:
            self.rung.append((name, row_id))


def live(request: Request) -> None:
    """One life: reconnect, tell, bill, and work until nothing goes on by itself."""
    app = build(load())
    clock = VirtualClock(request.starts_at)
    app.clock = clock
    with app.holding():
        brokers, bell = open_queues(app), _Bell()
        app.doorbell = bell
        if request.workspace:
            workspace.import_(app.ports, request.workspace.encode(), name="seller.yaml", actor="test")
        for code, token in request.refresh_tokens.items():
            connect.adopt(app.ports, app.book(code), app.tokens(code), refresh_token=token, actor="test")
        os.environ[crashpoints.VARIABLE] = request.crash_at
        crashpoints.arm()
        if request.replays:
            _replay_parked(app)
        for number in request.events:
            _tell(app, request.seller, number)
        if request.bills:
            bill.run(app.ports, as_of=request.seller.start)
            release.run(app.ports)
        _work_until_idle(app, clock, brokers, bell)
    app.store.close()


def _replay_parked(app: App) -> None:
    with app.store.read() as connection:
        parked = list(connection.scalars(select(DELIVERY.c.id).where(DELIVERY.c.state == "parked")))
    for delivery_id in parked:
        replay.replay(app.ports, delivery_id, actor="test", reason="mended")


def _tell(app: App, seller: Seller, number: int) -> None:
    event_id, body = seller.event(number)
    status, _ = receive_event(app, SOURCE, headers=signed(event_id, body, at=app.clock.now()), raw=body)
    assert status == 202, status
    path = app.settings.sqlite_path
    assert path is not None
    with path.with_name(ACKNOWLEDGED).open("a") as file:
        file.write(f"{number}\n")


def _work_until_idle(app: App, clock: VirtualClock, brokers: dict[str, dramatiq.Broker], bell: _Bell) -> None:
    """What dramatiq, the timers and the sweeper do, one after the other, on the virtual clock."""
    for _ in range(ROUNDS_MAX):
        while bell.rung:
            name, row_id = bell.rung.popleft()
            broker = next(one for one in brokers.values() if name in one.actors)
            broker.get_actor(name).fn(row_id)
        if sweep(app.ports):
            continue
        later = _next_wake(app)
        if later is None:
            return
        clock.advance(max(0.05, (later - clock.now()).total_seconds()))
    os._exit(RUNAWAY_EXIT)


def _next_wake(app: App) -> datetime | None:
    """When something goes on by itself; an event that waits for its next start is looked at every 5 s."""
    now, wakes = app.clock.now(), []
    with app.store.read() as connection:
        if inbox.waiting(connection, now=now + timedelta(days=1)):
            wakes.append(now + timedelta(seconds=5))
        for book in setup.books(connection):
            lane, wake = lanes.get(connection, book.code), deliveries.next_wake(connection, book.code)
            if lane is not None and wake is not None and not lane.pause_reason:
                wakes.append(max(wake, lane.not_before))
    return min(wakes, default=None)


def serve() -> None:
    """Fork a worker for each request until standard input ends."""
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line, type=Request)
        process = os.fork()
        if process == 0:
            _be_the_worker(request)
        _, status = os.waitpid(process, 0)
        sys.stdout.buffer.write(msgspec.json.encode(Ended(os.waitstatus_to_exitcode(status))) + b"\n")
        sys.stdout.buffer.flush()


def _be_the_worker(request: Request) -> None:
    """Never returns; a life that hangs ends by SIGALRM."""
    signal.alarm(SECONDS_MAX)
    os.environ.update(request.environment)
    logs.configure(level="debug", form="json")
    try:
        live(request)
    except BaseException:
        structlog.get_logger().exception("life.failed")
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    serve()
