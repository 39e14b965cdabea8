"""Reads may be repeated in place; a write never is (style section 6).

Waiting is done by the clock that is handed in, so no test sleeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_any,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from connectors.errors import OutcomeUnknown, Unreachable
from connectors.protocols import Clock

TRIES_MAX = 3
BUDGET_S = 10.0

Result = TypeVar("Result")


def reading(call: Callable[[], Result], *, clock: Clock) -> Result:
    """Run a read up to three times while it fails to reach the ledger or gets no clear answer.

    No try starts later than 10 s after the first. Any other error, a throttle included, is raised at
    once; the last error is raised as it is.
    """
    tries = Retrying(
        retry=retry_if_exception_type((Unreachable, OutcomeUnknown)),
        stop=stop_any(stop_after_attempt(TRIES_MAX), _BudgetSpent(clock)),
        wait=wait_random_exponential(multiplier=0.25, max=2),
        sleep=clock.sleep,
        reraise=True,
    )
    return tries(call)


class _BudgetSpent(stop_base):
    """Stops when the next try would start later than the budget allows, by the clock handed in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()

    def __call__(self, retry_state: RetryCallState) -> bool:
        spent = self._clock.monotonic() - self._started
        return spent + retry_state.upcoming_sleep >= BUDGET_S
