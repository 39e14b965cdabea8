"""From a webhook's bytes to versions, and to a released document where the contract says at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from datetime import date
from typing import Any

import pytest

from mappings.canonical.workspace import Setup, Workspace
from tests.unit.worker.flows.front.conftest import JANUARY, Front
from tests.unit.worker.small_world import contract
from worker.flows import apply, receive, sweep
from worker.flows.receive import Received
from worker.store import inbox

KEY = base64.b64encode(b"a secret of at least 24 bytes").decode()
SECRET = f"whsec_{KEY}"
AT_ONCE = Workspace(Setup(contracts=(contract("C-LONE", "LONE", bill_changes="at_once"),)))


def event(quantity: int, *, on: str = "2026-01-11", subscription: str = "S-LONE", **more: Any) -> bytes:
    data = {
        "subscription": subscription,
        "party": "LONE",
        "product": "SEAT",
        "plan": "monthly",
        "term": "P1M",
        "start": "2026-01-01",
        "quantity": quantity,
        "effective": on,
    }
    body = {"type": "subscription.updated", "timestamp": f"{on}T09:00:00Z", "data": data | more}
    return json.dumps(body).encode()


def send(front: Front, raw: bytes, *, event_id: str = "e-1", secret: str = SECRET) -> Received:
    stamp = str(int(front.clock.now().timestamp()))
    signed = f"{event_id}.{stamp}.".encode() + raw
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    return receive.receive(front.ports, "subscription_events", headers=headers, raw=raw, secrets=(SECRET,))


def applied(front: Front, raw: bytes, *, event_id: str = "e-1") -> tuple[str, ...]:
    return apply.run(front.ports, send(front, raw, event_id=event_id).event)


class TestReceive:
    def test_stores_a_signed_event_and_rings(self, front: Front) -> None:
        got = send(front, event(4))

        assert got.outcome == "stored"
        assert front.bell.rung == [("apply_event", got.event)]
        assert front.rows("inbox", "event_id", "state") == [("e-1", "stored")]

    def test_counts_a_repeat_and_rings_no_more(self, front: Front) -> None:
        first = send(front, event(4))

        again = send(front, event(4))

        assert again == Received("duplicate", first.event)
        assert len(front.bell.rung) == 1
        assert front.rows("inbox", "duplicates") == [(1,)]

    def test_keeps_the_first_body_of_an_id(self, front: Front) -> None:
        send(front, event(4))

        assert send(front, event(5)).outcome == "conflict"
        ((body, why),) = front.rows("inbox", "body", "why")
        assert body == event(4)
        assert "another body" in str(why).lower()

    def test_stores_nothing_of_a_stranger(self, front: Front) -> None:
        other = "whsec_" + base64.b64encode(b"somebody else's secret!!!").decode()

        assert send(front, event(4), secret=other) == Received("unsigned")
        assert front.rows("inbox") == []

    def test_answers_an_unknown_source_like_a_stranger(self, front: Front) -> None:
        got = receive.receive(front.ports, "nobody", headers={}, raw=b"{}", secrets=(SECRET,))

        assert got == Received("unsigned")


class TestApply:
    def test_adds_a_version_and_waits_for_the_next_run(self, front: Front) -> None:
        front.bill()
        front.release()

        books = applied(front, event(4))

        assert books == ()
        assert front.rows("inbox", "state") == [("applied",)]
        assert ("S-LONE", "e-1") in front.rows("subscription_version", "subscription", "ref")
        assert front.bill().change.written == 1

    def test_bills_and_releases_at_once_where_the_contract_says_so(self, front: Front) -> None:
        """One seat more from 11 January: 21 of 31 days of 10.00."""
        front.load(AT_ONCE)
        front.bill()
        front.release()

        books = applied(front, event(4))

        assert books == ("US-BOOK",)
        numbers = front.rows("document", "number", "bill_to", "gross_minor")
        assert numbers[-1] == ("US-2026-00004", "LONE", 677)

    def test_does_nothing_the_second_time(self, front: Front) -> None:
        front.load(AT_ONCE)
        front.bill()
        front.release()
        got = send(front, event(4))
        apply.run(front.ports, got.event)
        before = front.everything()

        assert apply.run(front.ports, got.event) == ()
        assert front.everything() == before

    def test_bills_what_an_earlier_start_had_only_stored(
        self, front: Front, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Killed between storing the version and billing it: the sweeper's next ring goes on."""
        front.load(AT_ONCE)
        front.bill()
        front.release()
        got = send(front, event(4))

        def dies(*_given: object, **_named: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("worker.flows.bill.run", dies)
            with pytest.raises(KeyboardInterrupt):
                apply.run(front.ports, got.event)
        front.clock.advance(60)
        rung = sweep.sweep(front.ports)

        assert got.event in rung
        assert apply.run(front.ports, got.event) == ("US-BOOK",)
        assert len(front.rows("document")) == 4

    def test_gives_one_timeline_in_any_order(self, front: Front) -> None:
        """Row 35: the later observation of a day wins, whatever came first."""
        events = [
            (event(4, on="2026-01-11"), "e-1"),
            (event(9, on="2026-01-21"), "e-2"),
            (event(6, on="2026-01-16"), "e-3"),
        ]
        totals = set()
        for number, order in enumerate(itertools.permutations(events)):
            code = f"S-{number}"
            for raw, event_id in order:
                named = raw.replace(b'"S-LONE"', f'"{code}"'.encode())
                applied(front, named, event_id=f"{event_id}-{number}")
        front.bill()
        for _, body in front.rows("charge", "subscription", "body"):
            charge = json.loads(str(body))
            if charge["ref"]["subscription"][2:].isdigit():
                totals.add((charge["net"]["minor"], tuple(charge["basis"])))

        assert len(totals) == 1

    def test_refuses_what_it_cannot_read_and_says_why(self, front: Front) -> None:
        books = applied(front, event(4).replace(b'"quantity": 4', b'"quantity": "many"'))

        ((state, why),) = front.rows("inbox", "state", "why")
        assert books == ()
        assert state == "refused"
        assert "data.quantity" in str(why)

    def test_leaves_an_unknown_id_alone(self, front: Front) -> None:
        assert apply.run(front.ports, "01990000-0000-7000-8000-000000000000") == ()

    def test_gives_up_on_an_event_that_stops_it_every_time(self, front: Front) -> None:
        got = send(front, event(4))
        for _ in range(inbox.ATTEMPTS_MAX):
            front.store.transact(lambda c: inbox.begin(c, got.event, now=front.clock.now()))

        assert apply.run(front.ports, got.event) == ()
        assert front.rows("inbox", "state") == [("refused",)]

    def test_keeps_our_own_facts_of_a_subscription(self, front: Front) -> None:
        """The event's sender does not know the name in our file, and does not take it away."""
        applied(front, event(4, name="something else"))

        bodies = [str(body) for code, body in front.rows("subscription", "code", "body") if code == "S-LONE"]
        assert "something else" not in bodies[0]

    def test_takes_a_new_subscription(self, front: Front) -> None:
        front.load(AT_ONCE)
        front.bill(JANUARY)
        front.release()

        books = applied(front, event(2, on="2026-01-04", subscription="S-NEW", start="2026-01-04"))

        assert books == ("US-BOOK",)
        assert date(2026, 1, 4) in {row[0] for row in front.rows("charge", "cycle_start")}

    def test_of_nobody_we_know_is_kept_and_billed_to_nobody(self, front: Front) -> None:
        """Bad input 9: an event for a party that is not set up waits, and shows in the run's account."""
        front.load(AT_ONCE)

        applied(front, event(2, subscription="S-LOST", party="NOBODY"))
        account = front.bill(JANUARY).account

        assert account.unassigned == 1
        assert "S-LOST" not in {row[0] for row in front.rows("charge", "subscription")}

    def test_lets_the_sender_set_nothing_but_what_is_held(self, front: Front) -> None:
        """Bad input 17: state, ledger id, amount and book of an event are passed over."""
        front.load(AT_ONCE)
        more = {"ledger_id": "666", "amount": "0.01", "net": "0.01", "book": "OTHER", "delivery": "posted"}
        before = front.rows("external_reference")

        applied(front, event(4, on="2026-01-11", **more))

        assert front.rows("external_reference") == before
        assert {row[0] for row in front.rows("delivery", "state")} <= {"due", "planned", "parked"}
        assert {row[0] for row in front.rows("delivery", "book")} == {"US-BOOK"}
        assert 1 not in {row[0] for row in front.rows("charge", "net_minor")}
