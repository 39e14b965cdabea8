from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.strict_json import JsonRefused, parse


class TestParse:
    def test_keeps_numbers_exact(self) -> None:
        assert parse(b'{"a": 0.1, "b": 12, "c": 1e2}') == {"a": Decimal("0.1"), "b": 12, "c": Decimal("1E2")}

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b'{"a": NaN}', "NaN"),
            (b"[-Infinity]", "-Infinity"),
            (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the name 'c' twice"),
            (b"[" * 10_000 + b"]" * 10_000, "nested deeper"),
            (b'{"a":' * 100 + b"1" + b"}" * 100, "nested deeper"),
            (b"[" * 1_000_000, "nested deeper"),
            (b"[1e400]", "no business figure"),
            (b"[1e-400]", "no business figure"),
            (b"[" + b"9" * 1000 + b"]", "1000 digits"),
            (b"[0." + b"9" * 1000 + b"]", "no business figure"),
            (rb'["\ud800"]', "surrogate"),
            (rb'{"\udfff": 1}', "surrogate"),
            (rb'["a\u0000b"]', "NUL"),
            (b'["a\x00b"]', "is not JSON"),
            (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
            ('{"a": 1}'.encode("utf-16"), "UTF-16"),
            (b'["\xff"]', "not UTF-8"),
            (b"{} {}", "Extra data"),
            (b"", "is not JSON"),
            (b'{"a": 1,}', "is not JSON"),
            (b"{'a': 1}", "is not JSON"),
        ],
    )
    def test_refuses_with_the_reason(self, raw: bytes, reason: str) -> None:
        """Bad input 10."""
        with pytest.raises(JsonRefused, match=reason):
            parse(raw)

    def test_takes_a_byte_order_mark_where_files_have_one(self) -> None:
        assert parse(b"\xef\xbb\xbf[]", allow_bom=True) == []

    def test_takes_whole_characters_written_as_surrogate_pairs(self) -> None:
        assert parse(rb'["\ud83d\ude00 \\u0000"]') == ["\U0001f600 \\u0000"]

    @given(st.binary(max_size=60))
    def test_never_fails_otherwise(self, raw: bytes) -> None:
        with contextlib.suppress(JsonRefused):
            parse(raw)
