"""The simulator's hand-written rules say what the official spec says."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.ledgers.xero.simulator import Limits, OAuthConfig, reading, rules
from connectors.ledgers.xero.simulator import config as simulator_config


@pytest.fixture(scope="module")
def spec(contracts: Path) -> dict[str, Any]:
    text = (contracts / "xero/xero_accounting.yaml").read_text()
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded


class TestMembers:
    @pytest.mark.parametrize("kind", sorted(rules.RULES))
    def test_are_those_of_the_schema_and_as_long_at_most(self, spec: dict[str, Any], kind: str) -> None:
        schema = spec["components"]["schemas"][rules.SCHEMAS[kind]]["properties"]

        assert rules.RULES[kind].members <= schema.keys()
        for name, length in rules.RULES[kind].lengths.items():
            assert schema[name].get("maxLength", length) == length, name


class TestParameters:
    @pytest.mark.parametrize("kind", sorted(reading._PARAMETERS))
    def test_of_a_list_are_those_of_the_spec(self, spec: dict[str, Any], kind: str) -> None:
        shared = spec["components"]["parameters"]
        listed = spec["paths"][f"/{kind}"]["get"]["parameters"]
        names = {(shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)["name"] for one in listed}

        assert reading._PARAMETERS[kind] == names - {"If-Modified-Since"}


class TestFigures:
    def test_are_the_published_ones(self) -> None:
        """ledgers.md 1.1 and 1.2: 60 a minute, 5,000 a day, 5 at a time; 30 minutes, 60 days, 30 minutes."""
        limits, oauth = Limits(), OAuthConfig()

        assert (limits.per_minute, limits.per_day, limits.concurrent) == (60, 5000, 5)
        assert (oauth.access_token_s, oauth.refresh_token_s, oauth.grace_s) == (1800, 60 * 86_400, 1800)


class TestPackage:
    def test_knows_nothing_of_our_client(self) -> None:
        """Written from the ledger's documents: otherwise it would share our client's mistakes."""
        folder = Path(simulator_config.__file__).parent
        own = ("connectors.ledgers.xero.simulator.", "connectors.simulation.")

        imported = {name for file in folder.glob("*.py") for name in imports_of(file)}

        ours = {name for name in imported if name.split(".")[0] in ("connectors", "mappings", "worker")}
        others = {name.split(".")[0] for name in imported - ours}
        assert {name for name in ours if not f"{name}.".startswith(own)} == set()
        assert others - sys.stdlib_module_names == {"msgspec"}


def imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
