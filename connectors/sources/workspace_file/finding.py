"""What is wrong with a workspace file, always with the place in the file and a plain sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list positions (from 0) from the top of the file to one value."""

_SHOWN_MAX = 60
_LISTED_MAX = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to correct: `path` as in `parties[3].parents[0].parent`, `line` from 1 where known."""

    path: str
    line: int | None
    sentence: str
    fix: str = ""

    def __str__(self) -> str:
        place = self.path or "the file"
        if self.line is not None:
            place = f"{place} (line {self.line})"
        return f"{place}: {self.sentence} {self.fix}".rstrip()


class WorkspaceError(Exception):
    """A workspace file that cannot be used; nothing was read from it. `findings` holds every reason."""

    def __init__(self, findings: tuple[Finding, ...], *, name: str = "workspace file") -> None:
        self.findings = findings
        self.name = name
        things = "1 thing" if len(findings) == 1 else f"{len(findings)} things"
        lines = [f"  {finding}" for finding in findings[:_LISTED_MAX]]
        if len(findings) > _LISTED_MAX:
            lines.append(f"  … and {len(findings) - _LISTED_MAX} more.")
        super().__init__("\n".join((f"{name} was not read: {things} to correct.", *lines)))


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding before its line is known; a warning does not stop the file from being used."""

    path: Path
    sentence: str
    fix: str = ""
    is_warning: bool = False


def findings_at(problems: Iterable[Problem], lines: dict[Path, int]) -> tuple[Finding, ...]:
    """Problems with their lines, in the order of the file; a path without a line takes its parent's."""
    placed = sorted({(line_of(problem.path, lines) or 0, problem) for problem in problems}, key=_order)
    return tuple(
        Finding(path_text(problem.path), line or None, problem.sentence, problem.fix)
        for line, problem in placed
    )


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of a path, or of the nearest thing around it that is in the file."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def _order(placed: tuple[int, Problem]) -> tuple[int, tuple[tuple[int, str], ...], str]:
    line, problem = placed
    steps = tuple((step, "") if isinstance(step, int) else (-1, step) for step in problem.path)
    return line, steps, problem.sentence


def path_text(path: Path) -> str:
    """A path as people write it: `parties[3].parents[0].parent`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{shown_plain(step)}" if text else shown_plain(step)
    return text


def shown(value: str) -> str:
    """A value of the file inside a sentence: quoted, on one line, not too long."""
    return f'"{shown_plain(value)}"'


def shown_plain(value: str) -> str:
    """A value on one line with what cannot be seen written as its code point."""
    cut = value if len(value) <= _SHOWN_MAX else value[: _SHOWN_MAX - 1] + "…"
    return "".join(char if char.isprintable() else f"<U+{ord(char):04X}>" for char in cut)
