"""A Redis broker whose consumers are woken by a notice instead of asking all the time.

dramatiq's own consumer asks Redis again and again: often enough for a webhook to be quick, four of them
take a tenth of a core for nothing. Here whoever queues a message also publishes a notice on the queue's
channel; an idle consumer waits for that. A notice that is lost costs one time-out, never a message.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import dramatiq
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

_EMPTY_MS = 1
"""How long dramatiq's consumer itself sleeps before it says that there is nothing."""


class WakingBroker(RedisBroker):
    """dramatiq's Redis broker, with notices."""

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Queue a message and tell those who wait for one."""
        queued: dramatiq.Message[Any] = super().enqueue(message, delay=delay)
        self.client.publish(self._channel(message.queue_name), b"")
        return queued

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """A consumer that waits up to `timeout` ms for a message."""
        inner = super().consume(queue_name, prefetch, _EMPTY_MS)
        return _WokenConsumer(
            inner,
            self.client,
            channel=self._channel(queue_name),
            prefetch=prefetch,
            timeout_s=timeout / 1000,
        )

    def _channel(self, queue_name: str) -> str:
        return f"{self.namespace}:{queue_name}:notices"


class _WokenConsumer(Consumer):
    """Hands out what the inner consumer fetches; waits for a notice, or for room, when there is nothing."""

    def __init__(
        self, inner: Consumer, client: Redis, *, channel: str, prefetch: int, timeout_s: float
    ) -> None:
        self._inner = inner
        self._prefetch = prefetch
        self._timeout_s = timeout_s
        self._handed_out = 0
        self._guard = threading.Lock()
        self._has_room = threading.Event()
        self._notices = client.pubsub(  # type: ignore[no-untyped-call]  # redis leaves it untyped
            ignore_subscribe_messages=True
        )
        self._notices.subscribe(channel)

    def __next__(self) -> MessageProxy | None:
        message = next(self._inner)
        if message is None:
            self._wait()
            return None
        with self._guard:
            self._handed_out += 1
            if self._handed_out >= self._prefetch:
                self._has_room.clear()
        return message

    def ack(self, message: MessageProxy) -> None:
        try:
            self._inner.ack(message)
        finally:
            self._make_room()

    def nack(self, message: MessageProxy) -> None:
        try:
            self._inner.nack(message)
        finally:
            self._make_room()

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        self._inner.requeue(messages)

    def close(self) -> None:
        self._notices.close()
        self._inner.close()

    def _make_room(self) -> None:
        with self._guard:
            self._handed_out -= 1
            self._has_room.set()

    def _wait(self) -> None:
        """What was published since the last fetch is not lost: it waits in the subscription."""
        if self._handed_out >= self._prefetch:
            self._has_room.wait(self._timeout_s)
            return
        try:
            timeout_s = self._timeout_s
            while self._notices.get_message(timeout=timeout_s) is not None:
                timeout_s = 0.0
        except RedisConnectionError as error:
            raise ConnectionClosed(  # type: ignore[no-untyped-call]  # dramatiq leaves it untyped
                error
            ) from None
