"""What Xero allows: lengths, digits, records in a call, calls a minute (ledgers.md 1.2, 1.3; its spec)."""

from __future__ import annotations

import re
from dataclasses import replace

from connectors.protocols import Capabilities, Rates

BATCH_SIZE = 50
BODY_BYTES_MAX = 3_500_000
PAGE_SIZE = 1000

NUMBER_MAX = 255
REFERENCE_MAX = 255
TEXT_MAX = 4000
CONTACT_NAME_MAX = 255
CONTACT_PART_MAX = 255
EMAIL_MAX = 255
TAX_NUMBER_MAX = 50
CONTACT_NUMBER_MAX = 50
ITEM_CODE_MAX = 30
ITEM_NAME_MAX = 50
TRACKING_MAX = 2
PRICE_DECIMALS_MAX = 4
QUANTITY_DECIMALS_MAX = 4
RATE_DECIMALS_MAX = 6
MONEY_DECIMALS_MAX = 2
"""Every amount there has two decimals; the spec knows no third one (`unitdp` is for unit prices)."""
FILE_BYTES_MAX = 10_000_000
FILE_NAME_MAX = 200

ADDRESS_LINE_MAX = 500
ADDRESS_PART_MAX = 255
POSTAL_CODE_MAX = 50
COUNTRY_MAX = 50

SEARCHES_MAX = 3
WHERE_CHARS_MAX = 1500
"""A `where` travels in the address of a read, and long ones time out."""

CAPABILITIES = Capabilities(
    records=frozenset({"customer", "item", "invoice", "credit_note", "void", "application", "attachment"}),
    batch_size=BATCH_SIZE,
    batch_mixes_kinds=False,
    rates=Rates(per_minute=60, in_flight=5),
    number_length_max=NUMBER_MAX,
    name_length_max=CONTACT_NAME_MAX,
    text_length_max=TEXT_MAX,
    decimals_max=PRICE_DECIMALS_MAX,
    tax_mode="ours",
    caller_sets_number=True,
    metered_reads=True,
    app_calls_per_minute=10_000,
    server_limit_s=120,
    recheck_s=10,
    throttle_default_s=60,
    key_guard="number",
    needs_release="approve",
    default_create_missing="never",
)
"""`metered_reads`: they count towards 5,000 calls a day (Starter tier: 1,000), and are billed by volume."""


def capabilities(share: float) -> Capabilities:
    """What a book may do that may use this share (0 < share <= 1) of the published call limits."""
    rates = CAPABILITIES.rates
    return replace(CAPABILITIES, rates=replace(rates, per_minute=rates.per_minute * share))


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BRACKETS = str.maketrans({"<": "(", ">": ")"})
_QUOTED = re.compile(r"[\"\\]")
_FILE_FORBIDDEN = re.compile(r'[<>:"/\\|?*+\x00-\x1f]')


def fitted_name(name: str, marker: str, length_max: int) -> str:
    """A contact's name without what Xero refuses (angle brackets, blanks at ends or in a row), cut to fit.

    A cut name ends with six characters of the marker, so that two long names that begin alike stay two;
    a name of nothing but such characters becomes the marker.
    """
    plain = " ".join(_CONTROLS.sub(" ", name).translate(_BRACKETS).split()) or marker
    if len(plain) <= length_max:
        return plain
    return f"{plain[: length_max - 7].rstrip()} {marker[:6]}"


def fitted_code(code: str, marker: str) -> str:
    """An item's code, cut as a name is; quotes would end a `where` and a reference to it."""
    return fitted_name(_QUOTED.sub("'", code), marker, ITEM_CODE_MAX)


def fitted_file_name(name: str) -> str:
    """A file's name as a part of an address, its ending kept."""
    plain = _FILE_FORBIDDEN.sub("-", name).strip() or "file"
    head, dot, ending = plain.rpartition(".")
    if len(plain) <= FILE_NAME_MAX or not dot:
        return plain[:FILE_NAME_MAX]
    return f"{head[: FILE_NAME_MAX - len(ending) - 1]}.{ending}"


def cut(text: str, length_max: int) -> str:
    """The text, or its beginning with an ellipsis when it is longer than the limit."""
    return text if len(text) <= length_max else text[: length_max - 1] + "…"
