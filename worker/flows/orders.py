"""Work orders: a command that finds the database held hands its work, as a row, to the holder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec
import structlog

from mappings.identity import canonical_json
from worker.flows import run as running
from worker.flows.ports import Ports
from worker.flows.run import Hands, Progress, Run
from worker.store import orders

log = structlog.get_logger()

_POLL_S = 0.2
_PICK_UP_S = 30.0


class NotTaken(Exception):
    """Nobody began the order: the process that holds the database runs no worker, or hangs."""


class OrderFailed(Exception):
    """The holder could not do it; the message is what it said."""


def hand_over(
    ports: Ports,
    *,
    as_of: date,
    books: tuple[str, ...],
    hands: Hands,
    is_held: Callable[[], bool],
    progress: Progress,
) -> Run:
    """Let the holder do a run and follow it; returns what the run did.

    `is_held` says whether some process still holds the database. Raises `NotTaken` when the order is not
    begun within 30 s, `OrderFailed` when it failed there or the holder died over it.
    """
    arguments = {"as_of": as_of, "books": books}
    order_id = ports.store.transact(
        lambda connection: orders.place(connection, "run", arguments, now=ports.clock.now())
    )
    placed_at = ports.clock.monotonic()
    while True:
        with ports.store.read() as connection:
            order = orders.get(connection, order_id)
        assert order is not None, "orders are never deleted"
        if order.state == "done":
            return msgspec.json.decode(order.result, type=Run)
        if order.state == "failed":
            raise OrderFailed(order.result)
        is_late = ports.clock.monotonic() - placed_at > _PICK_UP_S
        if order.state == "waiting" and is_late and _withdraw(ports, order_id):
            raise NotTaken("the process that holds the database did not begin the work within 30 s")
        if order.progress:
            stage, done, of = msgspec.json.decode(order.progress, type=tuple[str, int, int])
            progress(stage, done, of)
        if not is_held():
            raise OrderFailed("the process that held the database ended over it; start the run again")
        if hands.should_stop():
            raise OrderFailed("stopped waiting; the process that holds the database goes on with it")
        ports.clock.sleep(_POLL_S)


def _withdraw(ports: Ports, order_id: str) -> bool:
    """Take the order back, so that nobody does it later, unasked."""
    return ports.store.transact(
        lambda connection: orders.withdraw(connection, order_id, now=ports.clock.now())
    )


def work_off(ports: Ports, order_id: str, *, hands_of: Callable[[tuple[str, ...]], Hands]) -> None:
    """Do one order, once, and store its result; an unknown or begun one is left alone."""
    order = ports.store.transact(lambda connection: orders.begin(connection, order_id, now=ports.clock.now()))
    if order is None:
        return
    last_told = ports.clock.monotonic()

    def tell(stage: str, done: int, of: int) -> None:
        nonlocal last_told
        if ports.clock.monotonic() - last_told >= _POLL_S:
            last_told = ports.clock.monotonic()
            _report(ports, order_id, progress=canonical_json((stage, done, of)).decode())

    try:
        result = _run(ports, order.arguments, hands_of=hands_of, progress=tell)
    except Exception as error:  # the order's door: whoever waits for it must hear of it
        log.exception("order.failed", order=order_id)
        _report(ports, order_id, state="failed", result=f"{type(error).__name__}: {error}")
    else:
        _report(ports, order_id, state="done", result=canonical_json(result).decode())


def _run(
    ports: Ports,
    arguments: Mapping[str, Any],
    *,
    hands_of: Callable[[tuple[str, ...]], Hands],
    progress: Progress,
) -> Run:
    books = tuple(arguments["books"])
    return running.run(
        ports, hands_of(books), as_of=date.fromisoformat(arguments["as_of"]), progress=progress
    )


def _report(ports: Ports, order_id: str, **values: str) -> None:
    ports.store.transact(
        lambda connection: orders.report(connection, order_id, now=ports.clock.now(), **values)
    )
