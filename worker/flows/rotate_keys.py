"""Rotating the keys that encrypt stored secrets: one secret after the other, each in its own transaction.

Protects: at any moment every secret is sealed whole with one key that is still there, so a pass that is
killed has lost nothing, and running it again does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.flows.ports import Ports
from worker.store import audit, sealed
from worker.store.engine import Connection
from worker.store.sealed import Sealed
from worker.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a pass did. `key` seals now; `removable` keys seal nothing; `unopened` needs a key we lack."""

    key: str
    resealed: tuple[Sealed, ...]
    already: int
    unopened: tuple[Sealed, ...]
    removable: tuple[str, ...]


def wants_fresh_key(ports: Ports, vault: Vault) -> bool:
    """Whether a new key has something to do: not before an earlier pass is through, nor without secrets."""
    with ports.store.read() as connection:
        return {one.key_id for one in sealed.secrets(connection)} == {vault.sealing_key}


def rotate(ports: Ports, vault: Vault, *, actor: str, dry_run: bool = False) -> Rotation:
    """Seal every secret with the first key. Again = only what is left; a dry run only looks."""
    with ports.store.read() as connection:
        found = sealed.secrets(connection)
    older = [one for one in found if one.key_id != vault.sealing_key]
    if older and not dry_run:
        _record(ports, vault, older, actor=actor)
    outcomes = [(one, _sealed_anew(ports, vault, one, dry_run=dry_run)) for one in older]
    return Rotation(
        key=vault.sealing_key,
        resealed=tuple(one for one, was_opened in outcomes if was_opened),
        already=len(found) - len(older),
        unopened=tuple(one for one, was_opened in outcomes if not was_opened),
        removable=_removable(ports, vault, found, dry_run=dry_run),
    )


def _sealed_anew(ports: Ports, vault: Vault, secret: Sealed, *, dry_run: bool) -> bool:
    if dry_run:
        return secret.key_id in vault.keys
    return ports.store.transact(lambda connection: sealed.seal_anew(connection, vault, secret))


def _removable(ports: Ports, vault: Vault, before: tuple[Sealed, ...], *, dry_run: bool) -> tuple[str, ...]:
    """Keys that seal nothing, by a new look: a process with older settings may have sealed meanwhile."""
    if dry_run:
        used = {one.key_id for one in before if one.key_id not in vault.keys}
    else:
        with ports.store.read() as connection:
            used = {one.key_id for one in sealed.secrets(connection)}
    return tuple(one for one in vault.keys if one != vault.sealing_key and one not in used)


def _record(ports: Ports, vault: Vault, older: Sequence[Sealed], *, actor: str) -> None:
    body = {
        "key": vault.sealing_key,
        "secrets": len(older),
        "from": sorted({one.key_id for one in older}),
    }
    now = ports.clock.now()

    def work(connection: Connection) -> None:
        audit.record(connection, actor=actor, act="keys.rotate", subject="stored secrets", now=now, body=body)

    ports.store.transact(work)
