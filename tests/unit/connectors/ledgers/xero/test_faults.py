"""Xero's refusals by status and text, each as the word that says what happens next."""

from __future__ import annotations

import json

import pytest

from connectors.errors import (
    Conflict,
    ConnectorError,
    ConsentLost,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unrecognised,
)
from connectors.ledgers.xero.fault_bodies import messages_of, read_messages
from connectors.ledgers.xero.faults import record_refusal, refusal


def told(*messages: str) -> bytes:
    elements = [{"ValidationErrors": [{"Message": message}]} for message in messages]
    return json.dumps({"ErrorNumber": 10, "Type": "ValidationException", "Elements": elements}).encode()


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "word"),
        [
            (401, ConsentLost),
            (403, ConsentLost),
            (404, Refused),
            (408, OutcomeUnknown),
            (409, Conflict),
            (413, Refused),
            (429, Throttled),
            (302, OutcomeUnknown),
            (500, OutcomeUnknown),
            (503, OutcomeUnknown),
            (400, Unrecognised),
            (418, Unrecognised),
        ],
    )
    def test_decides_first(self, status: int, word: type[ConnectorError]) -> None:
        assert type(refusal(status, b"<html>", {})) is word

    def test_of_a_success_is_none(self) -> None:
        assert refusal(200, b"{}", {}) is None


class TestThrottle:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"X-Rate-Limit-Problem": "minute", "Retry-After": "37"}, 37.0),
            ({"X-Rate-Limit-Problem": "day", "Retry-After": "40000"}, 40000.0),
            ({"X-Rate-Limit-Problem": "concurrent"}, 2.0),
            ({}, None),
        ],
    )
    def test_waits_as_long_as_the_limit_says(self, headers: dict[str, str], seconds: float | None) -> None:
        problem = refusal(429, b"", headers)

        assert isinstance(problem, Throttled)
        assert problem.retry_after_s == seconds


class TestText:
    @pytest.mark.parametrize(
        ("text", "word", "code"),
        [
            ("Invoice # must be unique.", Conflict, "number_taken"),
            ("The contact name X is already assigned to another contact. ...", Conflict, "number_taken"),
            ("Price List Item with Code 'abc' already exists", Conflict, "number_taken"),
            (
                "The document date cannot be before the end of year lock date, currently set at 31-Jul-2013",
                Refused,
                "period_locked",
            ),
            ("The contact is archived and cannot be used.", Refused, "contact_archived"),
            ("Organisation is not subscribed to currency SGD", Refused, "currency_off"),
            ("The TaxType code X does not exist or cannot be used for this type.", Refused, "tax_type"),
            ("Account code '200' is not a valid code for this document.", Refused, "account_code"),
            ("Something nobody has seen yet", Unrecognised, "unknown_text"),
        ],
    )
    def test_decides_the_word(self, text: str, word: type[ConnectorError], code: str) -> None:
        problem = record_refusal((text,), trace_id="t")

        assert (type(problem), problem.code, problem.trace_id) == (word, code, "t")
        assert text[:20] in problem.why

    def test_that_asks_for_the_most_care_wins(self) -> None:
        problem = record_refusal(("Account code '1' is not valid", "Invoice # must be unique."), trace_id="")

        assert isinstance(problem, Conflict)

    def test_of_a_lock_date_tells_what_clears_it(self) -> None:
        problem = record_refusal(("cannot be before the period lock date",), trace_id="")

        assert isinstance(problem, Refused)
        assert problem.clears_by == "period_closed"

    def test_hides_addresses_in_what_is_stored(self) -> None:
        problem = record_refusal(("Bad e-mail somebody@example.org",), trace_id="")

        assert "somebody@example.org" not in str(problem)


class TestBodies:
    def test_are_read_wherever_the_messages_are(self) -> None:
        nested = {"LineItems": [{"ValidationErrors": [{"Message": "line"}]}], "ValidationErrors": []}

        assert read_messages(told("one", "two")) == ("one", "two")
        assert messages_of(nested) == ("line",)
        assert read_messages(b'{"Title":"Forbidden","Detail":"AuthenticationUnsuccessful"}') == (
            "Forbidden",
            "AuthenticationUnsuccessful",
        )

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"Elements":[1]}', b"\xff"])
    def test_that_cannot_be_read_tell_nothing(self, body: bytes) -> None:
        assert read_messages(body) == ()
