from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connectors.sources.workspace_file import json_schema, schema, schema_contracts, schema_parties
from connectors.sources.workspace_file.fields import UNQUOTED
from mappings.canonical import book, catalog, contract, party, subscription

CANONICAL = {
    schema.BookEntry: book.Book,
    schema.LedgerCodeEntry: book.LedgerCode,
    schema.ChartRuleEntry: book.ChartRule,
    schema.ChartEntry: book.Chart,
    schema.ProductEntry: catalog.Product,
    schema.PoolEntry: catalog.Pool,
    schema_contracts.ContractEntry: contract.Contract,
    schema_contracts.DiscountEntry: contract.Discount,
    schema_contracts.CommitmentEntry: contract.Commitment,
    schema_contracts.CommitmentStepEntry: contract.CommitmentStep,
    schema_contracts.RampStepEntry: contract.RampStep,
    schema.ShareEntry: subscription.Share,
    schema.SplitKeyEntry: subscription.SplitKey,
    schema.AssignmentEntry: subscription.Assignment,
    schema.OpeningChargeEntry: contract.OpeningCharge,
    schema.FxRateEntry: party.FxRate,
    schema_parties.IssuerEntry: party.Issuer,
    schema_parties.SeriesEntry: party.Series,
    schema_parties.PartyEntry: party.Party,
    schema_parties.AddressEntry: party.Address,
    schema_parties.RegistrationEntry: party.Registration,
    schema_parties.BankAccountEntry: party.BankAccount,
    schema_parties.TaxRateEntry: party.TaxRate,
    schema_parties.ExemptionEntry: party.Exemption,
    schema_parties.ParentEntry: party.ParentEdge,
}


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


class TestJsonSchema:
    def test_is_plain_json_that_names_its_dialect(self) -> None:
        found = json.loads(json.dumps(json_schema()))

        assert found == json_schema()
        assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def test_has_no_open_reference_and_no_broken_pattern(self) -> None:
        found = json_schema()

        for node in nodes(found):
            if isinstance(node.get("$ref"), str):
                assert node["$ref"].removeprefix("#/$defs/") in found["$defs"]
            if isinstance(node.get("pattern"), str):
                re.compile(node["pattern"])
            assert UNQUOTED not in node

    def test_refuses_unknown_keys_everywhere_and_requires_only_known_ones(self) -> None:
        for name, node in json_schema()["$defs"].items():
            assert node["additionalProperties"] is False, name
            assert set(node.get("required", ())) <= set(node["properties"]), name
            assert node["description"], name

    def test_lets_an_editor_see_unquoted_numbers(self) -> None:
        price = json_schema()["$defs"]["TierEntry"]["properties"]["price"]

        assert price["type"] == ["string", "number"]

    def test_lists_every_section(self) -> None:
        sections = json_schema()["$defs"]["WorkspaceFile"]["properties"]

        assert list(sections) == [
            "subledger",
            "issuers",
            "books",
            "charts",
            "parties",
            "products",
            "price_lists",
            "promotions",
            "pools",
            "contracts",
            "subscriptions",
            "usage",
            "opening_charges",
            "adjustments",
            "fx_rates",
        ]


class TestEntries:
    @pytest.mark.parametrize("entry", CANONICAL, ids=lambda entry: entry.__name__)
    def test_have_the_fields_and_defaults_of_the_canonical_value(self, entry: type[msgspec.Struct]) -> None:
        own = {field.name: field for field in msgspec.structs.fields(entry)}

        for field in dataclasses.fields(CANONICAL[entry]):
            assert hasattr(entry, field.name), field.name
            if field.name in own and field.default is not dataclasses.MISSING:
                assert plain(own[field.name].default) == plain(field.default), field.name


def plain(value: Any) -> Any:
    """A default as the file writes it."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict | party.Address | party.FxPolicy):
        return {key: held for key, held in msgspec.to_builtins(value).items() if held != ""}
    return str(value) if isinstance(value, Decimal) else msgspec.to_builtins(value)
