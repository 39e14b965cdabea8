"""The Valkey of the tests: what Redis clients expect, and empty after a kill."""

from __future__ import annotations

import redis

from tests.servers import RedisServer, running_redis


class TestRedisServer:
    def test_speaks_redis(self, redis_server: RedisServer) -> None:
        with redis.Redis.from_url(redis_server.url) as client:
            client.set("subledger:probe", "1", ex=10)

            assert client.get("subledger:probe") == b"1"

    def test_is_empty_after_a_kill(self) -> None:
        with running_redis() as server, redis.Redis.from_url(server.url) as client:
            client.set("lost", "1")

            server.kill()
            server.start()

            assert client.keys() == []
