"""The demo's folder: everything is kept in it, nothing outside it is written, and it is always started empty.

Protects: a folder that is not ours is never emptied, and two demos never share one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MARKER = ".subledger-demo"
"""The file by which we know a folder as ours. Locked while a demo runs in it."""


class FolderRefused(Exception):
    """The folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where each thing of the demo is. `path` is absolute."""

    path: Path

    @property
    def database(self) -> Path:
        """The embedded database of this installation."""
        return self.path / "subledger.db"

    @property
    def database_url(self) -> str:
        """What DATABASE_URL has to be for a command to work on this demo."""
        return f"sqlite:///{self.database}"

    @property
    def workspace(self) -> Path:
        """Workspace files, as a user would write them."""
        return self.path / "workspace"

    @property
    def beancount(self) -> Path:
        """The German book."""
        return self.path / "fernwolke-de.beancount"

    @property
    def quickbooks(self) -> Path:
        """The simulator's own state: the two QuickBooks companies."""
        return self.path / "quickbooks"

    @property
    def simulator_config(self) -> Path:
        """The simulator's set-up."""
        return self.path / "simulator.json"

    @property
    def log(self) -> Path:
        """What the demo's child processes say."""
        return self.path / "demo.log"


@contextmanager
def emptied(path: Path) -> Iterator[DemoFolder]:
    """The folder, empty but for our marker, and ours alone until the block ends. Raises `FolderRefused`."""
    folder = path.expanduser().absolute()
    try:
        held = _take(folder)
    except OSError as error:
        raise FolderRefused(
            f"{folder} cannot be used: {error.strerror}. Name another folder with --folder."
        ) from error
    try:
        _empty(folder)
        yield DemoFolder(folder)
    finally:
        os.close(held)


def _take(folder: Path) -> int:
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / MARKER).touch()
    if not folder.is_dir():
        raise FolderRefused(f"{folder} is a file. Name a folder with --folder.")
    marker = folder / MARKER
    if not any(folder.iterdir()):
        marker.touch()
    if not marker.exists() or not stat.S_ISREG(marker.lstat().st_mode):
        raise FolderRefused(
            f"{folder} is not empty and no demo made it; nothing in it was touched. Name another folder with "
            "--folder, or remove this one yourself."
        )
    held = os.open(marker, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise FolderRefused(
            f"Another demo is running in {folder}. End it first (Ctrl-C there), or name another folder with "
            "--folder."
        ) from None
    return held


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name == MARKER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
