"""The settings a document was billed by, on a terminal and as JSON: each with where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.cli.output import Output

if TYPE_CHECKING:
    from worker.flows.explaining import LineSettings


def settings_as_json(lines: tuple[LineSettings, ...]) -> list[dict[str, Any]]:
    """Every setting of every subscription and cycle, defaults included."""
    return [
        {
            "subscription": line.subscription,
            "on": line.on.isoformat(),
            "settings": [
                {"name": one.name, "value": one.value, "origin": one.origin, "party": one.party}
                for one in line.settings
            ],
        }
        for line in lines
    ]


def print_settings(out: Output, lines: tuple[LineSettings, ...]) -> None:
    """What was agreed, subscriptions with the same settings together; defaults are left to the JSON."""
    alike: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for line in lines:
        rows = tuple((one.name, one.value, one.origin) for one in line.agreed)
        alike.setdefault(rows, []).append(f"{line.subscription} on {line.on}")
    for rows, where in alike.items():
        more = f" and {len(where) - 1} more" if len(where) > 1 else ""
        out.table(("setting", "value", "from"), rows, title=f"settings of {where[0]}{more}")
