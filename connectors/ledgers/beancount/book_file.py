"""One book's file: locked by one process at a time, verified, and appended to so that nothing is half there.

The rule this module protects: bytes that are not exactly what we left are never written over. A torn
tail of our own append is completed by whoever opens the book next; every other difference stops the book.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from connectors.errors import Refused, Unreachable
from connectors.ledgers.beancount import faults
from connectors.ledgers.beancount.damage import what_changed
from connectors.ledgers.beancount.index import Index
from connectors.ledgers.beancount.reading import entries
from connectors.ledgers.beancount.state import (
    State,
    accept_path,
    is_accepted,
    read_state,
    write_state,
)
from connectors.protocols import Clock

LOCK_WAIT_S = 10.0
_LOCK_POLL_S = 0.02
_CHUNK = 1 << 20
_NO_FILE = -1


@dataclass(slots=True)
class _Seen:
    """What was verified last, so that an unchanged file is not read again; valid under the lock only.

    `length` settled bytes with their running `digest`, the `state` as it is on disk, and the file's
    inode, size and times by which the kernel would show a change.
    """

    file: tuple[int, int, int, int] = (0, 0, 0, 0)
    state: State = field(default_factory=State)
    length: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    index: Index = field(default_factory=Index)


class BookFile:
    """The file of one book. Not a cache of it: every use takes the lock and looks for changes first."""

    def __init__(self, path: Path, *, book: str, clock: Clock) -> None:
        self.path = path
        self._book = book
        self._clock = clock
        self._seen: _Seen | None = None

    @contextmanager
    def locked(self, *, create: bool) -> Iterator[LockedBook]:
        """The verified book while nobody else writes. Raises `Refused` (damaged, no access) or
        `Unreachable` (held by another process). Without `create`, a missing file is an empty book."""
        descriptor = self._locked_descriptor(create=create)
        if descriptor is None:
            yield LockedBook(self, _NO_FILE, _Seen())
            return
        try:
            self._seen = self._verified(descriptor)
            yield LockedBook(self, descriptor, self._seen)
        finally:
            os.close(descriptor)

    def _locked_descriptor(self, *, create: bool) -> int | None:
        give_up_at = self._clock.monotonic() + LOCK_WAIT_S
        while True:
            descriptor = self._open(create=create)
            if descriptor is None:
                return None
            try:
                if _lock(descriptor) and _is_same_file(descriptor, self.path):
                    return descriptor
            except OSError as error:
                os.close(descriptor)
                raise self._refused(error) from error
            os.close(descriptor)
            if self._clock.monotonic() > give_up_at:
                raise Unreachable(
                    f"Book {self._book} is locked by another process ({self.path}). Nothing was written.",
                    code="locked",
                    hint="Stop the other process that holds the file; we try again by ourselves.",
                )
            self._clock.sleep(_LOCK_POLL_S)

    def _open(self, *, create: bool) -> int | None:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return self._open_missing(create=create)
        except OSError as error:
            if create:
                raise self._refused(error) from error
        try:
            return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self._refused(error) from error

    def _open_missing(self, *, create: bool) -> int | None:
        if not self.path.parent.is_dir():
            raise faults.folder_missing(book=self._book, path=self.path)
        state = self._state()
        if state is not None:
            what = (
                f"the file is gone; it held {state.length} bytes (only a book to be begun anew has no .state)"
            )
            raise self._damaged(what)
        if not create:
            return None
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._refused(error) from error

    def _state(self) -> State | None:
        try:
            return read_state(self.path)
        except msgspec.DecodeError as error:
            raise self._damaged(f"its .state file cannot be understood ({error})") from error
        except OSError as error:
            raise self._refused(error) from error

    def _verified(self, descriptor: int) -> _Seen:
        """The book as it is now, settled: read only if something changed since we looked last."""
        state = self._state()
        seen = self._seen
        if seen is not None and seen.file == _identity(descriptor) and seen.state == state:
            return seen
        try:
            self._settle(descriptor, state or State())
            return self._read(descriptor, on_disk=state or State())
        except OSError as error:
            raise self._refused(error) from error

    def _settle(self, descriptor: int, expected: State) -> None:
        """Make sure the file is as the state says, completing our own torn tail, or refuse."""
        size = os.fstat(descriptor).st_size
        start_is_ours = size >= expected.length and _sha256(descriptor, expected.length) == expected.sha256
        pending = expected.pending.encode()
        tail = os.pread(descriptor, len(pending) + 1, expected.length) if start_is_ours else b""
        if not start_is_ours or not pending.startswith(tail):
            self._accept(descriptor, expected, start_is_ours=start_is_ours)
        elif tail:
            # An append of which not one byte arrived never happened: its documents were not promised.
            _write(descriptor, pending[len(tail) :], offset=size)

    def _accept(self, descriptor: int, expected: State, *, start_is_ours: bool) -> None:
        """Go on with the file as it is if an operator accepted exactly these bytes, else refuse."""
        sha256 = _sha256(descriptor, os.fstat(descriptor).st_size)
        if is_accepted(self.path, sha256):
            return
        if expected.length == 0:
            what = "it was not begun by Subledger, or its .state file is gone"
        else:
            what = what_changed(self.path, expected, start_is_ours=start_is_ours)
        raise self._damaged(what, sha256=sha256)

    def _read(self, descriptor: int, *, on_disk: State) -> _Seen:
        """Take in a file that is as it should be, to its last byte."""
        digest, index = hashlib.sha256(), Index()
        with _reader(descriptor) as lines:
            index.add(entries(_hashed(lines, digest)))
        length = os.fstat(descriptor).st_size
        state = self._stored(State(length, digest.hexdigest()), on_disk=on_disk)
        return _Seen(_identity(descriptor), state, length, digest, index)

    def _stored(self, settled: State, *, on_disk: State) -> State:
        """Store the state of a settled file unless it is there already; answers what is on disk then.

        A failure is no loss: the state before names the same bytes, as pending or as accepted, and the
        next writer stores it again.
        """
        if on_disk == settled:
            return settled
        try:
            write_state(self.path, settled)
            accept_path(self.path).unlink(missing_ok=True)
        except OSError:
            return on_disk
        return settled

    def _damaged(self, what: str, *, sha256: str = "") -> Refused:
        """The refusal for a file that somebody else changed."""
        return faults.damaged(book=self._book, path=self.path, what=what, sha256=sha256)

    def _refused(self, error: OSError) -> Exception:
        """The word for a failed write that left nothing."""
        return faults.refused(error, book=self._book, path=self.path)

    def append(self, text: str, *, descriptor: int, seen: _Seen) -> None:
        """Put text at the end of a verified book: all of it, durably, or nothing.

        Raises `Refused` when nothing was left in the file, `OutcomeUnknown` when that is not certain.
        """
        data = text.encode()
        before = State(seen.length, seen.digest.hexdigest(), pending=text)
        try:
            write_state(self.path, before)
        except OSError as error:
            raise self._refused(error) from error
        try:
            _write(descriptor, data, offset=seen.length)
        except OSError as error:
            self._take_back(descriptor, length=seen.length)
            raise self._refused(error) from error

        seen.digest.update(data)
        seen.length += len(data)
        seen.state = self._stored(State(seen.length, seen.digest.hexdigest()), on_disk=before)
        seen.index.add(entries(data.splitlines(keepends=True)))
        seen.file = _identity(descriptor)

    def _take_back(self, descriptor: int, *, length: int) -> None:
        try:
            os.ftruncate(descriptor, length)
            os.fsync(descriptor)
        except OSError as error:
            raise faults.unclear(error, book=self._book, path=self.path) from error


@dataclass(frozen=True, slots=True)
class LockedBook:
    """A book that is verified and ours alone until the `with` ends."""

    _file: BookFile
    _descriptor: int
    _seen: _Seen

    @property
    def index(self) -> Index:
        """What the book holds."""
        return self._seen.index

    @property
    def is_empty(self) -> bool:
        """Whether not even a header was written yet."""
        return self._seen.length == 0

    def append(self, text: str) -> None:
        """See `BookFile.append`."""
        self._file.append(text, descriptor=self._descriptor, seen=self._seen)

    def lines(self) -> Iterator[bytes]:
        """The lines of the file."""
        if self._descriptor == _NO_FILE:
            return
        with _reader(self._descriptor) as file:
            yield from file


def _lock(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _is_same_file(descriptor: int, path: Path) -> bool:
    """False if an editor put another file under the name while we waited for the lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _identity(descriptor: int) -> tuple[int, int, int, int]:
    stat = os.fstat(descriptor)
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _sha256(descriptor: int, length: int) -> str:
    """SHA-256 (hex) of the first `length` bytes."""
    digest, offset = hashlib.sha256(), 0
    while offset < length and (chunk := os.pread(descriptor, min(_CHUNK, length - offset), offset)):
        digest.update(chunk)
        offset += len(chunk)
    return digest.hexdigest()


def _reader(descriptor: int) -> BinaryIO:
    """The file from its first byte; closing it keeps the descriptor, and with it the lock."""
    reader = os.fdopen(os.dup(descriptor), "rb")
    reader.seek(0)
    return reader


def _hashed(lines: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line


def _write(descriptor: int, data: bytes, *, offset: int) -> None:
    """Write all bytes and wait for the disk. A full disk shows as a short write, then as an error."""
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, offset)
        left, offset = left[written:], offset + written
    os.fsync(descriptor)
