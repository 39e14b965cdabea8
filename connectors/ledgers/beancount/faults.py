"""What can go wrong with a file, as our seven words: the operating system's answer decides, row by row."""

from __future__ import annotations

import errno
import shlex
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ConnectorError, OutcomeUnknown, Refused, Unreachable


@dataclass(frozen=True, slots=True)
class Fault:
    """One answer of the operating system on a write that was taken back completely."""

    errno: int
    code: str
    why: str
    hint: str


_SPACE = "Free space on that disk; the documents go out by themselves then."
_RIGHTS = "Let the user who runs Subledger read and write the file and its folder."

# write(2), open(2): the errors that say "nothing more fits" or "not allowed", never "try again".
FAULTS: tuple[Fault, ...] = (
    Fault(errno.ENOSPC, "disk_full", "its disk is full", _SPACE),
    Fault(errno.EDQUOT, "disk_quota", "the disk quota is used up", _SPACE),
    Fault(errno.EFBIG, "file_too_big", "the system does not let the file grow", "Raise the file size limit."),
    Fault(errno.EROFS, "read_only", "its disk is read-only", "Mount the disk for writing."),
    Fault(errno.EACCES, "no_permission", "the file may not be written", _RIGHTS),
    Fault(errno.EBADF, "no_permission", "the file may only be read", _RIGHTS),
    Fault(errno.EPERM, "no_permission", "the file may not be written", _RIGHTS),
)


def refused(error: OSError, *, book: str, path: Path) -> ConnectorError:
    """The word for a failed call of which nothing stayed in the file: a row's, else try again later."""
    tried = f"Book {book}: no document was written"
    for fault in FAULTS:
        if fault.errno == error.errno:
            why = f"{tried}, {fault.why} ({path})."
            return Refused(why, code=fault.code, hint=fault.hint, detail=str(error), clears_by="disk_full")
    why = f"{tried}, the system says {error.strerror!r} ({path})."
    return Unreachable(why, code=_code(error), detail=str(error), hint="Check that disk and that path.")


def unclear(error: OSError, *, book: str, path: Path) -> OutcomeUnknown:
    """An error after which our bytes could not be taken back: a read must tell."""
    return OutcomeUnknown(
        f"Book {book} may or may not hold the documents just written: {error.strerror} ({path}).",
        code=_code(error),
        detail=str(error),
        hint="The book is read before anything is sent again. Check that disk.",
    )


def _code(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "os_error")


def damaged(*, book: str, path: Path, what: str, sha256: str) -> Refused:
    """The file is not what we left: say where, and how to undo or accept it.

    An operator accepts exactly the bytes they reviewed, by their SHA-256 in `FILE.accept`.
    """
    accept = f"sha256sum {shlex.quote(str(path))} > {shlex.quote(f'{path}.accept')}"
    return Refused(
        f"Book {book} was changed outside Subledger: {what} ({path}). Nothing was written to it.",
        code="book_damaged",
        detail=f"sha256 {sha256}" if sha256 else "",
        hint="Put the file (and its .state) back from a backup. "
        f"Or, if the change is meant, accept the file as it is now: {accept}",
        clears_by="book_damaged",
    )


def folder_missing(*, book: str, path: Path) -> Refused:
    """Never created by us: a disk that is not mounted would get a second, empty book."""
    return Refused(
        f"Book {book} cannot be opened: there is no folder {path.parent}.",
        code="folder_missing",
        hint="Create the folder, or mount the disk the book is on.",
        clears_by="book_damaged",
    )


def other_company(*, book: str, path: Path) -> Refused:
    """The file belongs to another book: a wrong path, or a renamed book."""
    return Refused(
        f"Book {book} must not write to {path}: that file belongs to another book.",
        code="company_changed",
        hint="Correct the book's `file` setting.",
        clears_by="company_changed",
    )
