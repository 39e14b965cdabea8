"""The simulator as one object: companies, tokens, faults, counts. HTTP is a thin shell around `handle`."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from connectors.ledgers.quickbooks.simulator import admin, api
from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.config import CompanyConfig, SimulatorConfig
from connectors.ledgers.quickbooks.simulator.human import Human
from connectors.ledgers.quickbooks.simulator.limits import Calls, RealmLimiter
from connectors.ledgers.quickbooks.simulator.oauth import OAuth, form_of
from connectors.ledgers.quickbooks.simulator.problems import Problem, fault_json
from connectors.ledgers.quickbooks.simulator.seeds import describe, seed
from connectors.ledgers.quickbooks.simulator.store import Store
from connectors.ledgers.quickbooks.simulator.voice import QuickBooksVoice
from connectors.ledgers.quickbooks.simulator.webhooks import Webhooks
from connectors.simulation.clock import SimulatorClock, local_text
from connectors.simulation.exchange import Answer, Reply, Request
from connectors.simulation.faults import Call, Fault, FaultScript
from connectors.simulation.misbehaving import misbehaved

LOGGED_MAX = 5000


@dataclass(frozen=True, slots=True)
class Logged:
    """One answered call, without its body or token."""

    at: str
    method: str
    path: str
    request_id: str
    status: int
    delivery: str
    tid: str


class Simulator:
    """Everything but the sockets. Durable in `folder`, or in memory without one."""

    def __init__(
        self, config: SimulatorConfig, *, folder: Path | None = None, clock: SimulatorClock | None = None
    ) -> None:
        self.config = config
        self.clock = clock or SimulatorClock()
        self.store = Store(folder)
        self.script = FaultScript()
        self.oauth = OAuth(config.oauth, self.store, self.clock)
        self.webhooks = Webhooks(config.webhooks, self.clock)
        self.log: deque[Logged] = deque(maxlen=LOGGED_MAX)
        self.companies: dict[str, Company] = {}
        self.limiters: dict[str, RealmLimiter] = {}
        self.calls: dict[str, Calls] = {}
        self._counting = threading.Lock()
        self.base_url = ""
        for company in config.companies:
            self._open(company)

    @property
    def name(self) -> str:
        return "quickbooks-simulator"

    @property
    def server_limit_s(self) -> float:
        return self.config.server_limit_s

    def broken(self) -> Answer:
        detail = "The simulator itself failed; its error output has the traceback"
        return _traced(Answer(500, fault_json((Problem("10000", detail),), time="")), "simulator-bug")

    def handle(self, request: Request) -> Reply:
        """The reply to one request; its answer carries a trace id."""
        tid = f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
        if request.path.startswith("/v3/company/"):
            reply = api.handle(self, request)
        elif request.path.startswith("/_sim"):
            return Reply(admin.handle(self, request))
        else:
            reply = self._handle_oauth(request)
        self.log.append(
            Logged(
                at=self.clock.now().isoformat(),
                method=request.method,
                path=request.path,
                request_id=request.query.get("requestid", ""),
                status=reply.answer.status if reply.delivery == "whole" else 0,
                delivery=reply.delivery,
                tid=tid,
            )
        )
        return replace(reply, answer=_traced(reply.answer, tid))

    def add_faults(self, *faults: Fault) -> None:
        self.script.add(faults)

    def human(self, realm: str) -> Human:
        """A person working inside that company's books."""
        return Human(self.companies[realm], self.clock)

    def dump(self, realm: str) -> dict[str, list[dict[str, object]]]:
        """Every record of a company, as reads show them; deleted ones with their status."""
        company = self.companies[realm]
        with company.lock:
            return {
                entity: [company.rendered(row) for row in company.all(entity, deleted=True)]
                for entity in sorted(company.entities())
            }

    def reconfigure(self, realm: str, config: CompanyConfig) -> None:
        """Change a company's settings, as its owner would on the settings page."""
        company = self.companies[realm]
        with company.lock:
            company.config = config
            self.store.save_company_config(realm, msgspec.json.encode(config))
            describe(company, now=self.clock.now())
            company.flush()

    def reset(self, realm: str) -> None:
        """Back to the freshly seeded company; tokens stay."""
        company = self.companies[realm]
        with company.lock:
            self.store.forget(realm)
            config = next(known for known in self.config.companies if known.realm_id == realm)
            self._open(config)

    def count(self, realm: str, operation: str, is_read: bool) -> None:
        with self._counting:
            calls = self.calls[realm]
            calls.batches += operation == "batch"
            calls.reads += is_read
            calls.writes += not is_read and operation != "batch"

    def count_throttled(self, realm: str) -> None:
        with self._counting:
            self.calls[realm].throttled += 1

    def time_text(self, company: Company) -> str:
        offset = company.config.utc_offset_minutes
        return local_text(self.clock.now(), offset_minutes=offset, millis=True)

    def close(self) -> None:
        self.clock.stop()
        self.webhooks.stop()
        self.store.close()

    def _open(self, config: CompanyConfig) -> None:
        """A known company continues with the settings it had; a new one is seeded."""
        held = self.store.company_config(config.realm_id)
        if held is not None:
            config = msgspec.json.decode(held, type=CompanyConfig)
        company = Company(config, self.store, notify=self.webhooks.notify)
        if held is None:
            seed(company, now=self.clock.now())
            company.forget_changes()
            company.flush()
            self.store.save_company_config(config.realm_id, msgspec.json.encode(config))
        realm = config.realm_id
        self.companies[realm] = company
        self.calls[realm] = Calls()
        self.limiters[realm] = RealmLimiter(self.config.limits, clock=lambda: self.clock.now().timestamp())

    def _handle_oauth(self, request: Request) -> Reply:
        path = request.path.rstrip("/")
        if path == "/oauth2/v1/tokens/bearer" and request.method == "POST":
            return self._token(request)
        if path == "/v2/oauth2/tokens/revoke" and request.method == "POST":
            return Reply(self.oauth.revoke(request))
        if path == "/connect/oauth2" and request.method == "GET":
            names = {realm: company.config.name for realm, company in self.companies.items()}
            return Reply(self.oauth.authorize(request, names))
        if path.startswith("/.well-known/openid_"):
            return Reply(self.oauth.discovery(self.base_url))
        return Reply(Answer(404, b"Not found", "text/plain"))

    def _token(self, request: Request) -> Reply:
        form = form_of(request.body)
        realm = self.oauth.realm_of_refresh(form)
        operation = {"refresh_token": "refresh"}.get(form.get("grant_type", ""), "authorize_code")
        struck = self.script.strike(Call(realm, "POST", "token", operation, request.body))
        if realm in self.calls:
            self.calls[realm].tokens += 1

        def work() -> Answer:
            return self.oauth.token(request, form, rotate=struck.has("rotate_token"))

        outcome = struck.outcome
        if outcome is None:
            return Reply(work())
        if outcome.fault == "refuse_refresh":
            refused = b'{"error":"invalid_grant","error_description":"Incorrect or invalid refresh token"}'
            return Reply(Answer(400, refused))
        time = self.clock.now().isoformat(timespec="milliseconds")
        limit_s = self.config.server_limit_s
        voice = QuickBooksVoice(time)
        return misbehaved(outcome, work, voice=voice, clock=self.clock, server_limit_s=limit_s)


def _traced(answer: Answer, tid: str) -> Answer:
    return replace(answer, headers=(("intuit_tid", tid), *answer.headers))
