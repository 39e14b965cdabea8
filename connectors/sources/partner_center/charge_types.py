"""The charge types seen so far. The vocabulary is open: an unknown one is kept as it is, and flagged.

Sources: learn.microsoft.com/en-us/partner-center/recon-file-charge-types, files and samples; the case differs
between the API and files (`new`, `New`), so spellings are compared without it.
"""

from __future__ import annotations

NEW_COMMERCE = (
    "new",
    "renew",
    "addQuantity",
    "removeQuantity",
    "convert",
    "cancel",
    "cancelImmediate",
    "cycleCharge",
    "customerCredit",
)

LEGACY = (
    "Purchase fee",
    "Prorate fees when purchase",
    "Cycle fee",
    "Cycle instance prorate",
    "Cancel fee",
    "Cancel instance prorate",
    "Prorate fee when renew",
    "Renew fee",
    "Prorate fees when activate",
    "Activation fee",
    "Prorate fees when cancel",
    "Prorate fees when convert from",
    "Prorate fees when convert to",
    "Offset line item",
    "Assess usage fee for current cycle",
    "Assess usage fee when cancel",
    "Activation discount",
    "Cycle discount",
    "Renewal discount",
    "Cancel discount",
)

_KNOWN = {name.lower(): name for name in (*NEW_COMMERCE, *LEGACY)}


def known_charge_type(text: str) -> str | None:
    """The one spelling of a known charge type, None for an unknown one."""
    return _KNOWN.get(" ".join(text.lower().split()))
