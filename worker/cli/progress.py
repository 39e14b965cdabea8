"""Progress on stderr: a bar from real counts on a terminal, else one line every 10 s. Never on stdout."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from worker.clock import SystemClock

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

EVERY_S = 10.0


class Progress:
    """What a long command has done so far, by stage; a context manager. `tell` may come from any thread."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._clock = SystemClock()
        self._told_at = self._clock.monotonic()
        self._quiet = quiet
        self._bar: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Progress:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` things (0 = nobody knows) of a stage such as "billing" are finished."""
        if self._quiet:
            return
        if self._bar is not None:
            self._move_bar(self._bar, stage, done, total)
        elif self._clock.monotonic() - self._told_at >= EVERY_S:
            self._told_at = self._clock.monotonic()
            sys.stderr.write(f"{stage}: {done} of {total}\n" if total else f"{stage}: {done}\n")
            sys.stderr.flush()

    def _move_bar(self, bar: RichProgress, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = bar.add_task(stage, total=total or None)
        bar.update(self._tasks[stage], completed=done, total=total or None)
