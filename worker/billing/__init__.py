"""Pure billing: subscription state -> charges -> documents. No database, clock, log or random."""

from worker.billing.bill import bill_group, ground_of
from worker.billing.explain import ExplainedLine, explain
from worker.billing.finalise import finalise
from worker.billing.values import (
    BilledCharge,
    Charge,
    Check,
    Draft,
    Exchange,
    GroupBill,
    GroupState,
    Notice,
    RunAccount,
)

__all__ = [
    "BilledCharge",
    "Charge",
    "Check",
    "Draft",
    "Exchange",
    "ExplainedLine",
    "GroupBill",
    "GroupState",
    "Notice",
    "RunAccount",
    "bill_group",
    "explain",
    "finalise",
    "ground_of",
]
