"""The QuickBooks simulator as the demo's child: started, asked by its own door, told when to misbehave.

What is read here comes from the simulator's books, never from our database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from connectors.http.session import HttpSession, Request
from connectors.protocols import Clock
from worker.demo import children, scenario
from worker.demo.children import Child
from worker.demo.folder import DemoFolder

_MODULE = "connectors.ledgers.quickbooks.simulator"
_DEADLINE_S = 10.0
_EXACT = msgspec.json.Decoder(float_hook=Decimal)
"""Amounts of a dump become exact decimals, never floats."""


class _Realm(msgspec.Struct):
    realm_id: str
    refresh_token: str


class _Ready(msgspec.Struct):
    url: str
    client_secret: str
    realms: list[_Realm]


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator: its address, the client's secret, and its door `/_sim`."""

    url: str
    client_secret: str
    session: HttpSession
    child: Child

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    @property
    def is_up(self) -> bool:
        """Whether its process runs."""
        return self.child.process.poll() is None

    def refresh_token(self, realm: str) -> str:
        """A refresh token of a company that works now."""
        ready = msgspec.convert(self._get("ready"), _Ready)
        return next(one.refresh_token for one in ready.realms if one.realm_id == realm)

    def calls(self, realm: str) -> int:
        """API calls of a company so far: reads, writes and batches."""
        counts = self._get("calls")[realm]
        return int(counts["reads"] + counts["writes"] + counts["batches"])

    def dump(self, realm: str) -> dict[str, list[dict[str, Any]]]:
        """Every record of a company by entity; numbers are exact decimals."""
        found: dict[str, list[dict[str, Any]]] = self._get("dump", realm=realm)
        return found

    def hold_answers(self, realms: Sequence[str], *, seconds: float) -> None:
        """From now on, record each new invoice at once but keep its answer back for a while."""
        hold = {"fault": "hang", "commit": "first", "seconds": seconds, "entity": "invoice", "times": 0}
        self._post("faults", [{**hold, "realm": realm} for realm in realms])

    def held_answers(self) -> int:
        """Of how many calls the answer is, or was, kept back."""
        return sum(int(entry["struck"]) for entry in self._get("faults"))

    def behave(self) -> None:
        """Answer at once again."""
        self._post("faults/clear", {})

    def _get(self, path: str, **params: str) -> Any:
        url = f"{self.url}/_sim/{path}"
        return self._send(Request("GET", url, params=params, deadline_s=_DEADLINE_S))

    def _post(self, path: str, body: object) -> Any:
        raw = msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"}
        url = f"{self.url}/_sim/{path}"
        return self._send(Request("POST", url, headers=headers, body=raw, deadline_s=_DEADLINE_S))

    def _send(self, request: Request) -> Any:
        answer = self.session.send(request)
        if answer.status != 200:
            raise children.ChildFailed(f"The simulator answered {answer.status} to {request.url}.")
        return _EXACT.decode(answer.body)


@contextmanager
def running(folder: DemoFolder, *, clock: Clock) -> Iterator[Simulator]:
    """The simulator on a free loopback port until the block ends; its companies are kept in the folder."""
    folder.simulator_config.write_bytes(msgspec.json.format(msgspec.json.encode(scenario.simulator_config())))
    arguments = ["--state", str(folder.quickbooks), "--config", str(folder.simulator_config), "--print-ready"]
    with children.running("QuickBooks simulator", _MODULE, arguments, env={}, log=folder.log) as child:
        ready = msgspec.json.decode(child.next_line(), type=_Ready)
        session = HttpSession(clock, body_max_bytes=64 * 1024 * 1024)
        try:
            yield Simulator(ready.url, ready.client_secret, session, child)
        finally:
            session.close()
