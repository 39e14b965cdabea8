"""Our connector against the simulated Xero: what the conformance kit cannot ask, being Xero's alone."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connectors.errors import Conflict, ConsentLost, OutcomeUnknown, Refused, Throttled, Unreachable
from connectors.ledgers.xero import limits, open_book
from connectors.ledgers.xero.consent import XeroConsent
from connectors.ledgers.xero.notices import answer_status, read_notices
from connectors.ledgers.xero.simulator import Fault, Limits, SimulatorConfig, WebhookConfig, serve
from connectors.protocols import Held, Posted, Shipment
from mappings.canonical.money import zero
from mappings.canonical.record import ApplicationRecord, AttachmentRecord, Reference, Target, VoidRecord
from tests.contract.xero.calls import IRELAND, SECOND
from tests.contract.xero.opened import UK, Opened, one, opened, posted
from tests.unit.connectors.ledgers.xero import records as make


@pytest.fixture
def xero() -> Iterator[Opened]:
    with opened() as made:
        yield made


def invoices(xero: Opened, count: int) -> list[Shipment]:
    return [xero.shipment(make.document(f"INV-{index:03}")) for index in range(count)]


def target(done: Posted, shipment: Shipment) -> Target:
    assert shipment.expect.gross is not None
    return Target("invoice", f"REF{shipment.lookup}", shipment.lookup, shipment.expect.gross)


class TestBatch:
    def test_of_fifty_is_one_call(self, xero: Opened) -> None:
        sent = invoices(xero, limits.BATCH_SIZE)

        done = posted(xero.ledger.push(sent, batch_key="b" * 32))

        assert [one.lookup for one in done] == [one.lookup for one in sent]
        assert (xero.calls("batches"), xero.calls("batch_items"), xero.calls("writes")) == (1, 50, 1)

    def test_tells_each_its_own(self, xero: Opened) -> None:
        xero.human().create_invoice(number="INV-001")
        xero.misbehave(Fault("batch_item_fault", index=2, detail="The contact is archived"))
        xero.misbehave(Fault("batch_item_missing", index=3, commit="first"))

        first, taken, archived, unheard = xero.ledger.push(invoices(xero, 4), batch_key="b" * 32)

        assert isinstance(first, Posted)
        assert isinstance(taken, Conflict)
        assert isinstance(archived, Refused)
        assert archived.clears_by == "customer_inactive"
        assert isinstance(unheard, OutcomeUnknown)

    def test_refused_as_a_whole_says_nothing_about_its_records(self, xero: Opened) -> None:
        xero.misbehave(Fault("fault", operation="batch", detail="Invoice # must be unique."))

        with pytest.raises(OutcomeUnknown, match="refused as a whole"):
            xero.ledger.push(invoices(xero, 2), batch_key="b" * 32)

    def test_of_more_than_a_body_holds_leaves_the_rest_unsent(
        self, xero: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "BODY_BYTES_MAX", 2000)

        outcomes = xero.ledger.push(invoices(xero, 6), batch_key="b" * 32)

        sent = [outcome for outcome in outcomes if isinstance(outcome, Posted)]
        assert 0 < len(sent) < 6
        assert all(isinstance(outcome, Unreachable) for outcome in outcomes[len(sent) :])
        assert len(xero.held()) == len(sent)

    def test_takes_one_kind_only(self, xero: Opened) -> None:
        mixed = [xero.shipment(make.document()), xero.shipment(make.item("X"))]

        with pytest.raises(ValueError, match="one kind"):
            xero.ledger.push(mixed, batch_key="b" * 32)


class TestNumber:
    def test_guards_when_the_key_is_forgotten(self) -> None:
        with opened(key_window_s=0) as xero:
            shipment = xero.shipment(make.document())
            (done,) = posted(xero.ledger.push([shipment]))

            again = one(xero.ledger.push([shipment]))
            held = one(xero.ledger.find([shipment]))

            assert isinstance(again, Conflict)
            assert (held.ledger_id, held.marker) == (done.ledger_id, shipment.marker)
            assert len(xero.held()) == 1

    def test_of_a_suppliers_bill_is_in_nobodys_way(self, xero: Opened) -> None:
        xero.human().create_invoice(number="INV-000", type_="ACCPAY")
        (shipment,) = invoices(xero, 1)

        assert one(xero.ledger.find([shipment])) is None
        posted(xero.ledger.push([shipment]))
        assert one(xero.ledger.find([shipment])).live

    def test_under_another_customers_answer_is_not_believed(self, xero: Opened) -> None:
        xero.misbehave(Fault("wrong_echo"))

        assert isinstance(one(xero.ledger.push(invoices(xero, 1))), OutcomeUnknown)


class TestContact:
    @pytest.mark.parametrize("name", ["Acme Group", 'Acme "The" Group', "ACME & Söhne \\ Co"])
    def test_whose_name_is_a_strangers_is_a_conflict_and_found(self, xero: Opened, name: str) -> None:
        stranger = xero.shipment(make.customer(name=name), ref="SOMEBODY")
        posted(xero.ledger.push([stranger]))
        ours = xero.shipment(make.customer(name=name.upper()))

        outcome, held = one(xero.ledger.push([ours])), one(xero.ledger.find([ours]))

        assert isinstance(outcome, Conflict)
        assert isinstance(held, Held)
        assert held.marker == ""

    def test_is_found_among_all_when_many_are_missing(self, xero: Opened) -> None:
        """Searching for each would use up the calls of the minute."""
        many = [xero.shipment(make.customer(f"P{index}/GBP", name=f"P {index}")) for index in range(9)]
        posted(xero.ledger.push([xero.shipment(make.customer(name="p 4"), ref="SOMEBODY")]))
        reads = xero.calls("reads")

        found = xero.ledger.find(many)

        assert [index for index, held in enumerate(found) if held] == [4]
        assert xero.calls("reads") - reads == 2

    def test_that_was_renamed_there_is_found_by_our_number(self, xero: Opened) -> None:
        ours = xero.shipment(make.customer())
        (done,) = posted(xero.ledger.push([ours]))
        xero.human().edit("Contacts", done.ledger_id, {"Name": "Acme plc"})

        held = one(xero.again().find([ours]))

        assert (held.ledger_id, held.lookup, held.marker) == (done.ledger_id, "Acme plc", ours.marker)


class TestMoney:
    def test_in_another_currency_stands_there_at_our_rate(self, xero: Opened) -> None:
        shipment = xero.shipment(make.document(currency="EUR", rate="0.8712"))

        (done,) = posted(xero.ledger.push([shipment]))

        (held,) = xero.held()
        assert str(held["CurrencyRate"]) == "1.147842"
        assert done.gross == shipment.expect.gross

    def test_of_many_lines_adds_up_though_xero_would_round_each(self, xero: Opened) -> None:
        lines = [make.line(33, percent="20", quantity="1", unit_price="0.33") for _ in range(7)]
        shipment = xero.shipment(make.document(lines=[lines]))

        (done,) = posted(xero.ledger.push([shipment]))

        assert (done.net, done.gross) == (shipment.expect.net, shipment.expect.gross)


class TestFollowUps:
    def test_void_is_refused_for_what_finance_touched(self, xero: Opened) -> None:
        paid, edited = invoices(xero, 2)
        done = posted(xero.ledger.push([paid, edited], batch_key="b" * 32))
        xero.human().pay(done[0].ledger_id)
        xero.human().edit("Invoices", done[1].ledger_id, {"Total": 1})

        outcomes = [
            one(xero.ledger.push([self.void(xero, *pair)])) for pair in zip(done, (paid, edited), strict=True)
        ]

        assert [outcome.code for outcome in outcomes] == ["paid_there", "edited_there"]

    def void(self, xero: Opened, done: Posted, shipment: Shipment) -> Shipment:
        about = target(done, shipment)
        bound = {about.reference: done.ledger_id}
        return xero.shipment(VoidRecord(about, "billed twice"), bound=bound)

    def test_credit_is_applied_once_even_when_its_answer_is_lost(self, xero: Opened) -> None:
        invoice, credit = (
            xero.shipment(make.document("INV-1")),
            xero.shipment(make.document("CN-1", kind="credit_note")),
        )
        (to,), (by,) = posted(xero.ledger.push([invoice])), posted(xero.ledger.push([credit]))
        about = target(to, invoice)
        from_ = replace(about, kind="credit_note", ref="REFCN-1", number="CN-1")
        record = ApplicationRecord(from_, about, about.gross, "ACME/GBP", date(2026, 11, 3))
        bound = {
            Reference("invoice", "REFINV-1"): to.ledger_id,
            Reference("credit_note", "REFCN-1"): by.ledger_id,
        }
        applied = xero.shipment(record, bound=bound)
        xero.misbehave(Fault("commit_then_drop", operation="allocate"))

        assert one(xero.ledger.find([applied])) is None
        with pytest.raises(OutcomeUnknown):
            xero.ledger.push([applied])
        held = one(xero.ledger.find([applied]))
        again = one(xero.ledger.push([replace(applied, key="another" * 4)]))

        assert held.marker == applied.marker
        assert isinstance(again, Refused)
        assert [one["Status"] for one in (*xero.held(), *xero.held("CreditNotes"))] == ["PAID", "PAID"]

    def test_file_of_the_same_name_but_another_size_is_not_ours(self, xero: Opened) -> None:
        (shipment,) = invoices(xero, 1)
        (done,) = posted(xero.ledger.push([shipment]))
        about = target(done, shipment)
        bound = {about.reference: done.ledger_id}
        ours = xero.shipment(AttachmentRecord(about, "a/b?.pdf", "application/pdf", b"%PDF"), bound=bound)
        file = AttachmentRecord(about, "a/b?.pdf", "application/pdf", b"another file")
        theirs = xero.shipment(file, bound=bound, ref="SOMEBODY")
        posted(xero.ledger.push([theirs]))

        stranger = one(xero.ledger.find([ours]))
        (sent,) = posted(xero.ledger.push([ours]))
        held = one(xero.ledger.find([ours]))

        assert stranger.marker == ""
        assert (held.ledger_id, held.marker, held.lookup) == (sent.ledger_id, ours.marker, "a-b-.pdf")


class TestChanges:
    def test_tell_of_payments_voids_merges_and_archives(self, xero: Opened) -> None:
        paid, voided = posted(xero.ledger.push(invoices(xero, 2), batch_key="b" * 32))
        since = datetime.now(UTC) - timedelta(minutes=1)
        xero.human().pay(paid.ledger_id)
        xero.human().void("Invoices", voided.ledger_id)
        xero.human().merge(make.ACME_JPY, make.ACME_EUR)

        found = {change.ledger_id: change for change in xero.ledger.changes(since).changes}

        assert found[paid.ledger_id].balance == zero("GBP")
        assert not found[voided.ledger_id].is_live
        assert not found[make.ACME_JPY].is_there

    def test_since_now_are_none(self, xero: Opened) -> None:
        posted(xero.ledger.push(invoices(xero, 1)))

        told = xero.ledger.changes(datetime.now(UTC) + timedelta(minutes=1))

        assert (told.changes, told.reads, told.is_complete) == ((), 4, True)


class TestConsent:
    def test_covers_several_organisations_whose_books_share_it(self) -> None:
        config = SimulatorConfig(organisations=(UK, IRELAND), limits=Limits(enabled=False))
        with opened() as xero, serve(config) as running:
            access, refresh = running.simulator.oauth.new_pair(make.TENANT, SECOND)
            xero.tokens.stored = replace(
                xero.tokens.stored or pytest.fail("no token"),
                access_token=access,
                refresh_token=refresh,
                access_expires_at=datetime.now(UTC),
            )
            addresses = {"api_base": running.api_base, "token_endpoint": running.token_endpoint}
            secret = {"client_secret": running.client_secret}
            books = (
                make.book(**addresses, **secret),
                replace(
                    make.book("IE-BOOK", tenant_id=SECOND, tokens_of="UK-BOOK", **addresses, **secret),
                    home_currency="EUR",
                ),
            )

            states = [open_book(book, clock=xero.clock, tokens=xero.tokens).check() for book in books]

            assert [one.company_name for one in states] == ["Seller Ltd", "Seller Ireland"]
            assert [one.problems for one in states] == [(), ()]
            assert running.simulator.calls[make.TENANT].tokens == 1

    def test_whose_renewed_tokens_were_lost_goes_on_with_the_old_ones(self) -> None:
        """The grace of half an hour: the answer of a refresh was lost, the pair before it still works."""
        with opened(access_lives_s=1) as xero:
            xero.misbehave(Fault("commit_then_drop", entity="token"))

            state = xero.ledger.check()

            assert (state.company_name, xero.calls("tokens")) == ("Seller Ltd", 2)
        assert len(xero.clock.slept) == 1

    def test_withdrawn_pauses_the_book(self, xero: Opened) -> None:
        xero.misbehave(Fault("consent_revoked"))

        with pytest.raises(ConsentLost):
            xero.ledger.push(invoices(xero, 1))

    def test_is_given_in_a_browser_and_checked_for_the_organisation(self, xero: Opened) -> None:
        running = xero.running
        book = make.book(
            api_base=running.api_base,
            token_endpoint=running.token_endpoint,
            authorize_endpoint=running.authorize_endpoint,
            client_secret=running.client_secret,
        )
        back = "http://127.0.0.1:9/oauth/connected"
        consent = XeroConsent()
        address = consent.address(book, redirect_uri=back, state="s")

        def code(tenants: str) -> dict[str, str]:
            answer = requests.get(f"{address}&tenant_ids={tenants}", allow_redirects=False, timeout=10)
            return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

        token = consent.exchange(book, answer=code(make.TENANT), redirect_uri=back, clock=xero.clock)
        other = replace(book, settings={**book.settings, "tenant_id": SECOND})
        with pytest.raises(Refused, match="other organisations"):
            consent.exchange(other, answer=code(make.TENANT), redirect_uri=back, clock=xero.clock)

        assert token.refresh_expires_at is not None
        assert token.refresh_expires_at > xero.clock.now() + timedelta(days=59)


class TestLimits:
    def test_of_a_minute_become_a_time_to_wait(self) -> None:
        with opened(limits=Limits(per_minute=2)) as xero:
            for shipment in invoices(xero, 2):
                posted(xero.ledger.push([shipment]))

            with pytest.raises(Throttled) as refused:
                xero.ledger.push(invoices(xero, 1))

        assert "minute" in refused.value.why
        assert 0 < (refused.value.retry_after_s or 0) <= 60


class TestWebhooks:
    def test_are_signed_and_come_after_the_intent_to_receive(self) -> None:
        heard: list[tuple[int, bytes]] = []
        told = threading.Event()

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # http.server's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = answer_status(dict(self.headers), body, ["the key"])
                heard.append((status, body))
                self.send_response(status)
                self.end_headers()
                if status == 200 and read_notices(body):
                    told.set()

            def log_message(self, *_args: object) -> None:
                """Silent."""

        with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            webhooks = WebhookConfig(f"http://127.0.0.1:{server.server_port}/hooks", "the key")
            config = SimulatorConfig(organisations=(UK,), webhooks=webhooks)
            with serve(config) as running:
                row = running.simulator.human(make.TENANT).create_invoice(number="INV-1")
                assert told.wait(20)
            server.shutdown()

        assert [status for status, _ in heard[:2]] == [200, 401]
        (notice,) = read_notices(heard[2][1])
        assert (notice.entity, notice.verb, notice.ledger_id) == ("invoice", "create", row.id)
