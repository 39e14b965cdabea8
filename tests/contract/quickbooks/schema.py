"""Checks a JSON body against Intuit's own data: fields.json, with overrides.json on top."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, repr=False)
class Schema:
    entities: Mapping[str, Any]
    enums: Mapping[str, list[str]]
    overrides: Mapping[str, Any]

    @classmethod
    def read(cls, contracts: Path) -> Schema:
        fields = json.loads((contracts / "qbo/fields.json").read_text())
        overrides = json.loads((contracts / "qbo/overrides.json").read_text())
        return cls(fields["entities"], fields["enums"], overrides)

    def problems(self, entity: str, body: bytes) -> list[str]:
        """Everything wrong with a create body; [] when it may be sent."""
        decoded = json.loads(body, parse_float=Decimal)
        return [*self._object(entity, decoded, entity), *self._required(entity, decoded)]

    def _object(self, kind: str, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is not an object of {kind}"
            return
        fields = {field["name"]: field for field in self.entities[kind]["fields"]}
        for name, held in value.items():
            here = f"{path}.{name}"
            field = fields.get(name)
            if field is None:
                yield f"{here}: unknown field"
            elif name in self.overrides["read_only"].get(kind, ()):
                yield f"{here}: read only"
            elif field["many"]:
                if not isinstance(held, list):
                    yield f"{here}: not an array"
                else:
                    for position, one in enumerate(held):
                        yield from self._value(kind, field, one, f"{here}[{position}]")
            else:
                yield from self._value(kind, field, held, here)

    def _value(self, kind: str, field: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
        type_ = field["type"]
        if type_ in self.entities:
            yield from self._object(type_, value, path)
        elif type_ in self.enums:
            if value not in self.enums[type_]:
                yield f"{path}: {value!r} is not of {type_}"
        elif type_ in ("string", "id"):
            yield from self._text(kind, field, value, path)
        elif type_ == "decimal":
            if isinstance(value, bool) or not isinstance(value, int | Decimal):
                yield f"{path}: {value!r} is not a JSON number"
        elif type_ in ("positiveInteger", "int"):
            if isinstance(value, bool) or not isinstance(value, int):
                yield f"{path}: {value!r} is not a whole number"
        elif type_ == "boolean":
            if not isinstance(value, bool):
                yield f"{path}: {value!r} is not true or false"
        elif type_ == "date":
            if not isinstance(value, str) or not _DATE.fullmatch(value):
                yield f"{path}: {value!r} is not a date"
        else:
            yield f"{path}: type {type_} is not known to this check"

    def _text(self, kind: str, field: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or not value:
            yield f"{path}: {value!r} is not a text"
            return
        name = field["name"]
        limit = self._length(kind, name, path) or field.get("max_length")
        if limit is not None and len(value) > limit:
            yield f"{path}: {len(value)} characters, {limit} are allowed"
        forbidden = self.overrides["forbidden_chars"].get(kind, {"fields": (), "chars": ()})
        if name in forbidden["fields"] and any(char in value for char in forbidden["chars"]):
            yield f"{path}: has a forbidden character"

    def _length(self, kind: str, name: str, path: str) -> int | None:
        lengths = self.overrides["max_length"]
        document = "Invoice" if path.split(".", 1)[0] in ("Invoice", "CreditMemo") else kind
        inside = ".".join(re.sub(r"\[\d+\]", "", path).split(".")[1:])
        found = lengths.get(kind, {}).get(name) or lengths.get(document, {}).get(inside)
        return int(found) if found else None

    def _required(self, entity: str, body: Mapping[str, Any]) -> Iterator[str]:
        rules = self.overrides["required_on_create"]
        if entity == "Customer":
            if not any(body.get(name) for name in rules["Customer"]["one_of"]):
                yield "Customer: no name"
            if ("ParentRef" in body) != (body.get("Job") is True):
                yield "Customer: ParentRef and Job go together"
        elif entity == "Item":
            yield from (f"Item: {name} missing" for name in ("Name", "IncomeAccountRef") if name not in body)
        else:
            yield from (
                f"{entity}: {name} missing" for name in ("CustomerRef", "CurrencyRef") if name not in body
            )
            sales = [one for one in body["Line"] if one["DetailType"] == "SalesItemLineDetail"]
            if not sales:
                yield f"{entity}: no sales line"
            if len(body["Line"]) > self.overrides["max_lines"]["Invoice"]:
                yield f"{entity}: too many lines"
            for one in sales:
                yield from _line_problems(entity, one)


def _line_problems(entity: str, line: Mapping[str, Any]) -> Iterator[str]:
    """The rules on a sales line: an item, and amount = quantity x price (6070)."""
    detail = line["SalesItemLineDetail"]
    if "ItemRef" not in detail:
        yield f"{entity}: a line without an item"
    if Decimal(str(line["Amount"])) != Decimal(str(detail["Qty"])) * Decimal(str(detail["UnitPrice"])):
        yield f"{entity}: {line['Amount']} is not {detail['Qty']} x {detail['UnitPrice']}"
    digits = str(line["Amount"]).lstrip("-").replace(".", "")
    if len(digits) > 15:
        yield f"{entity}: {line['Amount']} has more than 15 digits"
