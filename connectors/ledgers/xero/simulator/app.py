"""The simulator as one object: organisations, tokens, faults, counts. HTTP is a shell around `handle`."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from dataclasses import dataclass, replace

from connectors.ledgers.xero.simulator import admin, api
from connectors.ledgers.xero.simulator.config import OrganisationConfig, SimulatorConfig
from connectors.ledgers.xero.simulator.human import Human
from connectors.ledgers.xero.simulator.keys import Keys
from connectors.ledgers.xero.simulator.limits import Calls, TenantLimiter
from connectors.ledgers.xero.simulator.oauth import OAuth, form_of
from connectors.ledgers.xero.simulator.organisation import NUMBERS, Body, Organisation
from connectors.ledgers.xero.simulator.voice import XeroVoice, not_found, unauthorized
from connectors.ledgers.xero.simulator.webhooks import Webhooks
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.codec import encode
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
    key: str
    status: int
    delivery: str


class Simulator:
    """Everything but the sockets. The books live as long as the process."""

    def __init__(self, config: SimulatorConfig, *, clock: SimulatorClock | None = None) -> None:
        self.config = config
        self.base_url = ""
        self.clock = clock or SimulatorClock()
        self.script: FaultScript = FaultScript()
        names = {one.tenant_id: one.name for one in config.organisations}
        self.oauth = OAuth(config.oauth, names, self.clock)
        self.webhooks = Webhooks(config.webhooks, self.clock)
        self.keys = Keys(config.key_window_s, self.clock.now)
        self.log: deque[Logged] = deque(maxlen=LOGGED_MAX)
        self.organisations: dict[str, Organisation] = {}
        self.limiters: dict[str, TenantLimiter] = {}
        self.calls: dict[str, Calls] = {}
        self._counting = threading.Lock()
        for organisation in config.organisations:
            self._open(organisation)

    @property
    def name(self) -> str:
        return "xero-simulator"

    @property
    def server_limit_s(self) -> float:
        return self.config.server_limit_s

    def broken(self) -> Answer:
        return Answer(
            500, encode({"Message": "The simulator itself failed; its error output has the traceback"})
        )

    def handle(self, request: Request) -> Reply:
        """The reply to one request; its answer carries a trace id and what is left of the limits."""
        if request.path.startswith("/_sim"):
            return Reply(admin.handle(self, request))
        is_call = request.path.startswith(api.PREFIX)
        reply = api.handle(self, request) if is_call else self._handle_identity(request)
        limiter = self.limiters.get(request.headers.get("xero-tenant-id", ""))
        headers = (("xero-correlation-id", str(uuid.uuid4())), *(limiter.headers() if limiter else ()))
        self.log.append(
            Logged(
                at=self.clock.now().isoformat(),
                method=request.method,
                path=request.path,
                key=request.headers.get("idempotency-key", ""),
                status=reply.answer.status if reply.delivery == "whole" else 0,
                delivery=reply.delivery,
            )
        )
        return replace(reply, answer=replace(reply.answer, headers=(*headers, *reply.answer.headers)))

    def add_faults(self, *faults: Fault) -> None:
        self.script.add(faults)

    def human(self, tenant: str) -> Human:
        """A person working inside that organisation's books."""
        return Human(self.organisations[tenant], self.clock)

    def dump(self, tenant: str) -> dict[str, list[Body]]:
        """Every record of an organisation, as reads show them."""
        organisation = self.organisations[tenant]
        with organisation.lock:
            return {kind: [row.body for row in organisation.all(kind)] for kind in sorted(NUMBERS)}

    def reconfigure(self, tenant: str, config: OrganisationConfig) -> None:
        """Change an organisation's settings, as its owner would."""
        organisation = self.organisations[tenant]
        with organisation.lock:
            organisation.config = config

    def count(self, tenant: str, what: str, by: int = 1) -> None:
        with self._counting:
            calls = self.calls[tenant]
            setattr(calls, what, getattr(calls, what) + by)

    def close(self) -> None:
        self.clock.stop()
        self.webhooks.stop()

    def _open(self, config: OrganisationConfig) -> None:
        organisation = Organisation(config, notify=lambda _events: None)
        now = self.clock.now()
        for contact in config.contacts:
            body: Body = {"ContactID": contact.id, "Name": contact.name, "ContactStatus": "ACTIVE"}
            organisation.put("Contacts", body | {"DefaultCurrency": contact.currency}, now=now)
        for item in config.items:
            organisation.put("Items", {"Code": item.code, "Name": item.name}, now=now)
        organisation.flush()
        organisation.notify = self.webhooks.notify
        tenant = config.tenant_id
        self.organisations[tenant] = organisation
        self.calls[tenant] = Calls()
        self.limiters[tenant] = TenantLimiter(self.config.limits, clock=lambda: self.clock.now().timestamp())

    def _handle_identity(self, request: Request) -> Reply:
        path = request.path.rstrip("/").lower()
        if path == "/connect/token" and request.method == "POST":
            return self._token(request)
        if path == "/connect/revocation" and request.method == "POST":
            return Reply(self.oauth.revoke(request, form_of(request.body)))
        if path == "/identity/connect/authorize" and request.method == "GET":
            return Reply(self.oauth.authorize(request))
        if path == "/connections" and request.method == "GET":
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            return Reply(self.oauth.connections(token) or unauthorized())
        return Reply(not_found())

    def _token(self, request: Request) -> Reply:
        form = form_of(request.body)
        tenant = self.oauth.tenant_of_refresh(form)
        operation = {"refresh_token": "refresh"}.get(form.get("grant_type", ""), "authorize_code")
        struck = self.script.strike(Call(tenant, "POST", "token", operation, request.body))
        if tenant in self.calls:
            self.count(tenant, "tokens")
        if struck.outcome is None:
            return Reply(self.oauth.token(request, form))
        if struck.outcome.fault == "refuse_refresh":
            return Reply(Answer(400, b'{"error":"invalid_grant"}'))
        return misbehaved(
            struck.outcome,
            lambda: self.oauth.token(request, form),
            voice=XeroVoice(),
            clock=self.clock,
            server_limit_s=self.config.server_limit_s,
        )
