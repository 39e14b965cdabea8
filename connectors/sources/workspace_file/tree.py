"""Plain data from the calls of a grammar, bounded, with every scalar as text.

What is too deep, too much or there twice is refused here, so that a hostile file costs no more than a large
honest one, whichever grammar it is written in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias

from connectors.sources.workspace_file.finding import Path, shown

Plain: TypeAlias = dict[str, "Plain"] | list["Plain"] | str | None

DEPTH_MAX = 20
VALUES_MAX = 8_000_000
TEXT_MAX = 10_000

NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters and half surrogate pairs: in no file, and in no escape of a quoted text."""


class Refusal(Exception):
    """A value that is refused; `at` is the grammar's own place of it."""

    def __init__(self, sentence: str, *, at: Any, fix: str = "", path: Path = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.at = at
        self.fix = fix
        self.path = path


class Sink(Protocol):
    """What a grammar calls: `open` with an empty dict or list, `scalar` for keys and values, `close`."""

    def open(self, container: dict[str, Plain] | list[Plain], at: Any) -> None: ...

    def scalar(self, value: str | None, at: Any) -> None: ...

    def close(self) -> None: ...


class Tree:
    """Builds the plain data. A key without a value is as good as absent."""

    __slots__ = ("_has_nulls", "_pending", "_stack", "_values", "root")

    def __init__(self) -> None:
        self.root: Plain = None
        self._stack: list[dict[str, Plain] | list[Plain]] = []
        self._pending: str | None = None
        self._values = 0
        self._has_nulls = False

    def open(self, container: dict[str, Plain] | list[Plain], at: Any) -> None:
        self._place(container, at)
        if len(self._stack) >= DEPTH_MAX:
            raise Refusal(f"values are nested more than {DEPTH_MAX} deep.", at=at, path=self._path())
        self._stack.append(container)

    def scalar(self, value: str | None, at: Any) -> None:
        self._place(value, at)
        if value is None:
            self._has_nulls = True
        elif len(value) > TEXT_MAX:
            raise Refusal(f"a text is longer than {TEXT_MAX:,} characters.", at=at, path=self._path())
        elif not value.isprintable() and (bad := NOT_TEXT.search(value)) is not None:
            raise Refusal(
                f"a text holds the control character U+{ord(bad[0]):04X}.", at=at, path=self._path()
            )

    def close(self) -> None:
        closed = self._stack.pop()
        if self._has_nulls and isinstance(closed, dict):
            for key in [key for key, value in closed.items() if value is None]:
                del closed[key]

    def _place(self, value: Plain, at: Any) -> None:
        self._values += 1
        if self._values > VALUES_MAX:
            raise Refusal(f"the file holds more than {VALUES_MAX:,} values.", at=at)
        if not self._stack:
            self.root = value
            return
        top = self._stack[-1]
        if isinstance(top, list):
            top.append(value)
        elif self._pending is None:
            self._place_key(top, value, at)
        else:
            top[self._pending] = value
            self._pending = None

    def _place_key(self, top: dict[str, Plain], key: Plain, at: Any) -> None:
        if not isinstance(key, str):
            raise Refusal("a key is not plain text.", at=at, path=self._path()[:-1])
        if key in top:
            raise Refusal(
                f"the key {shown(key)} is there twice.",
                at=at,
                path=(*self._path()[:-1], key),
                fix="Keep one of them.",
            )
        top[key] = None
        self._pending = key

    def _path(self) -> Path:
        """Path of the value that was begun last."""
        return tuple(
            next(reversed(container), "?") if isinstance(container, dict) else max(len(container) - 1, 0)
            for container in self._stack
        )


class Locator:
    """Notes where wanted paths begin: at the key of a mapping, at the item of a list."""

    __slots__ = ("_stack", "_wanted", "found")

    def __init__(self, paths: Iterable[Path]) -> None:
        self._wanted = {path[:end] for path in paths for end in range(len(path) + 1)}
        self._stack: list[_Open] = []
        self.found: dict[Path, Any] = {}

    def open(self, container: dict[str, Plain] | list[Plain], at: Any) -> None:
        path = self._next(at, key=None)
        self._stack.append(_Open(path, is_list=isinstance(container, list)))

    def scalar(self, value: str | None, at: Any) -> None:
        self._next(at, key=value)

    def close(self) -> None:
        self._stack.pop()

    def _next(self, at: Any, *, key: str | None) -> Path | None:
        """Path of the value that begins here; None for a key, and where nobody asks for it."""
        if not self._stack:
            return ()
        top = self._stack[-1]
        if top.is_list:
            top.count += 1
            return self._note(top.path, top.count - 1, at)
        if top.key is None:
            top.key = key
            self._note(top.path, key, at)
            return None
        path = None if top.path is None else (*top.path, top.key)
        top.key = None
        return path if path in self._wanted else None

    def _note(self, parent: Path | None, step: str | int | None, at: Any) -> Path | None:
        path = None if parent is None or step is None else (*parent, step)
        if path is None or path not in self._wanted:
            return None
        self.found.setdefault(path, at)
        return path


class _Open:
    """A container the locator is inside of."""

    __slots__ = ("count", "is_list", "key", "path")

    def __init__(self, path: Path | None, *, is_list: bool) -> None:
        self.path = path
        self.is_list = is_list
        self.count = 0
        self.key: str | None = None
