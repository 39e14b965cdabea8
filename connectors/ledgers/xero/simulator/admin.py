"""The simulator's own door, /_sim: script faults, act as a person, look inside, move the clock.

GET  /_sim                this text
GET  /_sim/ready          url, client id and secret, organisations with a refresh token that works now
GET  /_sim/calls          per tenant: reads, writes, batches, batch_items, throttled, replayed, faults, tokens
GET  /_sim/log            the last calls: time, method, path, idempotency key, status
GET  /_sim/dump?realm=T   every record of an organisation (realm is its tenant id, here as everywhere)
GET  /_sim/faults         the script with how often each entry was seen and struck
POST /_sim/faults         one fault or a list: {"fault": "commit_then_drop", "entity": "invoices", "times": 1}
POST /_sim/faults/clear
POST /_sim/human          {"realm": T, "act": "edit", "entity": "Invoices", "id": "...", "changes": {...}}
                          acts: edit, void, archive {id}, restore {id}, merge {loser, survivor},
                          create_invoice {number, type?, amount?}, pay {id}
POST /_sim/company        {"realm": T, "changes": {"period_lock_date": "2026-09-30", ...}}
POST /_sim/limits         {"realm": T, "enabled": true, "per_minute": 60}: its limits from now on
POST /_sim/clock          {"advance_s": 3600}
POST /_sim/revoke         {"realm": T}: the app is disconnected from that organisation

Loopback only and without a password; requests that come from a web page (an Origin header) are refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, get_args

import msgspec

from connectors.ledgers.xero.simulator.config import Limits, OrganisationConfig
from connectors.ledgers.xero.simulator.lines import decimal_in
from connectors.ledgers.xero.simulator.organisation import Body, Row
from connectors.ledgers.xero.simulator.voice import Refusal
from connectors.simulation.codec import NotJson, decode, encode
from connectors.simulation.config import BadConfig
from connectors.simulation.exchange import Answer, Request
from connectors.simulation.faults import Fault, FaultName

if TYPE_CHECKING:
    from connectors.ledgers.xero.simulator.app import Simulator


class _BadRequest(Exception):
    """The admin request cannot be carried out; the message says why."""


def handle(simulator: Simulator, request: Request) -> Answer:
    if "origin" in request.headers:
        return _json({"error": "requests from web pages are refused"}, status=403)
    path = request.path.removeprefix("/_sim").strip("/")
    if request.method == "GET" and not path:
        return Answer(200, _manual().encode(), "text/plain; charset=utf-8")
    act = _ACTS.get((request.method, path))
    if act is None:
        return _json({"error": f"unknown: {request.method} /_sim/{path}"}, status=404)
    try:
        body = decode(request.body) if request.body else {}
        return _json(act(simulator, request, body))
    except (NotJson, _BadRequest, BadConfig, Refusal, msgspec.ValidationError) as wrong:
        return _json({"error": str(wrong)}, status=400)


def _manual() -> str:
    """This door's text and the fault script's, as they stand in the code."""
    return f"{__doc__}\nFaults: {', '.join(get_args(FaultName))}\n\n{Fault.__doc__}"


def ready(simulator: Simulator) -> dict[str, object]:
    """What a client needs to connect: printed by the process, too."""
    oauth = simulator.config.oauth
    return {
        "url": simulator.base_url,
        "client_id": oauth.client_id,
        "client_secret": oauth.client_secret,
        "realms": [
            {
                "realm_id": tenant,
                "name": organisation.config.name,
                "country": organisation.config.country_code,
                "home_currency": organisation.config.base_currency,
                "refresh_token": simulator.oauth.ready_refresh_token(tenant),
            }
            for tenant, organisation in simulator.organisations.items()
        ],
        "webhook_verifier_token": simulator.config.webhooks.key,
    }


def _json(value: object, *, status: int = 200) -> Answer:
    return Answer(status, encode(value))


def _object(body: object) -> Body:
    if not isinstance(body, dict):
        raise _BadRequest("the body must be a JSON object")
    return body


def _realm(simulator: Simulator, given: Mapping[str, object]) -> str:
    realm = str(given.get("realm", ""))
    if realm not in simulator.organisations:
        raise _BadRequest(f"unknown realm {realm!r}; known: {', '.join(simulator.organisations)}")
    return realm


def _calls(simulator: Simulator, _request: Request, _body: object) -> object:
    return {tenant: calls.as_counts() for tenant, calls in simulator.calls.items()}


def _log(simulator: Simulator, _request: Request, _body: object) -> object:
    return list(simulator.log)


def _dump(simulator: Simulator, request: Request, _body: object) -> object:
    return simulator.dump(_realm(simulator, request.query))


def _add_faults(simulator: Simulator, _request: Request, body: object) -> object:
    listed = body if isinstance(body, list) else [body]
    known = {field.name for field in dataclasses.fields(Fault)}
    for entry in listed:
        unknown = _object(entry).keys() - known
        if unknown:
            raise _BadRequest(f"unknown fault settings: {', '.join(sorted(unknown))}")
    simulator.add_faults(*msgspec.convert(listed, list[Fault]))
    return {"added": len(listed)}


def _clear_faults(simulator: Simulator, _request: Request, _body: object) -> object:
    simulator.script.clear()
    return {"cleared": True}


def _human(simulator: Simulator, _request: Request, body: object) -> object:
    given = _object(body)
    person = simulator.human(_realm(simulator, given))
    kind, identifier = str(given.get("entity", "")), str(given.get("id", ""))
    row: Row
    match given.get("act"):
        case "edit":
            row = person.edit(kind, identifier, _object(given.get("changes")))
        case "void":
            row = person.void(kind, identifier)
        case "archive" | "restore" as act:
            row = person.archive(identifier, is_active=act == "restore")
        case "merge":
            row = person.merge(str(given.get("loser", "")), str(given.get("survivor", "")))
        case "create_invoice":
            amount = decimal_in(given.get("amount", 100))
            if amount is None:
                raise _BadRequest("amount must be a number")
            number, type_ = str(given.get("number", "")), str(given.get("type", "ACCREC"))
            row = person.create_invoice(number=number, type_=type_, amount=amount)
        case "pay":
            row = person.pay(identifier)
        case other:
            raise _BadRequest(f"unknown act {other!r}")
    return {"id": row.id, "record": row.body}


def _company(simulator: Simulator, _request: Request, body: object) -> object:
    given = _object(body)
    realm = _realm(simulator, given)
    held = msgspec.to_builtins(simulator.organisations[realm].config)
    changes = _object(given.get("changes"))
    unknown = changes.keys() - held.keys()
    if unknown:
        raise _BadRequest(f"unknown settings: {', '.join(sorted(unknown))}")
    simulator.reconfigure(realm, msgspec.convert({**held, **changes}, OrganisationConfig, strict=False))
    return {"changed": sorted(changes)}


def _limits(simulator: Simulator, _request: Request, body: object) -> object:
    given = _object(body)
    limiter = simulator.limiters[_realm(simulator, given)]
    changes = {name: value for name, value in given.items() if name != "realm"}
    limiter.limits = msgspec.convert(msgspec.to_builtins(limiter.limits) | changes, Limits)
    return msgspec.to_builtins(limiter.limits)


def _clock(simulator: Simulator, _request: Request, body: object) -> object:
    seconds = decimal_in(_object(body).get("advance_s"))
    if seconds is None:
        raise _BadRequest("advance_s must be a number of seconds")
    simulator.clock.advance(float(seconds))
    return {"now": simulator.clock.now().isoformat()}


def _revoke(simulator: Simulator, _request: Request, body: object) -> object:
    realm = _realm(simulator, _object(body))
    simulator.oauth.revoke_tenant(realm)
    return {"revoked": realm}


_Act = Callable[["Simulator", Request, object], object]
_ACTS: Mapping[tuple[str, str], _Act] = {
    ("GET", "ready"): lambda simulator, _request, _body: ready(simulator),
    ("GET", "calls"): _calls,
    ("GET", "log"): _log,
    ("GET", "dump"): _dump,
    ("GET", "faults"): lambda simulator, _request, _body: simulator.script.state(),
    ("POST", "faults"): _add_faults,
    ("POST", "faults/clear"): _clear_faults,
    ("POST", "human"): _human,
    ("POST", "company"): _company,
    ("POST", "limits"): _limits,
    ("POST", "clock"): _clock,
    ("POST", "revoke"): _revoke,
}
