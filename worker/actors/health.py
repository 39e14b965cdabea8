"""Whether the queue's server answers."""

from __future__ import annotations

from redis import Redis
from redis.exceptions import RedisError

_PATIENCE_S = 1.0


def queue_trouble(redis_url: str | None) -> str:
    """Why Redis is away in words, "" when it answers or the queue lives in this process."""
    if redis_url is None:
        return ""
    client = Redis.from_url(redis_url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S)
    try:
        client.ping()
    except (RedisError, OSError) as error:
        return f"Redis does not answer ({type(error).__name__}); work goes on more slowly, by the sweeper"
    finally:
        client.close()
    return ""
