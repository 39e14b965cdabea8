"""The real Beancount as a separate program (GPL: never imported by us), asked what it makes of a book."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec

_BALANCES = """
import json, sys
from beancount import loader
from beancount.core import realization
entries, errors, options = loader.load_file(sys.argv[1])
assert not errors, errors
root = realization.realize(entries)
rows = [
    (node.account, position.units.currency, str(position.units.number))
    for node in realization.iter_children(root) for position in node.balance
]
print(json.dumps(rows))
"""


def complaints(file: Path) -> str:
    """What `bean-check` says; "" when it accepts the book."""
    done = _run(str(Path(sys.executable).parent / "bean-check"), "--no-cache", str(file))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def balances(file: Path) -> dict[tuple[str, str], Decimal]:
    """Balance of every account and currency, as Beancount computes it; zeros are left out."""
    done = _run(sys.executable, "-c", _BALANCES, str(file))
    assert done.returncode == 0, done.stderr
    rows = msgspec.json.decode(done.stdout, type=list[tuple[str, str, Decimal]])
    return {(account, currency): amount for account, currency, amount in rows}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
