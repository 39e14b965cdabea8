"""The kinds of values a workspace file is made of, each with what an error says was expected.

Numbers stay their own text here (a float never becomes money); `convert` makes exact values of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

UNQUOTED = "x-unquoted"
"""Marks a text that people may write without quotes, where an editor then sees a number."""

Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="Your own short code; unique in its section and never reused.",
        extra_json_schema={UNQUOTED: "integer"},
        extra={"expected": "a short code"},
    ),
]
Ref = Annotated[
    str,
    Meta(
        max_length=100,
        description="The code of something else in this workspace.",
        extra_json_schema={UNQUOTED: "integer"},
        extra={"expected": "a code"},
    ),
]
Text = Annotated[str, Meta(extra_json_schema={UNQUOTED: "number"}, extra={"expected": "text"})]
Name = Annotated[str, Meta(min_length=1, max_length=255, extra={"expected": "a name"})]
Number = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$(?!\n)",
        description="An exact decimal number, as in 12 or 8.40.",
        extra_json_schema={UNQUOTED: "number"},
        extra={"expected": "a plain decimal number such as 12 or 8.40"},
    ),
]
Country = Annotated[str, Meta(max_length=20, description="ISO 3166 country code, as in DE or US.")]
Currency = Annotated[str, Meta(max_length=20, description="ISO 4217 currency code, as in EUR.")]
Term = Annotated[str, Meta(max_length=20, description="Length in months or years: P1M, P1Y, P3Y.")]
Seconds = Annotated[float, Meta(gt=0, le=3600, extra={"expected": "a number of seconds from 0 to 3600"})]
Instant = Annotated[datetime, Meta(tz=True, extra={"expected": "an instant such as 2026-01-31T09:00:00Z"})]
LedgerIds = Annotated[
    dict[str, Text],
    Meta(
        description="Book code: id of the record that already exists in that book.",
        extra={"expected": "pairs of book code and id, as in {BOOK: 123}"},
    ),
]
RoundingName = Literal[
    "per_line/half_up",
    "per_line/half_down",
    "per_line/half_even",
    "per_line/down",
    "per_unit/half_up",
    "per_unit/half_down",
    "per_unit/half_even",
    "per_unit/down",
]


class Entry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Anything in the file that has keys."""
