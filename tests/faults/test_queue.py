"""The queue is only a doorbell: whatever becomes of it, committed rows are worked. With real servers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import dramatiq
import pytest
import redis
from sqlalchemy import func, select

from tests.servers import RedisServer
from tests.unit.worker.flows.front.conftest import JANUARY
from tests.unit.worker.small_world import BOOK, WORLD
from worker.actors import broker
from worker.actors.broker import make_broker
from worker.actors.health import queue_trouble
from worker.actors.register import open_queues
from worker.actors.service import Service
from worker.bootstrap import App, build
from worker.flows import bill, release
from worker.settings import Settings
from worker.store.deliveries import DELIVERY
from worker.store.workspace import store_workspace

PATIENCE_S = 60.0
DOCUMENTS = 3


@pytest.fixture
def valkey(redis_server: RedisServer) -> Iterator[RedisServer]:
    """The session's Valkey, empty; it runs again afterwards whatever the test did to it."""
    yield redis_server
    redis_server.kill()
    redis_server.start()


@pytest.fixture
def app(postgres_url: str, valkey: RedisServer, tmp_path: Path) -> Iterator[App]:
    """An installation with three released documents for one plain-text book; nobody was rung."""
    made = build(Settings.model_validate({"DATABASE_URL": postgres_url, "REDIS_URL": valkey.url}))
    book = replace(BOOK, settings={"file": str(tmp_path / "us.beancount")})
    world = replace(WORLD, setup=replace(WORLD.setup, books=(book,)))
    made.store.transact(lambda c: store_workspace(c, world, now=made.clock.now()))
    bill.run(made.ports, as_of=JANUARY)
    assert release.run(made.ports).released == DOCUMENTS
    yield made
    made.store.close()


def posted(app: App) -> int:
    query = select(func.count()).select_from(DELIVERY).where(DELIVERY.c.state == "posted")
    with app.store.read() as connection:
        return int(connection.scalar(query.where(DELIVERY.c.document_id.is_not(None))) or 0)


def comes_true(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def all_is_posted(app: App) -> bool:
    return comes_true(lambda: posted(app) == DOCUMENTS)


class TestRows:
    def test_are_worked_after_the_queue_lost_everything(self, app: App, valkey: RedisServer) -> None:
        """Rows 44, 48: rung for, flushed, and found by the sweeper."""
        open_queues(app)
        app.doorbell.ring("drain_book", BOOK.code)
        with redis.Redis.from_url(valkey.url) as client:
            client.flushall()

        with Service(app):
            assert all_is_posted(app)

    def test_are_worked_after_the_queue_started_again_empty(self, app: App, valkey: RedisServer) -> None:
        """Row 45: the worker's consumers find the new server by themselves."""
        with app.store.write() as connection:
            held = connection.execute(DELIVERY.update().values(state="cancelled"))
        with Service(app):
            valkey.kill()
            valkey.start()
            with app.store.write() as connection:
                connection.execute(DELIVERY.update().values(state="due"))

            assert held.rowcount >= DOCUMENTS
            assert all_is_posted(app)

    def test_are_worked_while_the_queue_is_away(self, app: App, valkey: RedisServer) -> None:
        """Rows 4, 19: nothing can be rung or acknowledged; the worker does what it would have rung for."""
        valkey.kill()

        with Service(app):
            assert all_is_posted(app)

    def test_are_worked_while_the_queue_is_full(self, app: App, valkey: RedisServer) -> None:
        """Row 47: it refuses every ring, and says so."""
        with redis.Redis.from_url(valkey.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1")

            with Service(app):
                assert all_is_posted(app)
            client.config_set("maxmemory", "0")

    def test_are_worked_beside_garbage(self, app: App, valkey: RedisServer) -> None:
        """Rows 54, 79: unknown ids, messages of another release, of an unknown actor, and plain nonsense."""
        brokers = open_queues(app)
        drain = brokers["push"].get_actor("drain_book")
        brokers["push"].enqueue(drain.message("no-such-book"))
        brokers["push"].enqueue(drain.message(BOOK.code, 7, priority="high"))
        brokers["front"].enqueue(brokers["front"].get_actor("apply_event").message("01990000-0000"))
        brokers["push"].enqueue(drain.message(BOOK.code).copy(actor_name="of_a_later_release"))
        with redis.Redis.from_url(valkey.url) as client:
            client.hset("dramatiq:push.msgs", "junk", b"\x00 no message")
            client.rpush("dramatiq:push", "junk", "without-a-body")

        with Service(app):
            assert all_is_posted(app)

    def test_are_worked_once_by_two_sweepers(self, app: App, valkey: RedisServer) -> None:
        """Row 85: two processes ring for the same rows; the lane's lease lets one of them send."""
        other = build(app.settings)
        with Service(app), Service(other):
            assert all_is_posted(app)
        other.store.close()

        with app.store.read() as connection:
            book = connection.scalars(select(DELIVERY.c.ledger_id).where(DELIVERY.c.document_id.is_not(None)))
            assert len(set(book)) == DOCUMENTS


class TestRing:
    def test_waits_no_longer_than_its_patience_for_a_queue_that_hangs(
        self, valkey: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Row 4: whoever rings answers a sender who does not wait either."""
        monkeypatch.setattr(broker, "ANSWER_S", 0.2)
        queue = make_broker(valkey.url)
        with redis.Redis.from_url(valkey.url) as client:
            client.execute_command("CLIENT", "PAUSE", "3000", "ALL")

        with pytest.raises(redis.exceptions.TimeoutError):
            queue.client.ping()  # type: ignore[attr-defined]  # RedisBroker's own client


class TestTrouble:
    def test_is_nothing_while_the_queue_is_well(self, valkey: RedisServer) -> None:
        assert queue_trouble(valkey.url) == ""

    def test_names_a_policy_that_drops_rings(self, valkey: RedisServer) -> None:
        """Row 46: readiness says which setting, and rows are worked all the same (rows 44, 47)."""
        with redis.Redis.from_url(valkey.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")

        assert "set maxmemory-policy noeviction" in queue_trouble(valkey.url)

    def test_tells_early_that_the_queue_is_filling_up(self, valkey: RedisServer) -> None:
        """Row 47."""
        with redis.Redis.from_url(valkey.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", str(int(client.info("memory")["used_memory"] * 1.1)))

        assert "of its maxmemory" in queue_trouble(valkey.url)

    def test_names_a_database_that_another_application_uses(self, app: App, valkey: RedisServer) -> None:
        """Bad input 43."""
        open_queues(app)
        app.doorbell.ring("drain_book", BOOK.code)
        assert queue_trouble(valkey.url) == ""

        with redis.Redis.from_url(valkey.url) as client:
            client.set("celery-task-meta-1", "x")

        assert "another application" in queue_trouble(valkey.url)

    def test_is_told_when_its_certificate_is_wrong(self, valkey: RedisServer) -> None:
        """Bad input 43: no TLS there at all; nothing of the address is repeated."""
        told = queue_trouble(valkey.url.replace("redis://", "rediss://:canary-password@"))

        assert "does not answer" in told
        assert "canary" not in told

    def test_is_told_when_nobody_answers(self, valkey: RedisServer) -> None:
        valkey.kill()

        assert "does not answer" in queue_trouble(valkey.url)


class TestNotice:
    """An idle consumer is woken; it would ask by itself only after a minute."""

    WAIT_MS = 60_000

    def test_wakes_a_consumer_of_another_process(self, valkey: RedisServer) -> None:
        ours, theirs = a_broker(valkey), a_broker(valkey)
        consumer = theirs.consume("push", prefetch=2, timeout=self.WAIT_MS)
        with ThreadPoolExecutor(1) as pool:
            heard = pool.submit(first_of, consumer)
            ours.get_actor("drain_book").send("US-BOOK")

            assert heard.result(timeout=PATIENCE_S / 2).args == ("US-BOOK",)
        consumer.close()

    def test_is_not_needed_by_one_that_was_full(self, valkey: RedisServer) -> None:
        """What waited while it could take no more is taken as soon as a message is done with."""
        broker = a_broker(valkey)
        for book in ("US-BOOK", "UK-BOOK"):
            broker.get_actor("drain_book").send(book)
        consumer = broker.consume("push", prefetch=1, timeout=self.WAIT_MS)
        first = first_of(consumer)
        with ThreadPoolExecutor(1) as pool:
            heard = pool.submit(first_of, consumer)
            consumer.ack(first)

            assert heard.result(timeout=PATIENCE_S / 2).args != first.args
        consumer.close()


def a_broker(valkey: RedisServer) -> dramatiq.Broker:
    made = make_broker(valkey.url)
    declare = dramatiq.actor(broker=made, actor_name="drain_book", queue_name="push")
    declare(lambda _book: None)
    return made


def first_of(consumer: dramatiq.Consumer) -> dramatiq.MessageProxy:
    return next(message for message in consumer if message is not None)
