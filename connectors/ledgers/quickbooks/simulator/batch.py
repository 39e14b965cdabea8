"""The batch call: up to 30 items one after the other, each with its own outcome, under one request id."""

from __future__ import annotations

from datetime import datetime

from connectors.ledgers.quickbooks.simulator.changes import changes_since
from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.finding import run
from connectors.ledgers.quickbooks.simulator.operations import Options, delete, save, void
from connectors.ledgers.quickbooks.simulator.problems import (
    Problem,
    Refusal,
    fault_of,
    missing,
    refuse,
)
from connectors.ledgers.quickbooks.simulator.query import parse
from connectors.ledgers.quickbooks.simulator.reading import visibility
from connectors.ledgers.quickbooks.simulator.rules import RULES
from connectors.ledgers.quickbooks.simulator.voice import DEFAULT_CODE
from connectors.simulation.faults import Fault, Struck

ITEMS_MAX = 30
REQUEST_ID_MAX = 36
ITEM_ID_MAX = 10
_CONTROL = frozenset({"bId", "operation", "optionsData", "Query", "CDCQuery"})
_ALLOW_DUPLICATE = "allowduplicatedocnum"


def batch(
    company: Company, body: object, *, request_id: str, struck: Struck, now: datetime
) -> dict[str, object]:
    """The BatchItemResponse. Raises a refusal when the request as a whole makes no sense."""
    items = _items(body, request_id)
    answers = []
    for index, item in enumerate(items):
        touched = struck.on_item(index)
        if touched is not None and touched.fault == "batch_item_missing":
            if touched.commit != "never":
                _answered(company, item, struck=struck, now=now)
            continue
        answers.append(_answered(company, item, struck=struck, now=now, touched=touched) | _item_id(item))
    return {"BatchItemResponse": answers}


def item_count(body: object) -> int:
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    return len(items) if isinstance(items, list) else 0


def _items(body: object, request_id: str) -> list[dict[str, object]]:
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise missing("BatchItemRequest")
    if len(items) > ITEMS_MAX:
        raise refuse(
            "6000", f"Business Validation Error: A batch holds at most {ITEMS_MAX} items: {len(items)}."
        )
    if len(request_id) > REQUEST_ID_MAX:
        raise refuse("2050", f"requestid of a batch: Max:{REQUEST_ID_MAX} supported", element="requestid")
    seen: set[str] = set()
    for item in items:
        identifier = str(item.get("bId", "")) if isinstance(item, dict) else ""
        if not identifier:
            raise missing("bId")
        if request_id and len(identifier) > ITEM_ID_MAX:
            raise refuse(
                "2050", f"bId with requestid: Max:{ITEM_ID_MAX} supported: {identifier}", element="bId"
            )
        if identifier in seen:
            raise refuse("2030", f"Invalid ID : bId {identifier} is used twice", element="bId")
        seen.add(identifier)
    return items


def _item_id(item: dict[str, object]) -> dict[str, object]:
    return {"bId": item["bId"]}


def _answered(
    company: Company,
    item: dict[str, object],
    *,
    struck: Struck,
    now: datetime,
    touched: Fault | None = None,
) -> dict[str, object]:
    """One item's outcome, or its Fault."""
    try:
        if touched is not None and touched.fault == "batch_item_throttled":
            raise refuse("3001")
        if touched is not None and touched.fault == "batch_item_fault":
            raise Refusal(Problem(touched.code or DEFAULT_CODE, touched.detail))
        return _done(company, item, struck=struck, now=now)
    except Refusal as refusal:
        return {"Fault": fault_of(refusal.problems)}


def _done(company: Company, item: dict[str, object], *, struck: Struck, now: datetime) -> dict[str, object]:
    if "Query" in item:
        shown = run(company, parse(str(item["Query"])), visible=visibility(struck, now))
        return {"QueryResponse": shown}
    changes = item.get("CDCQuery")
    if isinstance(changes, dict):
        entities, since = str(changes.get("Entities", "")), str(changes.get("ChangedSince", ""))
        return changes_since(company, entities=entities, changed_since=since, now=now)
    names = [name for name in item if name not in _CONTROL]
    if len(names) != 1 or names[0] not in RULES:
        raise refuse("2010", f"Property Name:Unrecognized field {names or 'none'} in a batch item")
    entity, body = names[0], item[names[0]]
    options = str(item.get("optionsData", "")).split(",")
    match item.get("operation"):
        case "create" | "update" as operation:
            _check_id(body, operation)
            if "void" in options:
                return {entity: company.rendered(void(company, entity, body, now=now))}
            allow = _ALLOW_DUPLICATE in options or struck.has("allow_duplicate_docnumber")
            row = save(company, entity, body, now=now, options=Options(allow_duplicate_number=allow))
            return {entity: company.rendered(row)}
        case "delete":
            return {
                entity: {
                    "Id": delete(company, entity, body, now=now).id,
                    "status": "Deleted",
                    "domain": "QBO",
                }
            }
        case "void":
            return {entity: company.rendered(void(company, entity, body, now=now))}
        case other:
            raise refuse("500", f"Unsupported Operation : {other}")


def _check_id(body: object, operation: str) -> None:
    has_id = isinstance(body, dict) and bool(body.get("Id"))
    if operation == "create" and has_id:
        raise refuse("2030", "Invalid ID : a record to create has no Id", element="Id")
    if operation == "update" and not has_id:
        raise missing("Id")
