"""The seven words: every failure of another system, named by what happens next.

ConnectorError
|- Unreachable      nothing left this machine      -> send again later
|- Throttled        they asked us to wait          -> send again after `retry_after_s`
|- OutcomeUnknown   sent, no answer came back      -> look it up, then decide
|- Conflict         they hold another version      -> look it up, then decide
|- Refused          understood and turned down     -> park it, or block it until `clears_by`
|- ConsentLost      our access was withdrawn       -> pause the whole book
`- Unrecognised     an answer we have no row for   -> park it, and write the row
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class ConnectorError(Exception):
    """A failure of another system: `why` in plain words for the operator, their code and trace id.

    A whole call that failed is raised; one shipment that failed inside an answered call is the same
    class as a value. `detail` is their own text, redacted; `hint` what the operator can do.
    """

    why: str
    code: str = ""
    status: int | None = None
    detail: str = ""
    hint: str = ""
    trace_id: str = ""

    def __str__(self) -> str:
        return self.why


@dataclass
class Unreachable(ConnectorError):
    """Provably nothing was delivered: connect, DNS or TLS failure, or our own local refusal."""


@dataclass
class Throttled(ConnectorError):
    """They asked us to wait; never counts as an attempt. `retry_after_s` None = the book's default."""

    retry_after_s: float | None = None


@dataclass
class OutcomeUnknown(ConnectorError):
    """Bytes may have left and no clear answer came back: only a read of the book can tell."""


@dataclass
class Conflict(ConnectorError):
    """They hold a record under our number, name or an older version: look before deciding."""


Clearing = Literal[
    "consent_lost",
    "period_closed",
    "customer_inactive",
    "item_inactive",
    "subscription_lapsed",
    "company_changed",
    "book_damaged",
    "disk_full",
]


@dataclass
class Refused(ConnectorError):
    """Understood and turned down. `clears_by` names an outside change that we can notice."""

    clears_by: Clearing | None = None


@dataclass
class ConsentLost(ConnectorError):
    """Our access to the book was withdrawn: the whole book pauses until somebody reconnects it."""


@dataclass
class Unrecognised(ConnectorError):
    """An answer without a row in the ledger's fault table: never retried by itself."""
