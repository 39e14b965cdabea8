"""The runbook explains every word an operator can meet, and names only commands and settings that exist.

Codes that are data are imported; the others are the literal arguments of the calls that emit them, found in
the source. An emitting call this test cannot read fails it: then teach it, do not skip it.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

from connectors.errors import Clearing
from connectors.http import oauth
from connectors.ledgers.beancount import faults as beancount_faults
from connectors.ledgers.quickbooks import faults as quickbooks_faults
from connectors.ledgers.xero import faults as xero_faults
from connectors.sources.partner_center import kinds
from mappings.resolve import Gap
from worker.billing.account import Column
from worker.cli import document as document_face
from worker.cli import exits
from worker.cli.main import program
from worker.delivery import metering
from worker.delivery.consequence import BOOK_WIDE
from worker.delivery.states import EDGES
from worker.flows import release_plan
from worker.flows.pause import BY_OPERATOR
from worker.flows.receive import Received
from worker.settings import Settings
from worker.store.holds import OPERATOR_HOLD

PROJECT = Path(__file__).resolve().parents[3]
RUNBOOK = (PROJECT / "deploy" / "runbook.md").read_text("utf-8")

CODE = re.compile(r"`([^`]+)`")
WORD = re.compile(r"[A-Za-z0-9_]+")
LINES_MAX = 400

SEVEN = ("ConnectorError", "Unreachable", "Throttled", "OutcomeUnknown", "Conflict", "Refused",
         "ConsentLost", "Unrecognised")  # fmt: skip
KNOWN_EXPRESSIONS: Mapping[str, frozenset[str]] = {
    "OPERATOR_HOLD": frozenset({OPERATOR_HOLD}),
    # Parks under the refusal's own code: those are collected where refusals are made.
    "outcome.code or 'refused'": frozenset({"refused"}),
    "refusal.code or 'does_not_fit'": frozenset({"does_not_fit"}),
    "cause": frozenset(get_args(Clearing)),
    "delivery.reason if state == 'uncertain' else ''": frozenset(),  # a reason that was given before
    "_CHECK_OF_GAP.get(gap.kind, f'unmapped_{gap.kind}')": frozenset(
        release_plan._CHECK_OF_GAP.get(kind, f"unmapped_{kind}")
        for kind in get_args(get_type_hints(Gap)["kind"])
    ),
    "told.error": frozenset(oauth._CLIENT_ERRORS),
    "fault.code": frozenset(fault.code for fault in beancount_faults.FAULTS),
    "_code(error)": frozenset({"os_error"}),
    "code": frozenset(),  # handed on by a private helper, whose callers are collected
}
"""Arguments that are no literals, as the source writes them, and the codes they stand for."""


def entries() -> Mapping[str, str]:
    """Code -> its paragraph: a list item or table row that begins with it, alone or among its like."""
    found: dict[str, str] = {}
    for line in RUNBOOK.splitlines():
        if line.startswith("- `"):
            head, _, paragraph = line.removeprefix("- ").partition(": ")
        elif line.startswith("| `"):
            head, _, paragraph = line.removeprefix("| ").partition(" | ")
        else:
            continue
        for code in CODE.findall(head):
            found[code] = f"{found.get(code, '')} {paragraph}".strip()
    return found


ENTRIES = entries()


@dataclass(frozen=True)
class Call:
    """One call in our source: where, its name, and the node that carries the code."""

    place: str
    argument: ast.expr


def calls(
    folders: Iterable[str], names: Iterable[str], pick: Callable[[ast.Call], ast.expr | None]
) -> Iterator[Call]:
    wanted = set(names)
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            if "simulator" in path.parts or "demo" in path.parts:
                continue
            for node in calls_in(path):
                if _name(node) in wanted and (found := pick(node)) is not None:
                    yield Call(f"{path.relative_to(PROJECT)}:{node.lineno}", found)


@functools.cache
def calls_in(path: Path) -> tuple[ast.Call, ...]:
    return tuple(node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def first(node: ast.Call) -> ast.expr | None:
    return node.args[0] if node.args else None


def second(node: ast.Call) -> ast.expr | None:
    return node.args[1] if len(node.args) > 1 else None


def keyword(name: str) -> Callable[[ast.Call], ast.expr | None]:
    return lambda node: next((one.value for one in node.keywords if one.arg == name), None)


def codes_of(found: Iterable[Call]) -> set[str]:
    """The codes of calls; an argument we cannot read is an error of this test."""
    codes: set[str] = set()
    for call in found:
        text = ast.unparse(call.argument)
        if isinstance(call.argument, ast.Constant):
            codes |= {str(call.argument.value)}
        elif text in KNOWN_EXPRESSIONS:
            codes |= KNOWN_EXPRESSIONS[text]
        else:
            raise AssertionError(f"{call.place} emits {text}, which this test cannot read")
    return codes - {""}


def missing(codes: Iterable[str]) -> list[str]:
    return sorted(code for code in codes if code not in ENTRIES)


class TestEveryCode:
    """Each has a paragraph that says what it means, what happens if nothing is done, and what to do."""

    def test_of_a_parked_or_blocked_delivery(self) -> None:
        codes = codes_of(calls(["worker"], ["Park", "Block"], first))
        codes |= codes_of(calls(["worker/store", "worker/flows"], ["update", "move"], keyword("reason")))

        assert {"poison", "target_missing", "by_operator", "echo_differs"} <= codes
        assert missing(codes) == []

    def test_of_a_paused_book_and_of_what_clears(self) -> None:
        assert missing({*get_args(Clearing), *BOOK_WIDE, BY_OPERATOR}) == []

    def test_of_a_warning(self) -> None:
        assert missing(set(get_args(metering.Code))) == []

    def test_of_a_check_or_notice(self) -> None:
        codes = codes_of(calls(["worker"], ["Check", "Notice"], first))

        assert {"operator_hold", "runaway_count", "unmapped_product", "zero_price"} <= codes
        assert missing(codes) == []

    def test_of_a_connector(self) -> None:
        codes = codes_of(calls(["connectors"], SEVEN, keyword("code")))
        codes |= codes_of(calls(["connectors/ledgers/beancount"], ["_refused"], second))

        assert {"book_damaged", "invalid_grant", "late", "account_name", "event_invalid"} <= codes
        assert missing(codes) == []

    def test_of_quickbooks(self) -> None:
        rows = (*quickbooks_faults.BY_STATUS, *quickbooks_faults.BY_CODE)
        codes = {row.code or str(row.status) for row in rows}

        assert len(codes) > 40
        assert missing(codes) == []

    def test_of_xero(self) -> None:
        others = (xero_faults._SERVER_SIDE, xero_faults._ELSEWHERE, xero_faults._NO_ROW)
        codes = {row.code for row in (*xero_faults.BY_STATUS, *xero_faults.BY_TEXT, *others)}

        assert len(codes) > 20
        assert missing(codes) == []

    def test_of_the_account_of_a_run(self) -> None:
        assert missing(get_args(Column)) == []

    def test_of_a_delivery_or_document_state(self) -> None:
        documents = [state for state in document_face._STATES if f"`{state}`" not in RUNBOOK]

        assert missing(EDGES) == []
        assert documents == []

    def test_of_the_inbox_and_the_web(self) -> None:
        codes = set(get_args(get_type_hints(Received)["outcome"])) | {"applied", "refused"}
        codes |= codes_of(calls(["worker/web"], ["BodyRefused"], second))
        texts = [ast.parse(path.read_text("utf-8")) for path in (PROJECT / "worker/web").glob("*.py")]
        codes |= {word for text in texts for word in _values_of(text, "error")}

        assert {"too_large", "unauthorized", "unavailable"} <= codes
        assert missing(codes) == []

    def test_of_a_refused_provider_file(self) -> None:
        every = [one for one in vars(kinds).values() if isinstance(one, kinds.Kind)]
        codes = {kind.code for kind in every if kind.instead}

        assert {"price_sheet", "webhook_event"} <= codes
        assert missing(codes) == []

    @pytest.mark.parametrize("code", sorted(exits.MEANINGS))
    def test_of_an_exit(self, code: int) -> None:
        word = exits.WORDS.get(code, "")

        assert f"`{word}`" in ENTRIES[str(code)] if word else ENTRIES[str(code)]


def _values_of(tree: ast.AST, key: str) -> Iterator[str]:
    """Constants under a key of the dictionaries a module writes out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for name, value in zip(node.keys, node.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == key and isinstance(value, ast.Constant):
                    yield str(value.value)


class TestEveryParagraph:
    def test_says_what_happens_if_nothing_is_done_and_what_to_do(self) -> None:
        items = [line for line in RUNBOOK.splitlines() if re.match(r"- `[a-z_]+`", line)]
        thin = [line[:60] for line in items if "If nothing:" not in line or "Do:" not in line]

        assert len(items) > 60
        assert thin == []

    def test_of_a_table_row_has_no_empty_cell_but_a_word(self) -> None:
        rows = [line for line in RUNBOOK.splitlines() if line.startswith("| `")]
        thin = [row[:60] for row in rows if not row.rstrip("| ").rpartition("|")[2].strip()]

        assert thin == []

    def test_fits_on_a_short_page(self) -> None:
        assert len(RUNBOOK.splitlines()) <= LINES_MAX


class TestEveryCommand:
    """Commands of the runbook exist, with the options it gives them."""

    @staticmethod
    def _named() -> list[str]:
        return [
            span for span in CODE.findall(RUNBOOK) if span.startswith("subledger ") and "..." not in span[:14]
        ]

    def test_exists_with_its_options(self) -> None:
        wrong = [trouble for span in self._named() if (trouble := _trouble(span))]

        assert len(self._named()) > 40
        assert wrong == []

    def test_uses_settings_that_exist(self) -> None:
        known = {str(one.validation_alias) for one in Settings.model_fields.values()}
        named = set(re.findall(r"\b(?:SUBLEDGER_[A-Z_]+|DATABASE_URL|REDIS_URL)\b", RUNBOOK))

        assert named <= known


@functools.cache
def whole_command() -> Any:
    return typer.main.get_command(program())


def _trouble(span: str) -> str:
    """What is wrong with a command line, "" when nothing is."""
    command = whole_command()
    words = span.split()[1:]
    while words and hasattr(command, "commands"):
        word = words.pop(0)
        if word not in command.commands:
            return f"{span}: there is no {word!r}"
        command = command.commands[word]
    if hasattr(command, "commands"):
        return f"{span}: the verb is missing"
    options = {option for parameter in command.params for option in parameter.opts}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    return f"{span}: no option {unknown[0]}" if unknown else ""
