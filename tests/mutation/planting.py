"""Planting a fault in a process of its own: in functions that live, or before a module is imported."""

from __future__ import annotations

import gc
import importlib.abc
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from tests.mutation.mutators import Mutant

Functions = Mapping[tuple[str, str], Sequence[FunctionType]]


class NowhereToPlant(Exception):
    """No living function has the fault's place in it."""


def living_functions(root: Path) -> Functions:
    """Every function object made from a file below the root, by file and qualified name."""
    found: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(str(root)):
            found[thing.__code__.co_filename, thing.__code__.co_qualname].append(thing)
    return found


def plant(mutant: Mutant, functions: Functions, *, root: Path) -> None:
    """Give the living functions of the fault's place its code; whoever holds them runs it from now on.

    Raises NowhereToPlant when there are none.
    """
    changed = _code_around(mutant, _compiled(mutant, root))
    planted = 0
    for function in functions.get((str(root / mutant.path), mutant.runs_in), ()):
        if function.__code__.co_firstlineno == changed.co_firstlineno:
            function.__code__ = changed
            planted += 1
    if not planted:
        raise NowhereToPlant(f"{mutant.where} {mutant.runs_in}")


def plant_before_import(mutant: Mutant, *, root: Path) -> None:
    """Let the module have the fault when it is imported."""
    sys.meta_path.insert(0, _Finder(mutant, root))


def _compiled(mutant: Mutant, root: Path) -> CodeType:
    path = root / mutant.path
    with warnings.catch_warnings():  # "is" with a literal is a fault like any other
        warnings.simplefilter("ignore")
        return compile(mutant.planted(path.read_bytes()), str(path), "exec", dont_inherit=True)


def _code_around(mutant: Mutant, module: CodeType) -> CodeType:
    named = [code for code in _nested(module) if code.co_qualname == mutant.runs_in]
    above = [code for code in named if code.co_firstlineno <= mutant.line]
    return max(above, key=lambda code: code.co_firstlineno)


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant, root: Path) -> None:
        self.module = mutant.path.removesuffix(".py").replace("/", ".")
        self.mutant, self.root = mutant, root

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        file = str(self.root / self.mutant.path)
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, self))

    def code(self) -> CodeType:
        return _compiled(self.mutant, self.root)


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, finder: _Finder) -> None:
        super().__init__(fullname, path)
        self.finder = finder

    def get_code(self, fullname: str) -> CodeType:
        return self.finder.code()
