"""Frozen values that are cheap to make: a bill makes dozens of them for one invoice.

A frozen dataclass sets every field through `object.__setattr__`, which takes more time than most of the
arithmetic between. Nothing else about the class changes: it stays frozen, slotted, and a dataclass.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

Value = TypeVar("Value")

FEW = 4
"""Up to so many fields, setting each slot by its descriptor beats changing the class back and forth."""


def lean(cls: type[Value]) -> type[Value]:
    """Give a frozen slotted dataclass an `__init__` of the same signature that sets its slots directly."""
    parts = fields(cls)  # type: ignore[arg-type]  # a type variable cannot say that it is a dataclass
    names = [part.name for part in parts]
    given = {f"_default_{part.name}": _default(part) for part in parts if _has_default(part)}
    helpers: dict[str, Any] = {"_missing": MISSING, **given}
    lines = [line for part in parts for line in _made_new(part)]
    if len(names) <= FEW:
        helpers |= {f"_set_{name}": getattr(cls, name).__set__ for name in names}
        lines += [f"_set_{name}(self, {name})" for name in names]
    else:
        # While it is being made, the object belongs to an equal class that is not frozen.
        making = type(cls.__name__, (), {"__slots__": tuple(names)})
        helpers |= {"_become": object.__setattr__, "_making": making, "_made": cls}
        lines += ["_become(self, '__class__', _making)"]
        lines += [f"self.{name} = {name}" for name in names]
        lines += ["self.__class__ = _made"]
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    cls.__init__ = _compiled(cls, names, helpers, lines)  # type: ignore[method-assign]  # exactly what we are for
    return cls


def _has_default(part: Field[Any]) -> bool:
    return part.default is not MISSING or part.default_factory is not MISSING


def _default(part: Field[Any]) -> Any:
    return part.default if part.default_factory is MISSING else part.default_factory


def _made_new(part: Field[Any]) -> list[str]:
    """A default that is made anew for every object."""
    if part.default_factory is MISSING:
        return []
    return [f"if {part.name} is _missing: {part.name} = _default_{part.name}()"]


def _compiled(cls: type[Any], names: list[str], helpers: dict[str, Any], lines: list[str]) -> Any:
    """The function, in the class's own module so that its annotations mean there what they say."""
    factories = {part.name for part in fields(cls) if part.default_factory is not MISSING}
    parameters = [
        f"{name}=_missing"
        if name in factories
        else f"{name}=_default_{name}"
        if f"_default_{name}" in helpers
        else name
        for name in names
    ]
    body = "\n".join(f"        {line}" for line in lines)
    source = (
        f"def _make({', '.join(helpers)}):\n"
        f"    def __init__(self, {', '.join(parameters)}):\n{body}\n"
        "    return __init__\n"
    )
    found: dict[str, Any] = {}
    exec(source, vars(sys.modules[cls.__module__]), found)  # noqa: S102 - as dataclasses makes its own
    made = found["_make"](**helpers)
    made.__annotations__ = cls.__init__.__annotations__
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made
