"""Whether the queue's server answers and is set as we need it (row 46). Work goes on all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

_PATIENCE_S = 1.0
_POLICY = "noeviction"
_OURS = b"dramatiq"
_LOOK_AT = 100
_FULL_ABOVE = 0.7
"""Share of its memory limit from which on Redis is soon too full to take a ring."""


def queue_trouble(redis_url: str | None) -> str:
    """What is wrong with Redis in words, "" when nothing is, or the queue lives in this process."""
    if redis_url is None:
        return ""
    client = Redis.from_url(redis_url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S)
    try:
        return _wrong_settings(client.info("memory")) or _strangers(client)
    except (RedisError, OSError) as error:
        return f"Redis does not answer ({type(error).__name__}); work goes on more slowly, by the sweeper"
    finally:
        client.close()


def _strangers(client: Redis) -> str:
    """Whether another application keeps its keys in our database number (bad input 43); a look at a few."""
    keys: Iterable[Any] = client.scan(count=_LOOK_AT)[1]
    if all(bytes(key).startswith(_OURS) for key in keys):
        return ""
    return "this Redis database number holds keys of another application; give Subledger a number of its own"


def _wrong_settings(memory: Mapping[str, Any]) -> str:
    """What its memory section says against it; a server that does not say is taken as it is."""
    policy = memory.get("maxmemory_policy", _POLICY)
    if policy != _POLICY:
        return (
            f"Redis has maxmemory-policy {policy} and may drop rings unasked; set maxmemory-policy {_POLICY}."
            " Nothing is lost: the sweeper rings again"
        )
    used, limit = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    if limit and used > _FULL_ABOVE * limit:
        return f"Redis uses {used / limit:.0%} of its maxmemory; give it more, or work goes on more slowly"
    return ""
