"""Embedded mode: one process at a time holds `<database>.lock`; only it bills, sends and refreshes tokens."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType


class HeldElsewhere(Exception):
    """Another process holds the database; `holder` is what it wrote about itself."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is held by another subledger process ({holder or 'unknown'})")
        self.holder = holder


class DatabaseLock:
    """The lock file of an embedded database. The kernel frees it when the process dies, however it dies."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock or raise `HeldElsewhere` at once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise HeldElsewhere(self.path, holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}\n".encode())
        self._descriptor = descriptor

    def is_held(self) -> bool:
        """Whether some process, maybe this one, holds it now."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> DatabaseLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class SentFile:
    """When something was last sent to each book, in a small file beside the database.

    A database restored from a backup is older than this file, and that is how the restore is noticed
    (row 71). The file must not be part of the backup; one that cannot be read says nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._known: dict[str, str] | None = None

    def last_sent(self, book: str) -> datetime | None:
        """The instant, or None where nothing was ever sent from here."""
        with self._guard:
            text = self._read().get(book)
        return None if text is None else datetime.fromisoformat(text)

    def sent(self, book: str, at: datetime) -> None:
        """Something is about to leave for a book. Replaces the file whole."""
        with self._guard:
            known = self._read()
            known[book] = at.isoformat()
            fresh = self._path.with_name(self._path.name + ".new")
            fresh.write_text(json.dumps(known))
            os.replace(fresh, self._path)

    def _read(self) -> dict[str, str]:
        if self._known is None:
            try:
                self._known = dict(json.loads(self._path.read_text()))
            except (OSError, ValueError, TypeError):
                self._known = {}
        return self._known
