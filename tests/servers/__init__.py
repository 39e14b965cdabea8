"""Real PostgreSQL and Valkey servers for tests and benchmarks, from PyPI packages, on loopback ports."""

from tests.servers.postgres import PostgresServer, running_postgres
from tests.servers.redis import RedisServer, running_redis

__all__ = ["PostgresServer", "RedisServer", "running_postgres", "running_redis"]
