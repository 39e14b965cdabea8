from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from connectors.sources.subscription_events import SubscriptionEvents

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four by").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"an older one, rotated away").decode()
BODY = b'{"type": "subscription.updated", "data": {}}'
SOURCE = SubscriptionEvents()


def signed(
    body: bytes = BODY, *, secret: str = SECRET, at: datetime = NOW, event_id: str = "msg_1"
) -> dict[str, str]:
    """Headers made by the reference package."""
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body.decode()),
    }


def accepts(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,)) -> bool:
    return SOURCE.verify(headers, body, secrets=secrets, now=NOW)


class TestSignature:
    def test_of_the_reference_package_is_accepted(self) -> None:
        assert accepts(signed())

    @given(st.text(max_size=50), st.binary(min_size=1, max_size=64))
    def test_agrees_with_the_reference_package(self, text: str, key: bytes) -> None:
        secret = base64.b64encode(key).decode()
        body = text.encode("utf-8", "replace")

        assert accepts(signed(body, secret=secret), body, (secret,))
        assert not accepts(signed(body, secret=secret), body + b" ", (secret,))

    def test_that_we_accept_is_accepted_by_the_reference_package(self) -> None:
        at = datetime.now(UTC)
        headers = signed(at=at)

        assert SOURCE.verify(headers, BODY, secrets=(SECRET,), now=at)
        Webhook(SECRET).verify(BODY, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(OLD_SECRET).verify(BODY, headers)

    def test_names_its_headers_in_any_case(self) -> None:
        assert accepts({name.title(): value for name, value in signed().items()})

    @pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    def test_needs_every_header(self, missing: str) -> None:
        headers = signed()

        assert not accepts({name: value for name, value in headers.items() if name != missing})
        assert not accepts(headers | {missing: ""})

    def test_is_refused_for_other_bytes_of_the_same_json(self) -> None:
        """Bad input 3."""
        assert not accepts(signed(), BODY.replace(b": ", b":"))

    @pytest.mark.parametrize(
        "damage",
        [
            lambda text: text.lower(),
            lambda text: text.upper(),
            lambda text: text.removeprefix("v1,"),
            lambda text: text.replace("v1,", "v2,"),
            lambda text: text.replace("v1,", "v1"),
            lambda text: "v1," + base64.b64encode(b"x" * 32).decode(),
            lambda text: "v1,not base64 at all",
            lambda text: "v1,ÄÖÜ",
            lambda text: "v1,",
            lambda text: ",",
            lambda text: text[:-1],
        ],
    )
    def test_that_is_damaged_is_refused(self, damage: object) -> None:
        headers = signed()
        damaged = damage(headers["webhook-signature"])  # type: ignore[operator]  # one of the lambdas above

        assert not accepts(headers | {"webhook-signature": damaged})

    def test_may_stand_among_others(self) -> None:
        ours = signed()["webhook-signature"]
        others = f"v1a,asymmetric nonsense v1,{'A' * 44} {ours}"

        assert accepts(signed() | {"webhook-signature": others})

    def test_of_an_old_secret_counts_while_it_is_active(self) -> None:
        headers = signed(secret=OLD_SECRET)

        assert accepts(headers, secrets=(SECRET, OLD_SECRET))
        assert not accepts(headers, secrets=(SECRET,))

    @pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("  ",), ("not base64!",), ("ÄÖ",)])
    def test_is_never_accepted_without_a_usable_secret(self, secrets: tuple[str, ...]) -> None:
        assert not accepts(signed(), secrets=secrets)

    def test_with_an_empty_key_is_not_accepted(self) -> None:
        """An empty secret must close the door, not open it to whoever signs with nothing."""
        text = f"msg_1.{int(NOW.timestamp())}.".encode() + BODY
        forged = base64.b64encode(hmac.new(b"", text, hashlib.sha256).digest()).decode()

        assert not accepts(signed() | {"webhook-signature": f"v1,{forged}"}, secrets=("", "whsec_"))


class TestTime:
    @pytest.mark.parametrize(
        ("seconds", "accepted"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)]
    )
    def test_may_differ_by_300_seconds(self, seconds: int, accepted: bool) -> None:
        """Rows 36, 42."""
        assert accepts(signed(at=NOW + timedelta(seconds=seconds))) == accepted

    @pytest.mark.parametrize(
        "timestamp",
        [
            "",
            "now",
            "-1",
            "1.5",
            str(2**63),
            str(int(NOW.timestamp()) * 1000),
            "1e9",
            "٣",
            " 1770715800",
            "0x1",
        ],
    )
    def test_must_be_whole_seconds(self, timestamp: str) -> None:
        """Bad input 5."""
        assert not accepts(signed() | {"webhook-timestamp": timestamp})


class TestEventId:
    def test_is_the_header(self) -> None:
        assert SOURCE.event_id({"Webhook-Id": "msg_7"}, b"") == "msg_7"

    @pytest.mark.parametrize("event_id", ["", "a b", "a\r\nSet-Cookie: x", "é", "x" * 256, "\u202eabc"])
    def test_that_is_unusable_is_refused(self, event_id: str) -> None:
        """Bad inputs 12 and 13."""
        assert not accepts(signed() | {"webhook-id": event_id})
        with pytest.raises(Exception, match="webhook-id"):
            SOURCE.event_id({"webhook-id": event_id}, b"")
