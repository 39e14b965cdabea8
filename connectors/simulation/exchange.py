"""One HTTP exchange as plain values: what came in, what goes out, and how badly it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

JSON = "application/json;charset=UTF-8"
HTML = "text/html; charset=utf-8"
XML = "application/xml;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` by lower-case name; `query` keeps the last of repeated parameters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and its delivery: whole, never (`drop` closes, `reset` breaks), in part, or drop by drop."""

    answer: Answer = field(default_factory=lambda: Answer(200, b""))
    delivery: Literal["whole", "drop", "reset", "reset_mid_body", "drip"] = "whole"
    seconds: float = 0.0
