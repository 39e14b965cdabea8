"""Checks a request body against the official spec, more strictly than the spec asks: for test_prism.

Prism does not look into bodies here: the schemas of Xero's records refer to each other in circles, and Prism
leaves such a schema out. So bodies are checked by this, against the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, Decimal),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def misfits(spec: Mapping[str, Any], schema: str, body: object) -> list[str]:
    """What of a body the named schema does not allow; members that are unknown or only read count, too."""
    return list(_misfits(spec, {"$ref": f"#/components/schemas/{schema}"}, body, schema))


def _misfits(spec: Mapping[str, Any], schema: Mapping[str, Any], value: object, at: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    wanted = _TYPES[schema.get("type", "object")]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        yield f"{at} is {value!r}, not {schema.get('type')}"
        return
    if schema.get("readOnly"):
        yield f"{at} is only ever read"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {value!r}, not one of its values"
    if isinstance(value, str):
        yield from _text_misfits(schema, value, at)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _misfits(spec, schema["items"], one, f"{at}[{index}]")
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, inner in value.items():
            if name not in known:
                yield f"{at}.{name} is unknown"
            else:
                yield from _misfits(spec, known[name], inner, f"{at}.{name}")


def _text_misfits(schema: Mapping[str, Any], value: str, at: str) -> Iterator[str]:
    if len(value) > schema.get("maxLength", len(value)):
        yield f"{at} is longer than {schema['maxLength']}"
    if schema.get("format") == "uuid":
        try:
            UUID(value)
        except ValueError:
            yield f"{at} is no UUID"
