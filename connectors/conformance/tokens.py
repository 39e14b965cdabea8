"""The tokens of a practice book, in memory."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

from connectors.protocols import StaleToken, Token


class MemoryTokens:
    """See `connectors.protocols.TokenStore`; `refreshing` is a real lock, `save` compares the version."""

    def __init__(self, first: Token) -> None:
        self._stored = replace(first, version=1)
        self._previous: Token | None = None
        self._refreshing = threading.Lock()

    def read(self) -> Token:
        return self._stored

    def read_previous(self) -> Token | None:
        return self._previous

    def save(self, token: Token, *, expected_version: int) -> Token:
        if self._stored.version != expected_version:
            raise StaleToken(f"stored version is {self._stored.version}, expected {expected_version}")
        self._previous = self._stored
        self._stored = replace(token, version=expected_version + 1)
        return self._stored

    def refreshing(self) -> AbstractContextManager[object]:
        return self._refreshing

    def expire(self) -> None:
        """Make the stored access token one that has ended."""
        ended = self._stored.access_expires_at - timedelta(days=365)
        self._stored = replace(self._stored, access_token="expired", access_expires_at=ended)  # noqa: S106  # no secret
