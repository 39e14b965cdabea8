"""The keys of an embedded database, in a file beside it that only its owner reads; the first one seals."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from worker.store.vault import Vault, new_key, parse_keys

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def vault(path: Path) -> Vault:
    """The keys in the file, made with a first one where there is none. Raises `BadKeys`."""
    if not path.exists():
        _write(path, [new_key("local")], flags=os.O_EXCL)
    return parse_keys(path.read_text().strip())


def add(path: Path) -> Vault:
    """Put a fresh key first, all older ones after it, in one step."""
    keys = _with_fresh(path)
    fresh = path.with_name(path.name + ".new")
    _write(fresh, keys, flags=os.O_TRUNC)
    fresh.replace(path)
    return vault(path)


def rehearse_add(path: Path) -> Vault:
    """The keys as `add` would leave them; nothing is written."""
    return parse_keys(",".join(_with_fresh(path)))


def _with_fresh(path: Path) -> list[str]:
    known = vault(path).keys
    number = next(n for n in range(len(known) + 1, 10_000) if f"local{n}" not in known)
    return [new_key(f"local{number}"), path.read_text().strip()]


def is_open_to_others(path: Path) -> bool:
    """Whether others than the file's owner may read or write it."""
    return path.exists() and bool(path.stat().st_mode & _OTHERS)


def _write(path: Path, keys: list[str], *, flags: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(",".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
