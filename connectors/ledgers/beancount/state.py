"""`FILE.state`: what a book's file must hold, kept beside it so that any change by others is noticed.

The state is written before an append (with the bytes to come) and again after it. So at any moment the
file is the state's first `length` bytes followed by nothing, a part or all of `pending`; whatever else
it is, somebody else did it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

NOTHING = hashlib.sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class State:
    """The file's settled length in bytes and their SHA-256, and text being appended ("" = none)."""

    length: int = 0
    sha256: str = NOTHING
    pending: str = ""


def state_path(book_file: Path) -> Path:
    """Where the state of a book's file is kept."""
    return book_file.with_name(f"{book_file.name}.state")


def accept_path(book_file: Path) -> Path:
    """Where an operator puts the SHA-256 of a changed file to accept it (`sha256sum FILE > FILE.accept`)."""
    return book_file.with_name(f"{book_file.name}.accept")


def read_state(book_file: Path) -> State | None:
    """The stored state; None when there is none. Raises `msgspec.DecodeError` when it is not one."""
    try:
        raw = state_path(book_file).read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(raw, type=State)


def write_state(book_file: Path, state: State) -> None:
    """Replace the state in one step that survives a crash. Raises `OSError` with the old one in place."""
    path = state_path(book_file)
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_accepted(book_file: Path, sha256: str) -> bool:
    """Whether an operator accepted exactly these bytes of the file."""
    try:
        words = accept_path(book_file).read_text("utf-8", errors="replace").split()
    except OSError:
        return False
    return bool(words) and words[0].lower().lstrip("\\") == sha256
