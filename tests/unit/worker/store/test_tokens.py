"""Tokens at rest: sealed, bound to their place, replaced by compare-and-set, refreshed by one at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors.errors import ConsentLost
from connectors.protocols import StaleToken, Token
from tests.fakes.clock import VirtualClock
from worker.clock import SystemClock
from worker.store.engine import Store
from worker.store.tables import TokenRow, table_of
from worker.store.tokens import BookTokens
from worker.store.vault import BadKeys, Unsealable, Vault, new_key, parse_keys

SECRET = "refresh-token-that-must-not-show"


@pytest.fixture
def vault() -> Vault:
    return parse_keys(f"{new_key('b')},{new_key('a')}")


@pytest.fixture
def tokens(store: Store, vault: Vault) -> BookTokens:
    return BookTokens(store, lambda: vault, VirtualClock(), "UK")


def a_token(secret: str = SECRET) -> Token:
    return Token("access", secret, VirtualClock().now() + timedelta(hours=1))


class TestBookTokens:
    def test_reads_back_what_was_saved_and_keeps_the_one_before(self, tokens: BookTokens) -> None:
        first = tokens.save(a_token("first"), expected_version=0)
        second = tokens.save(a_token("second"), expected_version=first.version)

        current, previous = tokens.read(), tokens.read_previous()

        assert current == second
        assert previous == first

    def test_refuses_to_replace_a_newer_pair(self, tokens: BookTokens) -> None:
        tokens.save(a_token("first"), expected_version=0)
        tokens.save(a_token("second"), expected_version=1)

        with pytest.raises(StaleToken):
            tokens.save(a_token("late"), expected_version=1)

    def test_lets_one_refresher_in_at_a_time(self, store: Store, vault: Vault) -> None:
        """Row 57."""
        shared = BookTokens(store, lambda: vault, SystemClock(), "UK")
        shared.save(a_token(), expected_version=0)
        inside: list[int] = []
        most: list[int] = []

        def refresh(number: int) -> None:
            with shared.refreshing():
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(refresh, range(4)))

        assert most == [1, 1, 1, 1]

    def test_wait_at_most_sixteen_seconds_for_a_refresher_that_died(self, tokens: BookTokens) -> None:
        """A lane that needs a token must resume within 20 s, whoever died while refreshing."""
        tokens.save(a_token(), expected_version=0)
        clock = tokens.clock
        assert isinstance(clock, VirtualClock)
        dead, began = tokens.refreshing(), clock.now()
        dead.__enter__()

        with tokens.refreshing():
            waited = clock.now() - began

        assert timedelta(seconds=15) < waited < timedelta(seconds=17)
        dead.__exit__(None, None, None)

    def test_leave_a_refresher_that_lives_its_right(
        self, store: Store, tokens: BookTokens, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The token endpoint may take longer than the right lasts: a heartbeat prolongs it."""
        monkeypatch.setattr("worker.store.tokens._HEARTBEAT_S", 0.01)
        tokens.save(a_token(), expected_version=0)
        clock = tokens.clock
        assert isinstance(clock, VirtualClock)

        with tokens.refreshing():
            clock.advance(40)
            until = clock.now()
            while until <= clock.now():
                with store.read() as connection:
                    until = connection.execute(select(table_of(TokenRow).c.refreshing_until)).scalar_one()

        assert until == clock.now() + timedelta(seconds=16)

    def test_lie_sealed_in_the_database(self, store: Store, tokens: BookTokens) -> None:
        tokens.save(a_token(), expected_version=0)

        with store.read() as connection:
            row = connection.execute(select(table_of(TokenRow))).mappings().one()

        assert SECRET.encode() not in bytes(row["sealed"])
        assert SECRET not in repr(a_token())

    def test_that_cannot_be_opened_mean_lost_consent(self, store: Store, tokens: BookTokens) -> None:
        """A wrong key pauses the book in words; nothing is sent, nothing becomes uncertain."""
        tokens.save(a_token(), expected_version=0)
        wrong = BookTokens(store, lambda: parse_keys(new_key("z")), VirtualClock(), "UK")

        with pytest.raises(ConsentLost) as lost:
            wrong.read()

        assert lost.value.code == "keys"


class TestVault:
    def test_opens_what_an_older_key_sealed(self, vault: Vault) -> None:
        older = Vault(dict(reversed(vault.keys.items())))

        assert vault.open(older.seal(b"secret", place="here"), place="here") == b"secret"

    def test_opens_nothing_that_was_moved_altered_or_sealed_elsewhere(self, vault: Vault) -> None:
        sealed = vault.seal(b"secret", place="book_token|UK|current")

        for broken, place in (
            (sealed, "book_token|US|current"),
            (sealed[:-1] + bytes([sealed[-1] ^ 1]), "book_token|UK|current"),
            (
                parse_keys(new_key("z")).seal(b"secret", place="book_token|UK|current"),
                "book_token|UK|current",
            ),
        ):
            with pytest.raises(Unsealable):
                vault.open(broken, place=place)

    @pytest.mark.parametrize("text", ["", "a", "a:short", "a b:" + "A" * 44, "x:!!!"])
    def test_refuses_bad_keys_without_repeating_them(self, text: str) -> None:
        """Bad input 41: a key of wrong length, two keys with one id."""
        with pytest.raises(BadKeys) as refused:
            parse_keys(text)

        assert "short" not in str(refused.value)

    def test_refuses_two_keys_with_one_id(self) -> None:
        with pytest.raises(BadKeys, match="two keys"):
            parse_keys(f"{new_key('a')},{new_key('a')}")

    def test_shows_no_key(self, vault: Vault) -> None:
        assert "keys" not in repr(replace(vault))
