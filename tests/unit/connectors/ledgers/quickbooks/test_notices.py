"""Notices: the official signed vectors, tampering, and both body formats."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from connectors.ledgers.quickbooks.notices import NoticeUnreadable, is_genuine, read_notices


class TestSignature:
    def test_agrees_with_the_signed_vectors(self, contracts: Path) -> None:
        vectors = json.loads((contracts / "qbo/samples/webhook_signature_vectors.json").read_text())

        for vector in vectors:
            raw = base64.b64decode(vector["raw_body_base64"])
            headers = {vector["header_name"].title(): vector["intuit_signature"]}
            assert is_genuine(headers, raw, [vector["verifier_token"]]) is vector["valid"], vector["name"]

    def test_accepts_any_of_several_active_tokens(self, contracts: Path) -> None:
        vector = json.loads((contracts / "qbo/samples/webhook_signature_vectors.json").read_text())[0]
        raw = base64.b64decode(vector["raw_body_base64"])
        headers = {"intuit-signature": vector["intuit_signature"]}

        assert is_genuine(headers, raw, ["retired", vector["verifier_token"]])

    @pytest.mark.parametrize("signature", ["", "not base64!", "AAAA"])
    def test_refuses_what_is_not_a_signature(self, signature: str) -> None:
        assert not is_genuine({"intuit-signature": signature}, b"[]", ["token"])

    @pytest.mark.parametrize("tokens", [[], [""]])
    def test_is_closed_without_a_token(self, tokens: list[str]) -> None:
        assert not is_genuine({"intuit-signature": "AAAA"}, b"[]", tokens)


class TestReading:
    def test_routes_cloud_events_of_several_companies(self, contracts: Path) -> None:
        notices = read_notices((contracts / "qbo/samples/webhook_cloudevents_multi_realm.json").read_bytes())

        assert [(one.realm_id[-1], one.entity, one.verb, one.ledger_id) for one in notices] == [
            ("1", "invoice", "created", "1501"),
            ("2", "payment", "updated", "1530"),
            ("1", "customer", "merged", "102"),
            ("1", "invoice", "void", "1499"),
            ("1", "class", "created", "1234"),
        ]
        assert notices[2].merged_id == "99"

    def test_reads_the_legacy_form_with_an_identity_of_its_facts(self, contracts: Path) -> None:
        notices = read_notices((contracts / "qbo/samples/webhook_legacy_multi_realm.json").read_bytes())

        assert notices[1].event_id == "9341450000000001|Customer|102|Merge|2026-07-01T15:30:22.000Z"
        assert (notices[1].verb, notices[1].merged_id) == ("merged", "99")
        assert (notices[2].realm_id, notices[2].verb) == ("9341450000000002", "void")

    def test_takes_both_spellings_of_void(self) -> None:
        raw = b'[{"id":"1","type":"qbo.invoice.voided.v1","intuitentityid":"5","intuitaccountid":"7"}]'

        assert read_notices(raw)[0].verb == "void"

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{}",
            b"\xff",
            b'[{"id":"1"}]',
            b'[{"id":"1","type":"x","intuitentityid":"5","intuitaccountid":"7"}]',
        ],
    )
    def test_refuses_other_bodies(self, raw: bytes) -> None:
        with pytest.raises(NoticeUnreadable):
            read_notices(raw)
