"""The Accounting API under /api.xro/2.0: who may call, how often, with which fault, and what is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from connectors.ledgers.xero.simulator import performing
from connectors.ledgers.xero.simulator.organisation import NUMBERS, Organisation
from connectors.ledgers.xero.simulator.voice import Refusal, XeroVoice, bad_request, forbidden, unauthorized
from connectors.simulation.codec import NotJson, decode
from connectors.simulation.exchange import Answer, Reply, Request
from connectors.simulation.faults import Call, Struck
from connectors.simulation.misbehaving import misbehaved

if TYPE_CHECKING:
    from connectors.ledgers.xero.simulator.app import Simulator

PREFIX = "/api.xro/2.0/"
KEY_MAX = 128
BODY_MAX = 3_500_000


@dataclass(frozen=True, slots=True)
class Target:
    """What a path is about: the list, a record's id, what lies below it, and the operation."""

    kind: str
    operation: str
    identifier: str = ""
    below: str = ""
    name: str = ""

    @property
    def entity(self) -> str:
        """The word that fault scripts match."""
        return (self.below or self.kind).lower()


def handle(simulator: Simulator, request: Request) -> Reply:
    """One call, from the door to the reply."""
    tenant = request.headers.get("xero-tenant-id", "")
    organisation = simulator.organisations.get(tenant)
    refused = _turned_away(simulator, request, tenant, organisation)
    if refused is not None or organisation is None:
        return Reply(refused or forbidden())
    limiter = simulator.limiters[tenant]
    too_many = limiter.enter()
    if too_many is not None:
        simulator.count(tenant, "throttled")
        return Reply(too_many)
    try:
        return _admitted(simulator, organisation, request, tenant)
    finally:
        limiter.leave()


def _turned_away(
    simulator: Simulator, request: Request, tenant: str, organisation: Organisation | None
) -> Answer | None:
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    opened = simulator.oauth.tenants_of(token) if scheme == "Bearer" else None
    if opened is None:
        return unauthorized()
    if tenant not in opened or organisation is None or not organisation.config.is_active:
        return forbidden()
    return None


def _admitted(simulator: Simulator, organisation: Organisation, request: Request, tenant: str) -> Reply:
    target = target_of(request)
    struck = simulator.script.strike(
        Call(tenant, request.method, target.entity, target.operation, request.body)
    )
    simulator.count(tenant, "reads" if request.method == "GET" else "writes")
    if target.operation == "batch":
        simulator.count(tenant, "batches")
        simulator.count(tenant, "batch_items", _count_of(request.body, target.kind))

    def work() -> Answer:
        return _perform(simulator, organisation, request, target, struck)

    if struck.outcome is None:
        return Reply(work())
    simulator.count(tenant, "faults")
    if struck.outcome.fault == "consent_revoked":
        simulator.oauth.revoke_tenant(tenant)
        return Reply(_turned_away(simulator, request, tenant, organisation) or unauthorized())
    limit_s = simulator.config.server_limit_s
    reply = misbehaved(struck.outcome, work, voice=XeroVoice(), clock=simulator.clock, server_limit_s=limit_s)
    key = request.headers.get("idempotency-key", "")
    if key and struck.has("id_replays_error"):
        simulator.keys.remember(tenant, key, request, reply.answer)
    return reply


def target_of(request: Request) -> Target:
    """Classify a path; an unknown one becomes operation `unknown`, which is answered with 404."""
    parts = [unquote(part) for part in request.path.removeprefix(PREFIX).strip("/").split("/")]
    kind, rest = parts[0], parts[1:]
    match request.method, rest:
        case "GET", []:
            return Target(kind, "read" if kind not in NUMBERS else "query")
        case "GET", [identifier]:
            return Target(kind, "read", identifier)
        case "GET", [identifier, "Attachments"]:
            return Target(kind, "read", identifier, "Attachments")
        case "PUT", []:
            return Target(kind, "batch" if _count_of(request.body, kind) > 1 else "create")
        case "PUT", [identifier, "Allocations"]:
            return Target(kind, "allocate", identifier, "Allocations")
        case "PUT", [identifier, "Attachments", name]:
            return Target(kind, "upload", identifier, "Attachments", name)
        case "POST", [identifier]:
            is_void = b'"VOIDED"' in request.body or b'"DELETED"' in request.body
            return Target(kind, "void" if is_void else "update", identifier)
    return Target(kind, "unknown")


def _count_of(body: bytes, kind: str) -> int:
    try:
        told = decode(body)
    except NotJson:
        return 0
    listed = told.get(kind) if isinstance(told, dict) else None
    return len(listed) if isinstance(listed, list) else 0


def _perform(
    simulator: Simulator, organisation: Organisation, request: Request, target: Target, struck: Struck
) -> Answer:
    """Carry it out, once per Idempotency-Key while that is remembered."""
    if request.method == "GET":
        with organisation.lock:
            return _guarded(lambda: performing.read(simulator, organisation, request, target, struck))
    key = request.headers.get("idempotency-key", "")
    if len(key) > KEY_MAX:
        return bad_request("The Idempotency-Key is longer than 128 characters")
    if target.operation != "upload" and len(request.body) > BODY_MAX:
        return Answer(413, b"Request body too large", "text/plain")
    tenant = organisation.config.tenant_id
    uses_key = bool(key) and not struck.has("ignore_request_id")
    with organisation.lock:
        known = simulator.keys.answer(tenant, key, request) if uses_key else None
        if known is not None:
            simulator.count(tenant, "replayed")
            return known
        answer = _guarded(lambda: performing.write(simulator, organisation, request, target, struck))
        organisation.flush()
        if uses_key and made_something(answer):
            simulator.keys.remember(tenant, key, request, answer)
        return answer


def made_something(answer: Answer) -> bool:
    """Whether an answer is remembered: one that created or changed nothing may be asked for again."""
    if answer.status != 200:
        return False
    told = decode(answer.body)
    listed = [one for one in told.values() if isinstance(one, list)] if isinstance(told, dict) else []
    records = [one for part in listed for one in part if isinstance(one, dict)]
    return any(one.get("StatusAttributeString") != "ERROR" for one in records)


def _guarded(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except Refusal as refusal:
        return refusal.answer
