"""Takes secrets and personal data out of text before it is stored, shown or logged.

A net, not the plan: callers keep tokens and addresses away from logs in the first place (R17).
"""

from __future__ import annotations

import re

HIDDEN = "[hidden]"

_NAMES = "access_token|refresh_token|id_token|client_secret|client_id|authorization|password|api_key|token"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (re.compile(rf'(?i)("(?:{_NAMES})"\s*:\s*")[^"]{{6,}}(")'), rf"\g<1>{HIDDEN}\2"),
    (re.compile(rf"(?i)\b((?:{_NAMES})=)[^&\s\"']{{6,}}"), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(?i)([?&]code=)[^&\s]+"), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(?i)(token (?:expired|revoked|invalid):?\s*)\S+"), rf"\g<1>{HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*"), HIDDEN),
    (re.compile(r"\b(?:RT|AT|AB)\d[\w-]{20,}"), HIDDEN),
    (re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), "[bank account]"),
    (re.compile(r"\b\d{2}-\d{7}\b|\b\d{3}-\d{2}-\d{4}\b"), "[tax id]"),
    (re.compile(r"\+(?=(?:\D{0,2}\d){9})\d[\d ()/.-]{7,20}\d"), "[phone]"),
)


def redact(text: str, *, length_max: int = 2000) -> str:
    """The text without tokens, secrets, e-mail, phone, bank and tax numbers, on one line, cut short."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    plain = " ".join(text.split())
    return plain if len(plain) <= length_max else plain[: length_max - 1] + "…"
