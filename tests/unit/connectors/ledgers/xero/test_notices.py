"""Xero's webhooks: signatures over raw bytes, the intent to receive, and who changed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import msgspec
import pytest
import yaml

from connectors.ledgers.xero.notices import NoticeUnreadable, answer_status, is_genuine, read_notices

BODY = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}'


def signed(body: bytes, key: str = "key") -> dict[str, str]:
    digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return {"X-Xero-Signature": base64.b64encode(digest).decode()}


class TestSignature:
    def test_is_over_the_raw_bytes_by_any_of_our_keys(self) -> None:
        assert is_genuine(signed(BODY), BODY, ["old", "key"])
        assert not is_genuine(signed(BODY), BODY + b" ", ["key"])

    @pytest.mark.parametrize("keys", [[], [""], ["other"]])
    def test_is_never_right_without_the_key(self, keys: list[str]) -> None:
        assert not is_genuine(signed(BODY, keys[0] if keys else "key"), BODY, [] if not keys else ["x", ""])

    def test_that_is_no_base64_is_wrong(self) -> None:
        assert not is_genuine({"x-xero-signature": "not base64!"}, BODY, ["key"])


class TestIntentToReceive:
    def test_is_answered_by_200_and_by_401_where_it_is_signed_wrongly(self) -> None:
        assert answer_status(signed(BODY), BODY, ["key"]) == 200
        assert answer_status(signed(BODY, "not the key"), BODY, ["key"]) == 401
        assert read_notices(BODY) == ()


class TestNotices:
    def test_are_read_from_the_official_example(self, contracts: Path) -> None:
        spec = yaml.safe_load((contracts / "xero/xero-webhooks.yaml").read_text())
        content = spec["webhooks"]["creditNotes"]["post"]["requestBody"]["content"]["application/json"]
        example = content["examples"]["creditNoteCreate"]["value"]

        (notice,) = read_notices(msgspec.json.encode(example))

        assert (notice.entity, notice.verb) == ("creditnote", "create")
        assert notice.ledger_id == "55d84274-a3da-4829-a7c0-0cab601b95cc"
        assert notice.tenant_id == "aef86862-2015-4b6b-88bc-d89032cecc50"

    def test_that_come_twice_have_one_id(self) -> None:
        event = {
            "resourceId": "r",
            "tenantId": "t",
            "eventCategory": "INVOICE",
            "eventType": "UPDATE",
            "eventDateUtc": "2026-01-01T00:00:00.000",
        }
        first, again = (
            read_notices(msgspec.json.encode({"events": [event], "entropy": entropy})) for entropy in "ab"
        )

        assert first == again

    @pytest.mark.parametrize("raw", [b"", b"[]", b'{"events":[{}]}', b"\xff"])
    def test_of_anything_else_are_refused(self, raw: bytes) -> None:
        with pytest.raises(NoticeUnreadable):
            read_notices(raw)
