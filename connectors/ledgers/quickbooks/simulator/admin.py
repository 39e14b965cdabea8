"""The simulator's own door, /_sim: script faults, act as a person, look inside, move the clock.

GET  /_sim                this text
GET  /_sim/ready          url, client id and secret, realms with a refresh token that works now
GET  /_sim/calls          per realm: reads, writes, batches, batch_items, throttled, replayed, faults, tokens
GET  /_sim/log            the last calls: time, method, path, request id, status, trace id
GET  /_sim/dump?realm=R   every record of a company
GET  /_sim/faults         the script with how often each entry was seen and struck
POST /_sim/faults         one fault or a list: {"fault": "commit_then_drop", "entity": "invoice", "times": 1}
POST /_sim/faults/clear
POST /_sim/human          {"realm": R, "act": "edit", "entity": "Invoice", "id": "1", "changes": {...}}
                          acts: edit, void, delete, deactivate, rename {id, name}, merge {loser, survivor},
                          create_invoice {number, customer?, amount?}, pay {id}
POST /_sim/company        {"realm": R, "changes": {"book_close_date": "2026-09-30", ...}}
POST /_sim/limits         {"realm": R, "enabled": true, "scale": 0.5}: this realm's limits from now on
POST /_sim/clock          {"advance_s": 3600}
POST /_sim/revoke         {"realm": R}: the user disconnects the app
POST /_sim/reset          {"realm": R}: back to the freshly seeded company

Loopback only and without a password; requests that come from a web page (an Origin header) are refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, get_args

import msgspec

from connectors.ledgers.quickbooks.simulator.config import CompanyConfig, Limits
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in
from connectors.ledgers.quickbooks.simulator.problems import Refusal
from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.ledgers.quickbooks.simulator.validation import Body
from connectors.simulation.codec import NotJson, decode, encode
from connectors.simulation.config import BadConfig
from connectors.simulation.exchange import Answer, Request
from connectors.simulation.faults import Fault, FaultName

if TYPE_CHECKING:
    from connectors.ledgers.quickbooks.simulator.app import Simulator


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
    names = ", ".join(get_args(FaultName))
    return f"{__doc__}\nFaults: {names}\n\n{Fault.__doc__}"


def ready(simulator: Simulator) -> dict[str, object]:
    """What a client needs to connect: printed by the process, too."""
    oauth = simulator.config.oauth
    return {
        "url": simulator.base_url,
        "client_id": oauth.client_id,
        "client_secret": oauth.client_secret,
        "realms": [
            {
                "realm_id": realm,
                "name": company.config.name,
                "country": company.config.country,
                "home_currency": company.config.home_currency,
                "refresh_token": simulator.oauth.ready_refresh_token(realm),
            }
            for realm, company in simulator.companies.items()
        ],
        "webhook_verifier_token": simulator.config.webhooks.verifier_token,
    }


def _json(value: object, *, status: int = 200) -> Answer:
    return Answer(status, encode(value))


def _object(body: object) -> Body:
    if not isinstance(body, dict):
        raise _BadRequest("the body must be a JSON object")
    return body


def _realm(simulator: Simulator, given: Mapping[str, object]) -> str:
    realm = str(given.get("realm", ""))
    if realm not in simulator.companies:
        raise _BadRequest(f"unknown realm {realm!r}; known: {', '.join(simulator.companies)}")
    return realm


def _ready(simulator: Simulator, _request: Request, _body: object) -> object:
    return ready(simulator)


def _calls(simulator: Simulator, _request: Request, _body: object) -> object:
    return {realm: calls.as_counts() for realm, calls in simulator.calls.items()}


def _log(simulator: Simulator, _request: Request, _body: object) -> object:
    return list(simulator.log)


def _dump(simulator: Simulator, request: Request, _body: object) -> object:
    return simulator.dump(_realm(simulator, request.query))


def _faults(simulator: Simulator, _request: Request, _body: object) -> object:
    return simulator.script.state()


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
    entity, identifier = str(given.get("entity", "")), str(given.get("id", ""))
    row: Row
    match given.get("act"):
        case "edit":
            row = person.edit(entity, identifier, _object(given.get("changes")))
        case "void":
            row = person.void(entity, identifier)
        case "delete":
            row = person.delete(entity, identifier)
        case "deactivate":
            row = person.deactivate(entity, identifier)
        case "rename":
            row = person.rename(identifier, str(given.get("name", "")))
        case "merge":
            row = person.merge(str(given.get("loser", "")), str(given.get("survivor", "")))
        case "create_invoice":
            amount = decimal_in(given.get("amount", 100))
            customer = str(given.get("customer", ""))
            row = person.create_invoice(number=str(given.get("number", "")), customer=customer, amount=amount)
        case "pay":
            row = person.pay(identifier)
        case other:
            raise _BadRequest(f"unknown act {other!r}")
    return simulator.companies[str(given["realm"])].rendered(row)


def _company(simulator: Simulator, _request: Request, body: object) -> object:
    given = _object(body)
    realm = _realm(simulator, given)
    changes = _object(given.get("changes"))
    unknown = changes.keys() - {field.name for field in dataclasses.fields(CompanyConfig)}
    if unknown or "realm_id" in changes:
        raise _BadRequest(f"cannot be changed: {', '.join(sorted(unknown)) or 'realm_id'}")
    now = msgspec.to_builtins(simulator.companies[realm].config)
    simulator.reconfigure(realm, msgspec.convert(now | changes, CompanyConfig))
    return {"realm": realm, "changed": sorted(changes)}


def _limits(simulator: Simulator, _request: Request, body: object) -> object:
    given = _object(body)
    limiter = simulator.limiters[_realm(simulator, given)]
    changes = {name: value for name, value in given.items() if name != "realm"}
    limiter.limits = msgspec.convert(msgspec.to_builtins(limiter.limits) | changes, Limits)
    return limiter.limits


def _clock(simulator: Simulator, _request: Request, body: object) -> object:
    simulator.clock.advance(float(decimal_in(_object(body).get("advance_s"))))
    return {"now": simulator.clock.now().isoformat()}


def _revoke(simulator: Simulator, _request: Request, body: object) -> object:
    realm = _realm(simulator, _object(body))
    simulator.oauth.revoke_realm(realm)
    return {"revoked": realm}


def _reset(simulator: Simulator, _request: Request, body: object) -> object:
    realm = _realm(simulator, _object(body))
    simulator.reset(realm)
    return {"reset": realm}


_ACTS: Mapping[tuple[str, str], Callable[[Simulator, Request, object], object]] = {
    ("GET", "ready"): _ready,
    ("GET", "calls"): _calls,
    ("GET", "log"): _log,
    ("GET", "dump"): _dump,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("POST", "faults/clear"): _clear_faults,
    ("POST", "human"): _human,
    ("POST", "company"): _company,
    ("POST", "limits"): _limits,
    ("POST", "clock"): _clock,
    ("POST", "revoke"): _revoke,
    ("POST", "reset"): _reset,
}
