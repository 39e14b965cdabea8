"""The account of a run: where every active subscription went. Nothing is silently left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mappings.lean import lean
from worker.billing.values import AccountReason, Check, RunAccount

Column = Literal["billed", "nothing_due", "held", "unassigned", "unpriced", "excluded"]

_COLUMN_OF: dict[str, Column] = {
    "unassigned_subscription": "unassigned",
    "expired_contract": "unassigned",
    "unpriced_subscription": "unpriced",
    "currency_mismatch": "unpriced",
}


@lean
@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one active subscription; `why` is the sentence of a column that needs one."""

    subscription: str
    column: Column
    why: str = ""


def outcome(
    subscription: str, checks: Iterable[Check], *, is_billed: bool, held: Iterable[Check], excluded: str
) -> Outcome:
    """The one column of a subscription: a held part counts before what is missing, that before the rest.

    `checks` are its own problems, `held` those of the drafts its charges are on, `excluded` the reason why
    nothing of it was looked at.
    """
    problems = [*held, *checks]
    by_column = {_COLUMN_OF.get(check.code, "held"): check.sentence for check in reversed(problems)}
    columns: tuple[Column, ...] = ("held", "unassigned", "unpriced")
    for column in columns:
        if column in by_column:
            return Outcome(subscription, column, by_column[column])
    if is_billed:
        return Outcome(subscription, "billed")
    return Outcome(subscription, "excluded", excluded) if excluded else Outcome(subscription, "nothing_due")


def account(outcomes: Iterable[Outcome]) -> RunAccount:
    """Counts that add up, with the subscriptions of every column that needs a reason."""
    outcomes = tuple(outcomes)
    counts = Counter(one.column for one in outcomes)
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in outcomes:
        if one.why:
            reasons.setdefault((one.column, one.why), []).append(one.subscription)
    return RunAccount(
        active=len(outcomes),
        billed=counts["billed"],
        nothing_due=counts["nothing_due"],
        held=counts["held"],
        unassigned=counts["unassigned"],
        unpriced=counts["unpriced"],
        excluded=counts["excluded"],
        reasons=tuple(
            AccountReason(column, why, tuple(sorted(codes)))  # type: ignore[arg-type]  # keys are columns
            for (column, why), codes in sorted(reasons.items())
        ),
    )
