"""The queue: Redis where REDIS_URL is set, else an embedded one in this process. Messages are doorbells.

Settings follow R21: no retries by the queue (rows carry them), no age limit, no results, no pipelines.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import dramatiq
import structlog
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import DramatiqError
from dramatiq.middleware import Middleware, Retries, TimeLimit
from redis import Redis
from redis.exceptions import RedisError

from connectors.crashpoints import crashpoint
from worker.actors.waking import WakingBroker

log = structlog.get_logger()

FRONT = "front"
"""Queue of inbox and billing work."""

PUSH = "push"
"""Queue of lanes: many threads, because a lane may wait for a slow ledger."""

ANSWER_S = 5.0
"""How long Redis may take to answer: one that hangs must keep no webhook waiting."""

_TIME_LIMIT_MS = 600_000
_HEARTBEAT_MS = 60_000
_MAINTENANCE_CHANCE = 100_000


class EmbeddedBroker(StubBroker):
    """An in-process queue that holds each (actor, id) once and logs what could not be worked."""

    def __init__(self, middleware: list[Middleware]) -> None:
        super().__init__(middleware)
        self._waiting: set[tuple[str, tuple[Any, ...]]] = set()
        self._guard = threading.Lock()

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Queue a message unless the same one waits already: one ring is as good as two."""
        place = (message.actor_name, tuple(message.args))
        with self._guard:
            if place in self._waiting:
                return message
            self._waiting.add(place)
        return super().enqueue(message, delay=delay)

    def started(self, message: dramatiq.MessageProxy) -> None:
        """A worker begins with it: from here on the next ring counts again."""
        with self._guard:
            self._waiting.discard((message.actor_name, tuple(message.args)))


class _StartNotice(Middleware):
    """Tells the embedded broker that a message has begun."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        if isinstance(broker, EmbeddedBroker):
            broker.started(message)


def make_broker(redis_url: str | None) -> dramatiq.Broker:
    """One broker of this process; each worker has its own, as dramatiq expects."""
    middleware: list[Middleware] = [
        TimeLimit(time_limit=_TIME_LIMIT_MS),
        Retries(max_retries=0),
        _StartNotice(),
    ]
    if redis_url is None:
        return EmbeddedBroker(middleware)
    client = Redis.from_url(redis_url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)
    return WakingBroker(  # type: ignore[no-untyped-call]  # dramatiq leaves its constructor untyped
        client=client,
        middleware=middleware,
        heartbeat_timeout=_HEARTBEAT_MS,
        maintenance_chance=_MAINTENANCE_CHANCE,
    )


class BrokerDoorbell:
    """Rings by sending the actor a message; what the queue does not take goes to `otherwise` (actor, id).

    Where nothing else helps, a queue that is away only costs the time until a sweep gets through.
    """

    def __init__(
        self,
        brokers: Iterable[dramatiq.Broker],
        otherwise: Callable[[str, str], None] = lambda _name, _row_id: None,
    ) -> None:
        self._brokers = tuple(brokers)
        self._otherwise = otherwise

    def ring(self, name: str, row_id: str) -> None:
        """Send one id to one actor. Never raises: the row is committed, the sweeper rings again."""
        broker = next(one for one in self._brokers if name in one.actors)
        try:
            broker.get_actor(name).send(row_id)
        except (DramatiqError, RedisError, OSError) as error:
            log.warning("doorbell.failed", actor=name, row=row_id, error=type(error).__name__)
            self._otherwise(name, row_id)


def guarded(work: Callable[[str], None], name: str) -> Callable[..., None]:
    """An actor's body: binds the id to the log and never raises (the row stays due, the sweeper rings)."""

    def run(row_id: str, *_older: object, **_later: object) -> None:
        with structlog.contextvars.bound_contextvars(actor=name, row=row_id):
            try:
                work(row_id)
            except Exception:  # the actor's door: the one place where everything is caught
                log.exception("actor.failed")
        crashpoint("post.before_ack")

    return run
