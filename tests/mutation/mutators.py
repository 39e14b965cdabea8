"""Which small faults can be planted in a module, as replacements of pieces of its text.

Left out, because a change there means nothing or is no behaviour: docstrings, annotations, decorators,
imports, `__all__`, `if TYPE_CHECKING`, assertions, `strict` of zips, what an error says, formatted and
literal texts, unions of types.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
CALLS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "reversed": "list",
    "startswith": "endswith",
    "endswith": "startswith",
}
EMPTY = {
    "tuple": "()",
    "list": "[]",
    "dict": "{}",
    "Mapping": "{}",
    "str": "''",
    "int": "0",
    "Iterator": "iter(())",
}
SHOWN_MAX = 140
DECLARATIONS = frozenset({"TypeVar", "ParamSpec", "dataclass", "field", "lean"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted fault: bytes [start, end) of a module give way to other text."""

    path: str
    line: int
    function: str
    """The function or class it stands in, "" at the module's top."""
    runs_in: str
    """The outermost function around it; "" where it runs when the module is imported."""
    statement: str
    """The first line of the statement it stands in."""
    was: str
    now: str
    lines: range
    """The lines a tracer may see when its statement runs."""
    start: int
    end: int

    def planted(self, source: bytes) -> bytes:
        return source[: self.start] + self.now.encode() + source[self.end :]

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def in_words(self) -> str:
        return f"{_short(self.was)} -> {_short(self.now)}"


def mutants_of(path: str, source: bytes) -> tuple[Mutant, ...]:
    """Every fault of one module, in the order of its text."""
    found = tuple(_Planter(path, source).of_block(ast.parse(source).body, _Place()))
    return tuple(sorted(dict.fromkeys(found), key=lambda mutant: (mutant.start, mutant.end, mutant.now)))


@dataclass(frozen=True, slots=True)
class _Place:
    name: str = ""
    runs_in: str = ""
    returns: str = ""
    assigned: frozenset[str] = frozenset()
    """Names the function had before this statement: taking an assignment of them away breaks no name."""

    def inside(self, name: str) -> _Place:
        return replace(self, name=f"{self.name}.{name}".lstrip("."), returns="", assigned=frozenset())

    def body_of(self, function: Function) -> _Place:
        inner = self.inside(function.name)
        return replace(
            inner,
            runs_in=self.runs_in or inner.name,
            returns=ast.unparse(function.returns) if function.returns else "",
            assigned=frozenset(node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)),
        )


@dataclass(slots=True)
class _Planter:
    path: str
    source: bytes
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = [0]
        for line in self.source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def of_block(self, block: list[ast.stmt], place: _Place) -> Iterator[Mutant]:
        known = set(place.assigned)
        for statement in block:
            yield from self.of_statement(statement, replace(place, assigned=frozenset(known)))
            known |= _names_set_by(statement)

    def of_statement(self, statement: ast.stmt, place: _Place) -> Iterator[Mutant]:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._of_function(statement, place)
            case ast.ClassDef(name=name, body=body):
                yield from self.of_block(body, place.inside(name))
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()) | ast.Assert():
                return
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                yield from self.of_block(orelse, place)
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                return
            case _:
                for was, now in _of_whole(statement, place):
                    yield self._mutant(was, now, statement, place)
                yield from self._of_parts(statement, statement, place)

    def _of_function(self, function: Function, place: _Place) -> Iterator[Mutant]:
        for default in (*function.args.defaults, *function.args.kw_defaults):
            if default is not None:
                yield from self._of_expression(default, function, place.inside(function.name))
        yield from self.of_block(function.body, place.body_of(function))

    def _of_parts(self, node: ast.AST, statement: ast.stmt, place: _Place) -> Iterator[Mutant]:
        if isinstance(node, ast.Raise):
            return
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "targets"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.stmt):
                    continue
                if isinstance(child, ast.expr):
                    yield from self._of_expression(child, statement, place)
                elif isinstance(child, ast.AST) and not _is_precaution(child):
                    yield from self._of_parts(child, statement, place)
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from self.of_block(value, place)

    def _of_expression(self, node: ast.expr, statement: ast.stmt, place: _Place) -> Iterator[Mutant]:
        if isinstance(node, ast.JoinedStr) or _is_of_types(node):
            return
        for changed in _changed(node):
            yield self._mutant(node, f"({ast.unparse(changed)})", statement, place)
        yield from self._of_parts(node, statement, place)

    def _mutant(self, node: ast.expr | ast.stmt, now: str, statement: ast.stmt, place: _Place) -> Mutant:
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        first = self.source[self.starts[statement.lineno - 1] : self.starts[statement.lineno]]
        return Mutant(
            path=self.path,
            line=node.lineno,
            function=place.name,
            runs_in=place.runs_in,
            statement=first.decode().strip(),
            was=self.source[start:end].decode(),
            now=now,
            lines=range(statement.lineno, _header_ends(statement) + 1),
            start=start,
            end=end,
        )


def _of_whole(statement: ast.stmt, place: _Place) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Faults of a whole statement: gone, another way out, the other branch."""
    match statement:
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Delete() | ast.Return(value=None) | ast.Break():
            yield statement, "pass"
        case ast.Continue():
            yield statement, "pass"
            yield statement, "break"
        case ast.Assign(targets=[target]) if place.runs_in and _can_go(target, place):
            yield statement, "pass"
        case ast.Return(value=ast.expr() as value):
            for now in _other_answers(value, place.returns):
                yield value, now
        case ast.If(test=test) | ast.While(test=test) if not _negates_itself(test):
            yield test, f"(not ({ast.unparse(test)}))"


def _can_go(target: ast.expr, place: _Place) -> bool:
    return not isinstance(target, ast.Name | ast.Tuple) or (
        isinstance(target, ast.Name) and target.id in place.assigned
    )


def _other_answers(value: ast.expr, returns: str) -> Iterator[str]:
    if returns == "bool":
        if not _negates_itself(value):
            yield f"(not ({ast.unparse(value)}))"
        return
    empty = EMPTY.get(returns.split("[")[0])
    if "None" in returns.split(" | "):
        empty = "None"
    if empty is not None and ast.unparse(value) != empty:
        yield empty


def _negates_itself(test: ast.expr) -> bool:
    """Another fault of it is its negation already."""
    match test:
        case ast.UnaryOp(op=ast.Not()) | ast.Compare(ops=[_]) | ast.Constant():
            return True
    return False


def _changed(node: ast.expr) -> Iterator[ast.expr]:
    """The same expression with one small fault, for each fault it can have."""
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    changed = copy.deepcopy(node)
                    changed.ops[at] = other()
                    yield changed
        case ast.BinOp(op=op) if type(op) in ARITHMETIC and not _is_text(node):
            yield ast.BinOp(node.left, ARITHMETIC[type(op)](), node.right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for at in range(len(values)):
                yield from _joined(op, [*values[:at], *values[at + 1 :]])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield from (ast.Constant(other) for other in ((value + 1, value - 1) if value else (1,)))
        case ast.Call():
            yield from _changed_calls(node)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _without_conditions(node)


def _joined(op: ast.boolop, values: list[ast.expr]) -> Iterator[ast.expr]:
    yield values[0] if len(values) == 1 else ast.BoolOp(op, values)


def _changed_calls(call: ast.Call) -> Iterator[ast.expr]:
    match call.func:
        case ast.Name(id=name) if name in CALLS:
            keywords = [] if CALLS[name] == "list" else call.keywords
            yield ast.Call(ast.Name(CALLS[name]), call.args, keywords)
            if CALLS[name] == "list":
                return
        case ast.Name(id="abs"):
            yield call.args[0]
        case ast.Name(id=name) if name in DECLARATIONS:
            return
        case ast.Attribute(value=value, attr=name) if name in CALLS:
            yield ast.Call(ast.Attribute(value, CALLS[name]), call.args, call.keywords)
        case ast.Attribute(attr="get") if len(call.args) == 2:
            yield ast.Call(call.func, call.args[:1], call.keywords)
    for at, keyword in enumerate(call.keywords):
        if keyword.arg is not None and not _is_precaution(keyword):
            yield ast.Call(call.func, call.args, [*call.keywords[:at], *call.keywords[at + 1 :]])


def _without_conditions(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
) -> Iterator[ast.expr]:
    for at, generator in enumerate(node.generators):
        for which in range(len(generator.ifs)):
            changed = copy.deepcopy(node)
            del changed.generators[at].ifs[which]
            yield changed


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def _is_precaution(node: ast.AST) -> bool:
    """`strict=True` of a zip: a trap for mistakes of ours, which nothing can spring from outside."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _is_of_types(node: ast.expr) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id="Literal" | "Callable" | "Annotated")):
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in DECLARATIONS - {"field"}
    return False


def _names_set_by(statement: ast.stmt) -> set[str]:
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= SHOWN_MAX else f"{one_line[: SHOWN_MAX - 3]}..."


def _header_ends(statement: ast.stmt) -> int:
    """The last line of a statement's own text, without the block under it."""
    match statement:
        case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try() | ast.FunctionDef():
            return max(statement.lineno, statement.body[0].lineno - 1)
        case ast.Match(subject=subject):
            return subject.end_lineno or statement.lineno
    return statement.end_lineno or statement.lineno
