"""Redaction: planted secrets never come through, ordinary text does."""

from __future__ import annotations

import pytest

from connectors.http.redact import redact


class TestRedact:
    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            ("Authorization: Bearer eyJ0.canary.sig", "canary"),
            ("Authorization: Basic Y2FuYXJ5OnNlY3JldA==", "Y2FuYXJ5"),
            ('{"access_token": "canary-token-1"}', "canary"),
            ("grant_type=refresh_token&refresh_token=RT1-canary-12345&x=1", "canary"),
            ("client_secret=canary-secret&a=b", "canary"),
            ("/callback?code=canary&state=x", "canary"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2ln here", "eyJjYW5hcnkiOjF9"),
            ("Token expired: AB01-canary", "canary"),
            ("You and canary.person+x@mail.example worked", "canary"),
            ("pay to DE89 3704 0044 0532 0130 00 now", "3704"),
            ("tax id 12-3456789 and 123-45-6789", "456789"),
            ("call +49 341 5550199 or +1 (212) 555-0123", "555"),
        ],
    )
    def test_hides(self, text: str, secret: str) -> None:
        assert secret not in redact(text)

    @pytest.mark.parametrize(
        "text",
        [
            "DocNumber=CSP-2026-000123 is assigned to TxnType=Invoice with TxnId=1501",
            "String length. Min:0 Max:21 supported. Supplied length:24",
            "message=ThrottleExceeded; errorCode=003001; statusCode=429",
            "DE-2026-0001 and DE2026001 differ by +120 000.00 EUR (+3 seats x 12.00)",
            "delivery 01a20ea3-adbb-70ee-8d18-4218fb92cc3c of ES-BOOK at 2026-11-24T17:38:57+00:00",
        ],
    )
    def test_leaves_what_an_operator_needs(self, text: str) -> None:
        assert redact(text) == text

    def test_makes_one_short_line(self) -> None:
        assert redact("a\nb\t" + "c" * 50, length_max=10) == "a b cccccc"[:9] + "…"
