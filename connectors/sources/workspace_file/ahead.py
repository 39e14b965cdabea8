"""Exchange rates of days that have not come: nobody can know them."""

from __future__ import annotations

from datetime import date, timedelta

from connectors.sources.workspace_file.finding import Finding
from mappings.canonical.workspace import Workspace

KNOWN_AHEAD = timedelta(days=31)
"""Rates that are fixed for a month are published before it begins."""


def rates_ahead(workspace: Workspace, today: date) -> tuple[Finding, ...]:
    """One finding per rate of a day further ahead than rates are ever fixed."""
    latest = today + KNOWN_AHEAD
    return tuple(
        Finding(
            f"fx_rates[{position}].on",
            None,
            f"{rate.currency} to {rate.home} on {rate.on} is not known yet: today is {today}.",
            "Correct the day; rates are taken up to a month ahead.",
        )
        for position, rate in enumerate(workspace.setup.fx_rates)
        if rate.on > latest
    )
