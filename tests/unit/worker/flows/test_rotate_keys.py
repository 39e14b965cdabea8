"""Rotating keys: everything opens at every moment, a killed pass goes on, unused keys are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.protocols import Token
from tests.faults.unreliable import MortalStore, WorkerDied
from tests.unit.worker.flows.conftest import Bench
from worker.flows.rotate_keys import Rotation, rotate
from worker.store import sealed
from worker.store.tokens import BookTokens
from worker.store.vault import Vault, new_key, parse_keys

OLD, NEW, LOST = new_key("old"), new_key("new"), new_key("lost")
BEFORE = parse_keys(OLD)
BOTH = parse_keys(f"{NEW},{OLD}")
AFTER = parse_keys(NEW)


def connect(bench: Bench, *books: str, vault: Vault = BEFORE) -> None:
    """Two pairs for each book: a current and a previous one."""
    for book in books:
        tokens = tokens_of(bench, book, vault)
        for version in (0, 1):
            tokens.save(Token("access", f"{book}-{version}", bench.clock.now()), expected_version=version)


def tokens_of(bench: Bench, book: str, vault: Vault) -> BookTokens:
    return BookTokens(bench.store, lambda: vault, bench.clock, book)


def pass_over(bench: Bench, vault: Vault = BOTH, *, dry_run: bool = False) -> Rotation:
    return rotate(bench.ports(), vault, actor="a person", dry_run=dry_run)


def keys_in_use(bench: Bench) -> set[str]:
    with bench.store.read() as connection:
        return {one.key_id for one in sealed.secrets(connection)}


class TestRotation:
    def test_seals_everything_with_the_first_key_and_frees_the_older(self, bench: Bench) -> None:
        connect(bench, "DE", "UK")

        done = pass_over(bench)

        assert (done.key, len(done.resealed), done.removable) == ("new", 4, ("old",))
        for book in ("DE", "UK"):
            current, previous = (
                tokens_of(bench, book, AFTER).read(),
                tokens_of(bench, book, AFTER).read_previous(),
            )
            assert current is not None
            assert previous is not None
            assert (current.refresh_token, previous.refresh_token) == (f"{book}-1", f"{book}-0")

    def test_again_does_nothing(self, bench: Bench) -> None:
        connect(bench, "DE")
        pass_over(bench)

        again = pass_over(bench)

        assert (again.resealed, again.already, again.removable) == ((), 2, ("old",))

    def test_in_a_dry_run_says_the_same_and_seals_nothing(self, bench: Bench) -> None:
        connect(bench, "DE")

        planned = pass_over(bench, dry_run=True)

        assert keys_in_use(bench) == {"old"}
        assert replace(planned, already=0) == replace(pass_over(bench), already=0)

    @pytest.mark.parametrize("dies_at", [0, 1, 2, 3, 4])
    @pytest.mark.parametrize("after_commit", [False, True])
    def test_killed_anywhere_loses_nothing_and_goes_on(
        self, bench: Bench, dies_at: int, after_commit: bool
    ) -> None:
        connect(bench, "DE", "UK")
        mortal = MortalStore(bench.store.engine, dies_at=dies_at, after_commit=after_commit)
        with pytest.raises(WorkerDied):
            rotate(replace(bench.ports(), store=mortal), BOTH, actor="a person")
        for book in ("DE", "UK"):
            assert tokens_of(bench, book, BOTH).read() is not None

        pass_over(bench)

        assert keys_in_use(bench) == {"new"}

    def test_names_what_no_key_opens_and_seals_the_rest(self, bench: Bench) -> None:
        connect(bench, "DE")
        connect(bench, "UK", vault=parse_keys(LOST))

        done = pass_over(bench)

        assert {(one.book, one.key_id) for one in done.unopened} == {("UK", "lost")}
        assert {one.book for one in done.resealed} == {"DE"}

    def test_keeps_a_key_that_another_process_still_seals_with(self, bench: Bench) -> None:
        connect(bench, "DE")
        pass_over(bench)
        tokens_of(bench, "DE", parse_keys(f"{OLD},{NEW}")).save(
            Token("access", "late", bench.clock.now()), expected_version=2
        )

        assert keys_in_use(bench) == {"old"}
        assert pass_over(bench).removable == ("old",)
        assert keys_in_use(bench) == {"new"}
