"""Every fault of the script, as a caller meets it. Row numbers are those of the fault matrix."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from connectors.ledgers.quickbooks.simulator import Fault, Running
from tests.contract.quickbooks.simulator_calls import (
    UK,
    US,
    Caller,
    codes,
    refresh,
    simulator,
    us_invoice,
)


@pytest.fixture
def running() -> Iterator[Running]:
    with simulator(server_limit_s=0.2) as running:
        yield running


@pytest.fixture
def us(running: Running) -> Caller:
    return Caller(running, US)


def holds(us: Caller, number: str) -> bool:
    return bool(us.query(f"select * from Invoice where DocNumber = '{number}'"))


class TestOutcome:
    @pytest.mark.parametrize(
        ("fault", "is_held"),
        [
            ({"fault": "commit_then_drop"}, True),
            ({"fault": "drop_before_commit"}, False),
            ({"fault": "reset"}, False),
            ({"fault": "reset", "commit": "first"}, True),
            ({"fault": "reset_mid_body"}, True),
        ],
    )
    def test_breaks_the_connection(self, fault: dict[str, str], is_held: bool, us: Caller) -> None:
        """Rows 15, 16, 28."""
        us.admin("faults", {"entity": "invoice"} | fault)

        with pytest.raises(requests.RequestException):
            us.post("invoice", us_invoice("F-1"), requestid="f1")

        assert holds(us, "F-1") is is_held
        assert us.post("invoice", us_invoice("F-1"), requestid="f1").status_code == 200

    @pytest.mark.parametrize(
        ("fault", "status", "is_held"),
        [
            ({"fault": "5xx_before_commit"}, 500, False),
            ({"fault": "5xx_before_commit", "status": 503}, 503, False),
            ({"fault": "5xx_after_commit", "status": 502}, 502, True),
            ({"fault": "429", "retry_after": "-1"}, 429, False),
            ({"fault": "fault", "code": "6190"}, 400, False),
            ({"fault": "fault", "code": "3100"}, 403, False),
            ({"fault": "fault", "code": "120"}, 400, False),
            ({"fault": "fault_in_200"}, 200, False),
            ({"fault": "malformed"}, 200, True),
            ({"fault": "html"}, 200, True),
            ({"fault": "empty", "commit": "never"}, 200, False),
            ({"fault": "hang", "seconds": 5}, 504, True),
            ({"fault": "hang", "seconds": 5, "commit": "never"}, 504, False),
            ({"fault": "hang", "seconds": 0.01}, 200, True),
            ({"fault": "ok"}, 200, True),
        ],
        ids=lambda value: value["fault"] if isinstance(value, dict) else str(value),
    )
    def test_answers_so_and_keeps_the_record_or_not(
        self, fault: dict[str, object], status: int, is_held: bool, us: Caller
    ) -> None:
        """Rows 22 to 29, 58."""
        us.admin("faults", {"entity": "invoice"} | fault)

        answer = us.post("invoice", us_invoice("F-1"))

        assert answer.status_code == status
        assert holds(us, "F-1") is is_held
        assert answer.headers.get("Retry-After") == fault.get("retry_after")

    def test_hangs_without_holding_up_the_company(self) -> None:
        """Row 26: while the call hangs, reads go on and find nothing yet."""
        with simulator(server_limit_s=60) as running:
            running.simulator.add_faults(Fault("hang", entity="invoice", seconds=60))
            hanging, other = Caller(running, US), Caller(running, US)
            with pytest.raises(requests.ReadTimeout):
                hanging.post("invoice", us_invoice("H-1"), timeout_s=0.1)

            assert holds(other, "H-1") is False

    def test_drips_one_byte_at_a_time_until_cut(self, us: Caller) -> None:
        """Row 27."""
        us.fault("drip", entity="invoice", seconds=0.05)

        with pytest.raises(requests.RequestException):
            us.post("invoice", us_invoice("D-1"))

        assert holds(us, "D-1")

    def test_throttles_in_xml_when_told(self, us: Caller) -> None:
        us.fault("429", format="xml")

        answer = us.get("preferences")

        assert (answer.status_code, answer.text[:5]) == (429, "<?xml")
        assert "ThrottleExceeded" in answer.text

    def test_answers_about_another_document(self, us: Caller) -> None:
        """Row 30."""
        us.fault("wrong_echo", entity="invoice", changes={"DocNumber": "OTHER", "Nothing": 1})

        answer = us.post("invoice", us_invoice("W-1")).json()["Invoice"]

        assert answer["DocNumber"] == "OTHER"
        assert "Nothing" not in answer
        assert holds(us, "W-1")

    def test_withdraws_consent(self, us: Caller, running: Running) -> None:
        """Row 56."""
        token = running.refresh_token(US)
        us.fault("consent_revoked")

        assert us.get("preferences").status_code == 401
        assert refresh(running, token).json()["error"] == "invalid_grant"


class TestModifier:
    def test_lets_reads_lag(self, us: Caller) -> None:
        """Row 20."""
        us.fault("read_lag", seconds=30, times=0)
        us.post("invoice", us_invoice("L-1"))
        seen_at_once = holds(us, "L-1")
        us.admin("clock", {"advance_s": 31})

        assert (seen_at_once, holds(us, "L-1")) == (False, True)

    def test_forgets_request_ids(self, us: Caller) -> None:
        """Row 16, with ids ignored: the number alone guards."""
        us.fault("ignore_request_id", times=0)
        us.post("invoice", us_invoice("I-1"), requestid="same")

        assert codes(us.post("invoice", us_invoice("I-1"), requestid="same")) == ["6140"]

    def test_lets_numbers_be_taken_twice(self, us: Caller) -> None:
        """Row 63."""
        us.fault("allow_duplicate_docnumber", times=0)
        us.post("invoice", us_invoice("T-1"))

        assert us.post("invoice", us_invoice("T-1")).status_code == 200
        assert len(us.query("select * from Invoice where DocNumber = 'T-1'")["Invoice"]) == 2

    def test_makes_an_id_answer_its_error_for_ever(self, us: Caller) -> None:
        us.admin(
            "faults", [{"fault": "5xx_before_commit", "entity": "invoice"}, {"fault": "id_replays_error"}]
        )
        us.post("invoice", us_invoice("E-1"), requestid="e1")

        assert us.post("invoice", us_invoice("E-1"), requestid="e1").status_code == 500
        assert us.post("invoice", us_invoice("E-1"), requestid="e2").status_code == 200

    def test_goes_together_with_an_outcome(self, us: Caller) -> None:
        us.admin(
            "faults", [{"fault": "commit_then_drop", "entity": "invoice"}, {"fault": "ignore_request_id"}]
        )

        with pytest.raises(requests.RequestException):
            us.post("invoice", us_invoice("G-1"), requestid="g1")

        assert [entry["struck"] for entry in us.admin("faults")] == [1, 1]


class TestBatchFault:
    def test_touches_single_items(self, us: Caller) -> None:
        """Row 31: seven go well, two are refused, one is missing."""
        us.admin(
            "faults",
            [
                {"fault": "batch_item_throttled", "index": 2},
                {"fault": "batch_item_fault", "index": 5, "code": "6000"},
                {"fault": "batch_item_missing", "index": 8},
            ],
        )
        items = [
            {"bId": f"i{index}", "operation": "create", "Invoice": us_invoice(f"B-{index}")}
            for index in range(10)
        ]

        answered = us.post("batch", {"BatchItemRequest": items}, requestid="b1").json()["BatchItemResponse"]

        by_id = {item["bId"]: item for item in answered}
        assert len(by_id) == 9
        assert by_id["i2"]["Fault"]["Error"][0]["code"] == "3001"
        assert by_id["i5"]["Fault"]["Error"][0]["code"] == "6000"
        assert [holds(us, f"B-{index}") for index in (2, 5, 8)] == [False, False, True]

    def test_refuses_a_repeated_batch(self, us: Caller) -> None:
        """Row 32."""
        item = {"bId": "i", "operation": "create", "Invoice": us_invoice("R-1")}
        us.post("batch", {"BatchItemRequest": [item]}, requestid="b1")
        us.fault("batch_repeat_refused")

        assert codes(us.post("batch", {"BatchItemRequest": [item]}, requestid="b1")) == ["6000"]

    def test_commits_a_batch_whose_answer_is_lost(self, us: Caller) -> None:
        us.fault("commit_then_drop", operation="batch")
        item = {"bId": "i", "operation": "create", "Invoice": us_invoice("L-1")}

        with pytest.raises(requests.RequestException):
            us.post("batch", {"BatchItemRequest": [item]}, requestid="b1")

        assert holds(us, "L-1")


class TestTokenFault:
    def test_loses_the_rotated_pair(self, running: Running) -> None:
        """Row 13: the answer is lost after the old token died."""
        token = running.refresh_token(US)
        running.simulator.add_faults(
            Fault("commit_then_drop", entity="token"), Fault("rotate_token", operation="refresh")
        )

        with pytest.raises(requests.RequestException):
            refresh(running, token)

        assert refresh(running, token).json()["error"] == "invalid_grant"

    def test_refuses_a_refresh(self, running: Running) -> None:
        running.simulator.add_faults(Fault("refuse_refresh", realm=US))

        assert refresh(running, running.refresh_token(UK)).status_code == 200
        assert refresh(running, running.refresh_token(US)).json()["error"] == "invalid_grant"
        assert refresh(running, running.refresh_token(US)).status_code == 200

    def test_fails_the_token_endpoint(self, running: Running) -> None:
        running.simulator.add_faults(Fault("5xx_before_commit", entity="token", status=503))

        assert refresh(running, running.refresh_token(US)).status_code == 503
