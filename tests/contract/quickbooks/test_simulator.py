"""How the simulator behaves on the wire: request ids, limits, people, notices."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from connectors.ledgers.quickbooks.simulator import (
    BadConfig,
    Limits,
    Running,
    WebhookConfig,
    serve,
)
from tests.contract.quickbooks.simulator_calls import (
    UK,
    US,
    Caller,
    codes,
    refresh,
    simulator,
    stopped_clock,
    us_invoice,
)


@pytest.fixture
def running() -> Iterator[Running]:
    with simulator() as running:
        yield running


@pytest.fixture
def us(running: Running) -> Caller:
    return Caller(running, US)


class TestServer:
    def test_listens_on_loopback_only(self) -> None:
        with pytest.raises(BadConfig, match="loopback"), serve(host="0.0.0.0"):
            pass

    def test_names_every_answer_with_a_trace_id(self, us: Caller) -> None:
        answers = [us.get("companyinfo/1"), us.get("query", query="nonsense"), us.get("no/such/path")]

        assert len({answer.headers["intuit_tid"] for answer in answers}) == 3

    def test_keeps_the_connection_open(self, us: Caller) -> None:
        answer = us.get("preferences")

        assert answer.raw.version == 11
        assert answer.headers.get("Connection") is None

    def test_wants_json_asked_for(self, us: Caller) -> None:
        us.session.headers["Accept"] = "*/*"

        assert us.get("preferences").status_code == 406

    def test_explains_itself(self, running: Running) -> None:
        manual = requests.get(f"{running.url}/_sim", timeout=10).text

        assert "POST /_sim/faults" in manual
        assert "commit_then_drop" in manual

    def test_refuses_admin_calls_of_web_pages(self, running: Running) -> None:
        answer = requests.get(f"{running.url}/_sim/ready", headers={"Origin": "http://x.example"}, timeout=10)

        assert answer.status_code == 403


class TestRequestId:
    def test_gives_the_first_answer_again_whatever_is_sent(self, us: Caller) -> None:
        first = us.post("invoice", us_invoice("R-1"), requestid="id-1")

        again = us.post("invoice", us_invoice("R-2"), requestid="id-1")

        assert again.content == first.content
        assert us.query("select count(*) from Invoice")["totalCount"] == 1

    def test_belongs_to_one_company(self, running: Running) -> None:
        for realm in (US, UK):
            made = Caller(running, realm).post("customer", {"DisplayName": "Same id"}, requestid="id-1")
            assert made.status_code == 200

    def test_does_not_keep_a_refusal(self, us: Caller) -> None:
        refused = us.post("invoice", us_invoice("N" * 22), requestid="id-1")

        assert codes(refused) == ["2050"]
        assert us.post("invoice", us_invoice("N" * 21), requestid="id-1").status_code == 200

    def test_keeps_a_refusal_when_scripted(self, us: Caller) -> None:
        us.fault("id_replays_error")
        us.post("invoice", us_invoice("N" * 22), requestid="id-1")

        assert codes(us.post("invoice", us_invoice("N-1"), requestid="id-1")) == ["2050"]

    def test_has_at_most_50_characters(self, us: Caller) -> None:
        assert codes(us.post("invoice", us_invoice("N"), requestid="x" * 51)) == ["2050"]

    def test_makes_one_invoice_of_many_equal_calls_at_once(self, us: Caller, running: Running) -> None:
        callers = [Caller(running, US) for _each in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda caller: caller.post("invoice", us_invoice("O-1"), requestid="one"), callers)
            )

        assert len({answer.content for answer in answers}) == 1
        assert us.query("select count(*) from Invoice")["totalCount"] == 1

    def test_in_a_batch_is_shorter(self, us: Caller) -> None:
        item = {"bId": "i" * 11, "operation": "create", "Invoice": us_invoice("N")}

        assert codes(us.post("batch", {"BatchItemRequest": [item]}, requestid="x" * 37)) == ["2050"]
        assert codes(us.post("batch", {"BatchItemRequest": [item]}, requestid="x" * 36)) == ["2050"]
        assert us.post("batch", {"BatchItemRequest": [item]}).status_code == 200


class TestLimits:
    def test_refuse_the_eleventh_call_of_a_second(self) -> None:
        clock = stopped_clock()
        with simulator(clock=clock, limits=Limits()) as running:
            caller, other = Caller(running, US), Caller(running, UK)
            seen = [caller.get("preferences").status_code for _call in range(12)]
            clock.advance(1)
            later = caller.get("preferences").status_code

            assert seen == [200] * 10 + [429] * 2
            assert (later, other.get("preferences").status_code) == (200, 200)
            assert caller.admin("calls")[US]["throttled"] == 2

    def test_let_an_evenly_paced_caller_pass(self) -> None:
        clock = stopped_clock()
        with simulator(clock=clock, limits=Limits()) as running:
            caller = Caller(running, US)
            seen = set()
            for _call in range(60):
                seen.add(caller.get("preferences").status_code)
                clock.advance(0.12)

        assert seen == {200}

    def test_refuse_the_batch_after_the_fortieth_of_a_minute(self) -> None:
        clock = stopped_clock()
        with simulator(clock=clock, limits=Limits()) as running:
            caller = Caller(running, US)
            seen = []
            for number in range(41):
                item = {"bId": "q", "Query": f"select * from Invoice where Id = '{number}'"}
                seen.append(caller.post("batch", {"BatchItemRequest": [item]}).status_code)
                clock.advance(0.5)

        assert seen == [200] * 40 + [429]

    def test_scale_and_switch_off_while_running(self) -> None:
        clock = stopped_clock()
        with simulator(clock=clock, limits=Limits(scale=0.2)) as running:
            caller = Caller(running, US)
            scaled = [caller.get("preferences").status_code for _call in range(3)]
            caller.admin("limits", {"realm": US, "enabled": False})

            assert scaled == [200, 200, 429]
            assert caller.get("preferences").status_code == 200


class TestPeople:
    def test_edit_void_and_delete_our_documents(self, us: Caller) -> None:
        made = [us.created("Invoice", us_invoice(f"P-{number}"))["Id"] for number in range(3)]

        us.admin("human", act("edit", entity="Invoice", id=made[0], changes={"PrivateNote": "mine now"}))
        us.admin("human", act("void", entity="Invoice", id=made[1]))
        us.admin("human", act("delete", entity="Invoice", id=made[2]))

        dump = {row["Id"]: row for row in us.admin(f"dump?realm={US}")["Invoice"]}
        assert (dump[made[0]]["PrivateNote"], dump[made[0]]["SyncToken"]) == ("mine now", "1")
        assert dump[made[1]]["TotalAmt"] == 0
        assert dump[made[2]]["status"] == "Deleted"
        stale = us.post("invoice", {"Id": made[0], "SyncToken": "0", "sparse": True, "PrivateNote": "ours"})
        assert codes(stale) == ["5010"]

    def test_take_a_number_before_us(self, us: Caller) -> None:
        us.admin("human", act("create_invoice", number="OURS-1", amount=5))

        assert codes(us.post("invoice", us_invoice("OURS-1"))) == ["6140"]

    def test_merge_and_deactivate_customers(self, us: Caller) -> None:
        kept = us.created("Customer", {"DisplayName": "Kept"})["Id"]
        us.created("Invoice", us_invoice("M-1"))
        us.admin("human", act("merge", loser="102", survivor=kept))

        moved = us.query("select * from Invoice where DocNumber = 'M-1'")["Invoice"][0]
        assert moved["CustomerRef"]["value"] == kept
        assert codes(us.post("invoice", us_invoice("M-2"))) == ["610"]
        us.admin("human", act("deactivate", entity="Customer", id=kept))
        assert codes(us.post("invoice", us_invoice("M-3", CustomerRef={"value": kept}))) == ["610"]

    def test_pay_and_so_guard_an_invoice_from_deletion(self, us: Caller) -> None:
        made = us.created("Invoice", us_invoice("PAID-1"))
        us.admin("human", act("pay", id=made["Id"]))

        held = us.query("select * from Invoice where DocNumber = 'PAID-1'")["Invoice"][0]

        assert held["Balance"] == 0
        deleted = us.post("invoice", {"Id": held["Id"], "SyncToken": held["SyncToken"]}, operation="delete")
        assert codes(deleted) == ["800"]

    def test_close_periods_and_rename_the_company(self, us: Caller) -> None:
        us.admin("company", {"realm": US, "changes": {"book_close_date": "2026-11-01", "name": "Other"}})

        assert codes(us.post("invoice", us_invoice("C-1"))) == ["6210"]
        assert us.get("companyinfo/1").json()["CompanyInfo"]["CompanyName"] == "Other"

    def test_disconnect_the_app(self, us: Caller, running: Running) -> None:
        token = running.refresh_token(US)

        us.admin("revoke", {"realm": US})

        assert us.get("preferences").status_code == 401
        assert refresh(running, token).json()["error"] == "invalid_grant"

    def test_learn_what_they_got_wrong(self, us: Caller) -> None:
        for path, body in (
            ("human", act("dance")),
            ("human", {"realm": "1", "act": "void"}),
            ("faults", {"fault": "explode"}),
            ("faults", {"fault": "hang", "second": 1}),
            ("company", {"realm": US, "changes": {"colour": 1}}),
        ):
            answer = requests.post(f"{us.running.url}/_sim/{path}", json=body, timeout=10)
            assert answer.status_code == 400
            assert answer.json()["error"]


class TestWebhooks:
    def test_tell_changes_signed_and_again_until_accepted(self) -> None:
        with Receiver(refusals=1) as (url, seen, arrived):
            webhooks = WebhookConfig(url=url, verifier_token="secret")
            with simulator(webhooks=webhooks) as running:
                caller = Caller(running, US)
                made = caller.created("Invoice", us_invoice("W-1"))
                assert arrived.wait(10)

        (first_body, _first), (body, signature) = seen
        digest = hmac.new(b"secret", body, hashlib.sha256).digest()
        assert first_body == body
        assert base64.b64decode(signature) == digest
        (event,) = json.loads(body)
        assert (event["type"], event["intuitentityid"]) == ("qbo.invoice.created.v1", made["Id"])
        assert (event["intuitaccountid"], event["specversion"], event["data"]) == (US, "1.0", {})


def act(name: str, **members: object) -> dict[str, object]:
    return {"realm": US, "act": name, **members}


class Receiver:
    """A webhook endpoint that refuses the first deliveries."""

    def __init__(self, *, refusals: int) -> None:
        self.seen: list[tuple[bytes, str]] = []
        self.arrived = threading.Event()
        noticed, arrived = self.seen, self.arrived

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                noticed.append((body, self.headers["intuit-signature"]))
                accepted = len(noticed) > refusals
                self.send_response(200 if accepted else 500)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if accepted:
                    arrived.set()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> tuple[str, list[tuple[bytes, str]], threading.Event]:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook", self.seen, self.arrived

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
