"""Refusals: every official sample and code has its word, and the traps are told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
from connectors.ledgers.quickbooks.fault_bodies import FaultError, fault_of, read_fault
from connectors.ledgers.quickbooks.faults import BY_CODE, BY_STATUS, batch_refusal, refusal

SAMPLES: Mapping[str, tuple[type[ConnectorError], str | None]] = {
    "fault_400_120_authorization.json": (ConsentLost, None),
    "fault_400_2010_unsupported_property.json": (Refused, None),
    "fault_400_2020_required_param.json": (Refused, None),
    "fault_400_2040_illegal_chars.json": (Refused, None),
    "fault_400_2050_length.json": (Refused, None),
    "fault_400_2170_enumeration.json": (Refused, None),
    "fault_400_2500_invalid_reference.json": (Refused, "customer_inactive"),
    "fault_400_4000_query_parser.json": (Refused, None),
    "fault_400_4001_query_validation.json": (Refused, None),
    "fault_400_5010_stale.json": (Conflict, None),
    "fault_400_6000_business.json": (Refused, None),
    "fault_400_6070_amount.json": (Refused, None),
    "fault_400_610_deleted_txn.json": (Refused, None),
    "fault_400_610_not_found.json": (Refused, "customer_inactive"),
    "fault_400_6140_duplicate_docnumber.json": (Conflict, None),
    "fault_400_6190_subscription.json": (Refused, "subscription_lapsed"),
    "fault_400_620_link.json": (Refused, None),
    "fault_400_6210_period_closed.json": (Refused, "period_closed"),
    "fault_400_6240_duplicate_name.json": (Conflict, None),
    "fault_400_6540_deposited.json": (Refused, None),
    "fault_400_multiple_errors.json": (Refused, None),
    "fault_401_3200_token_expired_gateway.json": (ConsentLost, None),
    "fault_403_3100_authorization.json": (ConsentLost, None),
    "fault_429_3001_throttle.json": (Throttled, None),
    "fault_429_3001_throttle_xml.xml": (Throttled, None),
    "fault_500_10000_system.json": (OutcomeUnknown, None),
    "fault_503_html.html": (OutcomeUnknown, None),
}

ACTIONS: Mapping[str, set[type[ConnectorError]]] = {
    "retry": {OutcomeUnknown, Throttled},
    "refresh_then_retry": {ConsentLost},
    "reauth": {ConsentLost},
    "reread_then_retry": {Conflict},
    "reconcile": {Conflict},
    "fix_data": {Refused},
    "operator": {Refused},
}


def fault(code: str, message: str = "m", *, detail: str = "", element: str = "") -> bytes:
    error = {"Message": message, "Detail": detail, "code": code, "element": element}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "t"}).encode()


def word(status: int, body: bytes, **headers: str) -> Any:
    return refusal(status, body, headers)


class TestTable:
    def test_gives_every_official_sample_its_word(self, contracts: Path) -> None:
        files = {one.name: one for one in (contracts / "qbo/samples").glob("fault_*")}

        assert set(files) == set(SAMPLES)
        for name, (kind, clears_by) in SAMPLES.items():
            found = word(int(name.split("_")[1]), files[name].read_bytes(), intuit_tid="t-1")
            assert type(found) is kind, name
            assert getattr(found, "clears_by", None) == clears_by, name
            assert found.trace_id == "t-1"
            assert found.hint, name

    def test_gives_every_official_code_a_word_of_its_action(self, contracts: Path) -> None:
        table = json.loads((contracts / "qbo/errors.json").read_text())

        for row in table["fault_codes"]:
            status = int(str(row["http"] or 400).split("|")[-1])
            found = word(status, fault(row["code"], row["message"]))
            allowed = ACTIONS[row["action"]] | ({Refused} if row["code"] == "6210" else set())
            assert type(found) in allowed, row

    def test_gives_every_official_status_a_word_of_its_action(self, contracts: Path) -> None:
        table = json.loads((contracts / "qbo/errors.json").read_text())

        for row in table["http_status"]:
            if row["action"] in ACTIONS:
                assert type(word(row["status"], b"")) in ACTIONS[row["action"]], row

    def test_names_where_each_row_was_seen(self) -> None:
        assert all(row.source and row.hint for row in (*BY_STATUS, *BY_CODE))

    def test_has_no_row_hidden_behind_a_wider_one(self) -> None:
        for rows in (BY_STATUS, BY_CODE):
            for position, row in enumerate(rows):
                wider = [
                    other
                    for other in rows[:position]
                    if other.status in (None, row.status)
                    and other.code in ("", row.code)
                    and other.text in row.text
                    and other.element in row.element
                ]
                assert not wider, (row, wider)


class TestTraps:
    def test_a_closed_period_may_come_under_the_code_of_a_stale_record(self) -> None:
        found = word(400, fault("5010", "Account Period Closed, Cannot Update Through Services API"))

        assert (type(found), found.clears_by) == (Refused, "period_closed")

    def test_a_taken_number_may_come_under_the_code_of_a_closed_period(self) -> None:
        assert type(word(400, fault("6210", "Duplicate Document Number Error"))) is Conflict

    def test_a_throttle_may_come_as_403(self) -> None:
        assert type(word(403, fault("3001", "ThrottleExceeded"))) is Throttled

    def test_a_throttle_may_be_padded_in_its_message_only(self) -> None:
        assert type(word(400, fault("", "message=ThrottleExceeded; errorCode=003001"))) is Throttled

    def test_an_inactive_item_is_told_from_an_inactive_customer(self) -> None:
        found = word(400, fault("610", detail="made inactive", element="Line[0].ItemRef"))

        assert found.clears_by == "item_inactive"

    def test_a_fault_may_come_inside_a_200(self) -> None:
        assert type(word(200, fault("6240"))) is Conflict
        assert type(word(200, fault("10000"))) is OutcomeUnknown

    def test_the_most_careful_of_several_errors_wins(self) -> None:
        errors = [json.loads(fault(code))["Fault"]["Error"][0] for code in ("2050", "6140", "10000")]
        body = json.dumps({"Fault": {"Error": errors}}).encode()

        found = word(400, body)

        assert (type(found), found.code) == (OutcomeUnknown, "10000")

    def test_a_code_without_a_row_is_unrecognised(self) -> None:
        found = word(400, fault("9876", "Something new"))

        assert (type(found), found.code) == (Unrecognised, "9876")
        assert "faults.py" in found.hint

    def test_a_code_need_not_be_a_number(self) -> None:
        assert word(400, fault("ABC-1")).code == "ABC-1"

    @pytest.mark.parametrize("body", [b"", b"<html><Error", b"not json", b"[]", b'{"Fault": 5}', b"\xff\xfe"])
    def test_a_body_without_a_fault_is_unrecognised_at_400(self, body: bytes) -> None:
        assert type(word(400, body)) is Unrecognised

    @pytest.mark.parametrize("status", [301, 302, 307])
    def test_a_redirect_is_no_answer_of_the_ledger(self, status: int) -> None:
        assert type(word(status, b"")) is OutcomeUnknown

    def test_a_success_that_only_speaks_of_faults_is_a_success(self) -> None:
        assert word(200, b'{"Invoice": {"PrivateNote": "Fault: none, by default"}}') is None

    def test_no_secret_of_a_refusal_is_kept(self) -> None:
        found = word(400, fault("5010", "m", detail="You and ann@mail.example; Bearer abcdef.canary123"))

        assert "ann@" not in str(found) + found.detail
        assert "canary" not in str(found) + found.detail


class TestThrottle:
    @pytest.mark.parametrize(
        ("told", "waited"), [(None, None), ("30", 30), ("0", 1), ("99999", 900), ("Wed, 21 Oct 2026", None)]
    )
    def test_waits_as_told_within_bounds(self, told: str | None, waited: float | None) -> None:
        found = refusal(429, b"", {"Retry-After": told} if told else {})

        assert isinstance(found, Throttled)
        assert found.retry_after_s == waited


class TestBodies:
    def test_are_read_in_both_cases(self) -> None:
        error = FaultError("3200", "m", "d", "e")
        upper = {"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": "3200", "element": "e"}]}}
        lower = {"fault": {"error": [{"message": "m", "detail": "d", "code": "3200", "element": "e"}]}}

        assert fault_of(upper) == fault_of(lower) == (error,)

    def test_in_xml_resolve_no_entity(self) -> None:
        xml = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "boom">]>
        <IntuitResponse><Fault><Error code="3001"><Message>&a; &lt;b&gt;</Message></Error></Fault>
        </IntuitResponse>"""

        assert read_fault(xml) == (FaultError("3001", "&a; <b>"),)

    def test_of_a_batch_item_have_the_same_words(self) -> None:
        found = batch_refusal((FaultError("3001", "ThrottleExceeded"),), trace_id="t")

        assert type(found) is Throttled
