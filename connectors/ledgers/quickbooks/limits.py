"""What QuickBooks Online allows: lengths, characters, digits, calls a minute (qbo.md 5, 6, 8, 10)."""

from __future__ import annotations

import re
from dataclasses import replace

from connectors.protocols import Capabilities, Rates

BATCH_SIZE = 30
NAMES_PER_QUERY = 50
QUERY_ROWS_MAX = 1000

DISPLAY_NAME_MAX = 500
COMPANY_NAME_MAX = 100
ITEM_NAME_MAX = 100
SKU_MAX = 100
RESALE_NUMBER_MAX = 16
EMAIL_MAX = 100
FILE_NAME_MAX = 1000
NOTES_MAX = 2000
TEXT_MAX = 4000
MEMO_MAX = 1000
NUMBER_MAX = 21
PRICE_DECIMALS_MAX = 7
"""Seven decimals of a unit price were seen in a real answer (qbo.md section 6.2)."""

ADDRESS_LINE_MAX = 500
ADDRESS_PART_MAX = 255
POSTAL_CODE_MAX = 30

CAPABILITIES = Capabilities(
    records=frozenset(
        {"customer", "item", "invoice", "credit_note", "void", "application", "attachment", "email"}
    ),
    batch_size=BATCH_SIZE,
    rates=Rates(per_second=10, per_minute=500, batches_per_minute=40, in_flight=4),
    number_length_max=NUMBER_MAX,
    name_length_max=DISPLAY_NAME_MAX,
    text_length_max=TEXT_MAX,
    lines_max=750,
    decimals_max=PRICE_DECIMALS_MAX,
    tax_mode="ours",
    caller_sets_number=True,
    metered_reads=True,
    reads_per_month=500_000,
    server_limit_s=120,
    recheck_s=10,
    throttle_default_s=60,
    key_guard="ledger",
    needs_release="approve",
    default_create_missing="never",
)
"""`reads_per_month`: CorePlus calls of the Builder tier, over all books of one application (qbo.md 10)."""


def capabilities(share: float) -> Capabilities:
    """What a book may do that may use this share (0 < share <= 1) of the published call limits."""
    whole = CAPABILITIES.rates
    rates = replace(
        whole,
        per_second=whole.per_second * share,
        per_minute=whole.per_minute * share,
        batches_per_minute=whole.batches_per_minute * share,
    )
    return replace(CAPABILITIES, rates=rates)


_COLONS = re.compile(r"\s*:[\s:]*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def fitted_name(name: str, marker: str, length_max: int) -> str:
    """A name without the characters QBO refuses, cut to its limit.

    A cut name ends with six characters of the marker, so that two long names that begin alike stay two;
    a name of nothing but such characters becomes the marker.
    """
    plain = " ".join(_COLONS.sub(" - ", _CONTROLS.sub(" ", name)).split()) or marker
    if len(plain) <= length_max:
        return plain
    return f"{plain[: length_max - 7].rstrip()} {marker[:6]}"


def cut(text: str, length_max: int) -> str:
    """The text, or its beginning with an ellipsis when it is longer than the limit."""
    return text if len(text) <= length_max else text[: length_max - 1] + "…"
