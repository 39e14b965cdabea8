"""Who sent an event: Standard Webhooks signatures over the raw bytes (standardwebhooks.com, version 1).

The signed text is `id.timestamp.body`, the signature `v1,` + base64 of its HMAC-SHA256. Written out here and
not taken from the `standardwebhooks` package because that reads the clock itself and stops at a malformed
entry; the tests hold both against each other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

TOLERANCE_S = 300

MESSAGE_ID = re.compile(r"[!-~]{1,255}")
_TIMESTAMP = re.compile(r"(?:0|[1-9][0-9]{0,11})")
_SIGNATURES_MAX = 20
_PREFIX = "whsec_"


def is_signed(headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[str], now: datetime) -> bool:
    """Whether one of the active secrets signed exactly these bytes at most 300 s from `now`.

    Without a usable secret nothing is accepted. Every pair of secret and signature is compared, in constant
    time, so that the answer's time tells nothing. Several secrets are active while they are rotated.
    """
    named = lowered(headers)
    message_id, timestamp = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
    if not MESSAGE_ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_S:
        return False
    given = _signatures(named.get("webhook-signature", ""))
    signed = f"{message_id}.{timestamp}.".encode("ascii") + raw
    keys = [key for secret in secrets if (key := secret_key(secret))]
    accepted = False
    for key in keys:
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        for signature in given:
            accepted |= hmac.compare_digest(expected, signature)
    return accepted


def lowered(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def secret_key(secret: str) -> bytes:
    """The key inside a secret: base64, with or without `whsec_`; b"" when it is empty or no base64."""
    text = secret.strip().removeprefix(_PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _signatures(header: str) -> list[bytes]:
    """The version 1 signatures of the header; entries of other versions or shapes count for nothing."""
    entries = (entry.partition(",") for entry in header.split(" ")[:_SIGNATURES_MAX])
    return [value.encode("utf-8", "replace") for version, _, value in entries if version == "v1" and value]
