"""The simulator's hand-written rules say exactly what the official data says."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.ledgers.quickbooks.simulator import limits as simulator_limits
from connectors.ledgers.quickbooks.simulator.api import REQUEST_ID_MAX
from connectors.ledgers.quickbooks.simulator.batch import ITEM_ID_MAX, ITEMS_MAX
from connectors.ledgers.quickbooks.simulator.batch import REQUEST_ID_MAX as BATCH_REQUEST_ID_MAX
from connectors.ledgers.quickbooks.simulator.bounds import (
    ADDRESS_LINES_MAX,
    FORBIDDEN_CHARACTERS,
    LINES_MAX,
    MASKED,
    NAME_LEVELS_BELOW_TOP,
)
from connectors.ledgers.quickbooks.simulator.changes import LOOK_BACK, OBJECTS_MAX
from connectors.ledgers.quickbooks.simulator.config import Limits, OAuthConfig, SimulatorConfig
from connectors.ledgers.quickbooks.simulator.members import SCALARS, RecordRule
from connectors.ledgers.quickbooks.simulator.problems import FAULT_KINDS
from connectors.ledgers.quickbooks.simulator.query import ROWS_DEFAULT, ROWS_MAX
from connectors.ledgers.quickbooks.simulator.rules import RULES
from connectors.ledgers.quickbooks.simulator.rules_parts import ENUMERATIONS, PARTS
from connectors.simulation import serving

# Vendors and employees are names only here; company settings are answered, never written.
NOT_COMPARED = {"Vendor", "Employee", "CompanyInfo", "Preferences"}
COMPARED = {name: rule for name, rule in {**RULES, **PARTS}.items() if name not in NOT_COMPARED}

# Usable in WHERE according to Intuit's entity pages and common use, though the schema does not mark them.
QUERYABLE_BESIDES = {
    "Account": {"AccountSubType", "AccountType", "Active", "Classification", "FullyQualifiedName", "Name"},
    "Attachable": {"FileName"},
    "Class": {"FullyQualifiedName", "Name"},
    "CompanyCurrency": {"Active", "Code", "Name"},
    "CreditMemo": {"CustomerRef", "DueDate", "TotalAmt"},
    "Customer": {
        "Active",
        "Balance",
        "CompanyName",
        "DisplayName",
        "FullyQualifiedName",
        "PrintOnCheckName",
    },
    "Department": {"Active", "FullyQualifiedName", "Name"},
    "ExchangeRate": {"AsOfDate", "SourceCurrencyCode"},
    "Invoice": {"CustomerRef", "DueDate", "TotalAmt"},
    "Item": {"Active", "FullyQualifiedName"},
    "Payment": {"CustomerRef", "TotalAmt"},
    "TaxRate": {"Active", "Name"},
}
# Pages where a credit memo is described "as invoice": the same overrides hold.
OVERRIDDEN_LIKE = {"CreditMemo": "Invoice", "Payment": "Invoice"}
TEXT_OF_PART = {"value", "Address", "FreeFormNumber", "URI"}


@pytest.fixture(scope="module")
def official(contracts: Path) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads((contracts / "qbo/fields.json").read_text())
    return decoded


@pytest.fixture(scope="module")
def overrides(contracts: Path) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads((contracts / "qbo/overrides.json").read_text())
    return decoded


def fields_of(official: dict[str, Any], name: str) -> dict[str, Any]:
    return {field["name"]: field for field in official["entities"][name]["fields"]}


def length_of(official: dict[str, Any], overrides: dict[str, Any], record: str, member: str) -> int:
    """The official length: the override where there is one, else the schema's."""
    page = OVERRIDDEN_LIKE.get(record, record)
    for path, length in overrides["max_length"].get(page, {}).items():
        head, _dot, tail = path.partition(".")
        if head == member and (not tail or tail in TEXT_OF_PART):
            return int(length)
    return int(fields_of(official, record)[member].get("max_length", 0))


@pytest.mark.parametrize("rule", COMPARED.values(), ids=COMPARED.keys())
class TestRecordRule:
    def test_has_the_official_members(self, rule: RecordRule, official: dict[str, Any]) -> None:
        assert set(rule.members) == set(fields_of(official, rule.name))

    def test_gives_each_member_its_official_type(self, rule: RecordRule, official: dict[str, Any]) -> None:
        ours = {member.name: (member.kind, member.many) for member in rule.members.values()}

        assert ours == {
            name: (field["type"], field["many"]) for name, field in fields_of(official, rule.name).items()
        }

    def test_gives_each_member_its_official_length(
        self, rule: RecordRule, official: dict[str, Any], overrides: dict[str, Any]
    ) -> None:
        written = [member for member in rule.members.values() if not member.read_only]

        ours = {member.name: member.max_length for member in written}

        assert ours == {
            member.name: length_of(official, overrides, rule.name, member.name) for member in written
        }

    def test_lets_queries_use_what_the_schema_marks_and_what_the_pages_name(
        self, rule: RecordRule, official: dict[str, Any]
    ) -> None:
        ours = {member.name for member in rule.members.values() if member.filterable}
        marked = {name for name, field in fields_of(official, rule.name).items() if field.get("filterable")}

        assert ours == marked | QUERYABLE_BESIDES.get(rule.name, set())

    def test_sorts_by_everything_the_schema_marks(self, rule: RecordRule, official: dict[str, Any]) -> None:
        ours = {member.name for member in rule.members.values() if member.sortable}
        marked = {name for name, field in fields_of(official, rule.name).items() if field.get("sortable")}

        assert marked <= ours

    def test_knows_the_values_of_every_enumeration_it_uses(
        self, rule: RecordRule, official: dict[str, Any]
    ) -> None:
        for member in rule.members.values():
            if member.kind in official["enums"]:
                assert list(ENUMERATIONS[member.kind]) == official["enums"][member.kind]

    def test_names_no_type_nobody_has_heard_of(self, rule: RecordRule, official: dict[str, Any]) -> None:
        kinds = {member.kind for member in rule.members.values()}

        assert kinds <= SCALARS | set(official["enums"]) | set(official["entities"])


class TestOverrides:
    def test_hold_for_customers_names(self, overrides: dict[str, Any]) -> None:
        fields, characters = FORBIDDEN_CHARACTERS["Customer"]

        assert fields == set(overrides["forbidden_chars"]["Customer"]["fields"])
        assert characters == set(overrides["forbidden_chars"]["Customer"]["chars"])

    def test_hold_for_accounts_names(self, overrides: dict[str, Any]) -> None:
        fields, characters = FORBIDDEN_CHARACTERS["Account"]

        assert fields == set(overrides["forbidden_chars"]["Account"]["fields"])
        assert characters == set(overrides["forbidden_chars"]["Account"]["chars"])

    def test_say_which_members_are_computed(self, overrides: dict[str, Any]) -> None:
        for record, names in overrides["read_only"].items():
            for name in names:
                if " " not in name:
                    assert RULES[record].members[name].read_only, f"{record}.{name}"

    def test_say_how_deep_customers_nest(self, overrides: dict[str, Any]) -> None:
        assert overrides["nesting"]["Customer"]["levels_below_top"] == NAME_LEVELS_BELOW_TOP

    def test_say_how_many_lines_an_invoice_has(self, overrides: dict[str, Any]) -> None:
        assert overrides["max_lines"]["Invoice"] == LINES_MAX

    def test_say_how_long_the_lines_of_an_address_are_together(self, overrides: dict[str, Any]) -> None:
        assert overrides["max_length"]["PhysicalAddress"]["Line1..5 combined"] == ADDRESS_LINES_MAX

    def test_say_what_cannot_be_changed_or_read_back(self, overrides: dict[str, Any]) -> None:
        assert set(overrides["immutable"]) == {"Customer.CurrencyRef"}
        assert set(overrides["masked"]) == {f"Customer.{name}" for name in MASKED["Customer"]}

    def test_give_the_limits_of_the_protocol(self, overrides: dict[str, Any]) -> None:
        published = overrides["limits"]
        limits, oauth = Limits(), OAuthConfig()

        assert published["query_max_results"] == ROWS_MAX
        assert published["query_default_results"] == ROWS_DEFAULT
        assert published["cdc_lookback_days"] == LOOK_BACK.days
        assert published["cdc_max_objects"] == OBJECTS_MAX
        assert published["batch_max_items_recommended"] == ITEMS_MAX
        assert published["requestid_max_chars"] == REQUEST_ID_MAX
        assert published["requestid_max_chars_batch"] == BATCH_REQUEST_ID_MAX
        assert published["bId_max_chars_with_requestid"] == ITEM_ID_MAX
        assert published["server_timeout_s"] == SimulatorConfig().server_limit_s
        assert published["requests_per_min_per_realm"] == limits.per_minute
        assert published["requests_per_s_per_realm_app"] == limits.per_second
        assert published["batch_per_min_per_realm_app"] == limits.batches_per_minute
        assert published["access_token_s"] == oauth.access_token_s

    def test_windows_are_at_most_the_published_ones(self) -> None:
        assert simulator_limits.SECOND_WINDOW_S <= 1
        assert simulator_limits.MINUTE_WINDOW_S <= 60


class TestFaultKinds:
    def test_come_with_the_official_message_and_status(self, contracts: Path) -> None:
        listed = json.loads((contracts / "qbo/errors.json").read_text())["fault_codes"]
        published = {entry["code"]: entry for entry in listed}

        for code, kind in FAULT_KINDS.items():
            statuses = str(published[code]["http"] or 400).split("|")
            assert str(kind.status) in statuses, code


class TestPackage:
    def test_knows_nothing_of_our_client_and_little_of_others(self) -> None:
        """Written from the ledger's documents: otherwise it would share our client's mistakes."""
        folder = Path(simulator_limits.__file__).parent
        shared = Path(serving.__file__).parent
        own = ("connectors.ledgers.quickbooks.simulator", "connectors.simulation")

        files = [*folder.glob("*.py"), *shared.glob("*.py")]
        imported = {name for file in files for name in imports_of(file)}

        ours = {name for name in imported if name.split(".")[0] in ("connectors", "mappings", "worker")}
        others = {name.split(".")[0] for name in imported - ours}
        assert {name for name in ours if not f"{name}.".startswith(tuple(f"{one}." for one in own))} == set()
        assert others - sys.stdlib_module_names == {"msgspec"}


def imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
