"""The company endpoints under /v3: who may call, how often, with which fault, and what is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from connectors.ledgers.quickbooks.simulator.batch import batch, item_count
from connectors.ledgers.quickbooks.simulator.changes import changes_since
from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.finding import run
from connectors.ledgers.quickbooks.simulator.mailing import send
from connectors.ledgers.quickbooks.simulator.operations import Options, delete, save, void
from connectors.ledgers.quickbooks.simulator.problems import (
    Problem,
    Refusal,
    fault_json,
    gateway_json,
    missing,
    refuse,
)
from connectors.ledgers.quickbooks.simulator.query import parse
from connectors.ledgers.quickbooks.simulator.rates import rate_on, rendered_rate
from connectors.ledgers.quickbooks.simulator.reading import visibility
from connectors.ledgers.quickbooks.simulator.rules import ENTITY_BY_PATH
from connectors.ledgers.quickbooks.simulator.store import Row, StoredAnswer
from connectors.ledgers.quickbooks.simulator.taxservice import create_tax_code
from connectors.ledgers.quickbooks.simulator.upload import upload
from connectors.ledgers.quickbooks.simulator.voice import QuickBooksVoice
from connectors.simulation.clock import local_text
from connectors.simulation.codec import NotJson, decode, encode
from connectors.simulation.exchange import Answer, Reply, Request
from connectors.simulation.faults import Call, Struck
from connectors.simulation.misbehaving import misbehaved

if TYPE_CHECKING:
    from connectors.ledgers.quickbooks.simulator.app import Simulator

REQUEST_ID_MAX = 50
_PDF = b"%PDF-1.4\n% A page of the QuickBooks simulator\n%%EOF\n"
_READS = frozenset({"read", "query", "cdc", "pdf", "download"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a path is about: the path's entity, the record's id, and the operation."""

    entity: str
    operation: str
    identifier: str = ""


def handle(simulator: Simulator, request: Request) -> Reply:
    """One company call, from the door to the reply."""
    _v3, _company, realm, *rest = [*request.path.strip("/").split("/"), ""]
    company = simulator.companies.get(realm)
    refused = _turned_away(simulator, request, realm, company)
    if refused is not None or company is None:
        return Reply(refused or Answer(404, b""))
    target = target_of(request, [part for part in rest if part])
    time = simulator.time_text(company)
    if not simulator.limiters[realm].admits(is_batch=target.operation == "batch"):
        simulator.count_throttled(realm)
        return Reply(QuickBooksVoice(time).throttled())
    struck = simulator.script.strike(
        Call(realm, request.method, target.entity, target.operation, request.body)
    )
    simulator.count(realm, target.operation, target.operation in _READS)

    def work() -> Answer:
        return _perform(simulator, company, request, target, struck)

    if struck.outcome is None:
        return Reply(work())
    if struck.outcome.fault == "consent_revoked":
        simulator.oauth.revoke_realm(realm)
        return Reply(_turned_away(simulator, request, realm, company) or Answer(401, b""))
    limit_s = simulator.config.server_limit_s
    voice = QuickBooksVoice(time)
    reply = misbehaved(struck.outcome, work, voice=voice, clock=simulator.clock, server_limit_s=limit_s)
    request_id = _request_id(request, target)
    if request_id and struck.has("id_replays_error"):
        _remember(company, request_id, reply.answer)
    return reply


def target_of(request: Request, rest: list[str]) -> Target:
    """Classify a path; an unknown one becomes operation `unknown`, which is refused later."""
    head = rest[0].lower() if rest else ""
    count = len(rest)
    if request.method == "GET":
        if head in ("query", "cdc") and count == 1:
            return Target(head, head)
        if head in ("preferences", "exchangerate") and count == 1:
            return Target(head, "read")
        if head == "download" and count == 2:
            return Target("attachable", "download", rest[1])
        if count == 2:
            return Target(head, "read", rest[1])
        if count == 3 and rest[2].lower() == "pdf":
            return Target(head, "pdf", rest[1])
        return Target(head, "unknown")
    if request.method != "POST":
        return Target(head, "unknown")
    if head in ("query", "batch", "upload") and count == 1:
        return Target(head, head)
    if [part.lower() for part in rest] == ["taxservice", "taxcode"]:
        return Target("taxservice", "create")
    if count == 3 and rest[2].lower() == "send":
        return Target(head, "send", rest[1])
    if count != 1:
        return Target(head, "unknown")
    asked = request.query.get("operation", "")
    if "void" in request.query.get("include", "").split(","):
        return Target(head, "void")
    if asked in ("delete", "void"):
        return Target(head, asked)
    return Target(head, "update" if b'"Id"' in request.body else "create")


def _turned_away(
    simulator: Simulator, request: Request, realm: str, company: Company | None
) -> Answer | None:
    """401 without a live token, 403 for another company's, 406 for a caller that wants XML."""
    now_ms = int(simulator.clock.now().timestamp() * 1000)
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    allowed = simulator.oauth.realm_of(token) if scheme.lower() == "bearer" else None
    if allowed is None:
        detail = f"Token expired or revoked: {token[:6]}..." if token else "Token missing"
        return Answer(401, gateway_json("3200", detail=detail, epoch_ms=now_ms))
    if allowed != realm or company is None:
        return Answer(
            403, gateway_json("3100", detail=f"Not authorised for company {realm}", epoch_ms=now_ms)
        )
    if "json" not in request.headers.get("accept", ""):
        return Answer(406, b"The simulator answers JSON only: send `Accept: application/json`.", "text/plain")
    return None


def _perform(
    simulator: Simulator, company: Company, request: Request, target: Target, struck: Struck
) -> Answer:
    """The call itself, one at a time per company; durable before it returns.

    A request id that was answered before gets that very answer again, whatever the body says now.
    """
    request_id = _request_id(request, target)
    with company.lock:
        stored = company.stored_answer(request_id) if request_id else None
        if stored is not None and struck.has("batch_repeat_refused") and target.operation == "batch":
            return _fault(simulator, company, refuse("6000", "Business Validation Error: Duplicate request."))
        if stored is not None and not struck.has("ignore_request_id"):
            simulator.calls[company.realm].replayed += 1
            return Answer(stored.status, stored.body, stored.content_type)
        try:
            if len(request_id) > REQUEST_ID_MAX:
                raise refuse("2050", f"requestid: Max:{REQUEST_ID_MAX} supported", element="requestid")
            answer = _done(simulator, company, request, target, struck)
        except Refusal as refusal:
            answer = _fault(simulator, company, refusal)
        if request_id and (answer.status == 200 or struck.has("id_replays_error")):
            _remember(company, request_id, answer)
        company.flush()
        return answer


def _request_id(request: Request, target: Target) -> str:
    """The id of a write; reads have none."""
    is_write = request.method == "POST" and target.operation != "query"
    return request.query.get("requestid", "") if is_write else ""


def _remember(company: Company, request_id: str, answer: Answer) -> None:
    with company.lock:
        kept = StoredAnswer(answer.status, answer.content_type, answer.body)
        company.remember_answer(request_id, kept)
        company.flush()


def _fault(simulator: Simulator, company: Company, refusal: Refusal) -> Answer:
    simulator.calls[company.realm].faults += 1
    return Answer(refusal.status, fault_json(refusal.problems, time=simulator.time_text(company)))


def _done(simulator: Simulator, company: Company, request: Request, target: Target, struck: Struck) -> Answer:
    now = simulator.clock.now()
    match target.operation:
        case "pdf":
            _row(company, target, visible=lambda _row: True)
            return Answer(200, _PDF, "application/pdf")
        case "download":
            content = company.attachment(target.identifier)
            if content is None:
                raise refuse("610", f"Object Not Found : attachment {target.identifier}")
            return Answer(200, content, "application/octet-stream")
        case "read" | "query" | "cdc":
            body = _read(company, request, target, struck, now)
        case "batch":
            parsed = _json(request)
            simulator.calls[company.realm].batch_items += item_count(parsed)
            request_id = request.query.get("requestid", "")
            body = batch(company, parsed, request_id=request_id, struck=struck, now=now)
        case "upload":
            kind = request.headers.get("content-type", "")
            body = upload(company, request.body, content_type=kind, now=now)
        case _:
            body = _write(company, request, target, struck, now)
    return Answer(200, encode(body | {"time": local_text(now, offset_minutes=_offset(company), millis=True)}))


def _offset(company: Company) -> int:
    return company.config.utc_offset_minutes


def _read(
    company: Company, request: Request, target: Target, struck: Struck, now: datetime
) -> dict[str, object]:
    visible = visibility(struck, now)
    query = request.query
    if target.operation == "query":
        text = _utf8(request.body) if request.method == "POST" else query.get("query", "")
        return {"QueryResponse": run(company, parse(text), visible=visible)}
    if target.operation == "cdc":
        since = query.get("changedSince", "")
        return changes_since(company, entities=query.get("entities", ""), changed_since=since, now=now)
    if target.entity == "exchangerate":
        return _exchange_rate(company, query.get("sourcecurrencycode", ""), query.get("asofdate", ""), now)
    if target.entity == "preferences":
        target = Target("preferences", "read", "1")
    elif target.entity == "companyinfo":
        target = Target("companyinfo", "read", "1")
    entity, row = _row(company, target, visible=visible)
    return {entity: company.rendered(row)}


def _exchange_rate(company: Company, code: str, day: str, now: datetime) -> dict[str, object]:
    if not code:
        raise missing("sourcecurrencycode")
    try:
        on = date.fromisoformat(day) if day else now.date()
    except ValueError as wrong:
        raise refuse("4001", f"asofdate is not a date: {day}") from wrong
    return {"ExchangeRate": rendered_rate(company, rate_on(company, code, day=on), code=code, day=on)}


def _row(company: Company, target: Target, *, visible: Callable[[Row], bool]) -> tuple[str, Row]:
    entity = _entity(target)
    row = company.get(entity, target.identifier)
    if row is None or not visible(row):
        raise refuse("610", f"Object Not Found : {entity} {target.identifier} does not exist")
    return entity, row


def _write(
    company: Company, request: Request, target: Target, struck: Struck, now: datetime
) -> dict[str, object]:
    if target.entity == "taxservice":
        return create_tax_code(company, _json(request), now=now)
    entity = _entity(target)
    if target.operation == "send":
        row = send(company, entity, target.identifier, to=request.query.get("sendTo", ""), now=now)
        return {entity: company.rendered(row)}
    body = _json(request)
    match target.operation:
        case "delete":
            row = delete(company, entity, body, now=now)
            return {entity: {"Id": row.id, "status": "Deleted", "domain": "QBO"}}
        case "void":
            row = void(company, entity, body, now=now)
        case "create" | "update":
            included = request.query.get("include", "").split(",")
            allow = "allowduplicatedocnum" in included or struck.has("allow_duplicate_docnumber")
            row = save(company, entity, body, now=now, options=Options(allow_duplicate_number=allow))
        case _:
            raise refuse("500", f"Unsupported Operation : {request.method} {request.path}")
    return {entity: company.rendered(row)}


def _entity(target: Target) -> str:
    entity = ENTITY_BY_PATH.get(target.entity)
    if entity is None or target.operation == "unknown":
        raise refuse("500", f"Unsupported Operation : {target.entity or 'no entity'} is not known here")
    return entity


def _json(request: Request) -> object:
    kind = request.headers.get("content-type", "")
    if "json" not in kind:
        raise refuse("500", f"Unsupported Operation : Content-Type must be application/json, not {kind!r}")
    try:
        return decode(request.body)
    except NotJson as wrong:
        raise Refusal(Problem("2010", f"The body is not JSON: {wrong}")) from wrong


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as wrong:
        raise refuse("500", "Unsupported Operation : the body is not UTF-8") from wrong
