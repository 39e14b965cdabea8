"""What a call does: reads of lists and records, creates of one or many, voids, allocations, files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.ledgers.xero.simulator import documents, lists, reading
from connectors.ledgers.xero.simulator.organisation import Body, File, Organisation, Row
from connectors.ledgers.xero.simulator.voice import (
    Refusal,
    bad_request,
    envelope,
    not_found,
    validation,
    with_errors,
)
from connectors.ledgers.xero.simulator.wire_dates import day_stamp
from connectors.simulation.codec import NotJson, decode
from connectors.simulation.exchange import Answer, Request
from connectors.simulation.faults import Struck

if TYPE_CHECKING:
    from connectors.ledgers.xero.simulator.api import Target
    from connectors.ledgers.xero.simulator.app import Simulator

ELEMENTS_MAX = 50
FILES_MAX = 10
_CHANGEABLE = frozenset({"InvoiceID", "CreditNoteID", "Status", "Reference", "Url"})


def read(
    simulator: Simulator, organisation: Organisation, request: Request, target: Target, struck: Struck
) -> Answer:
    """A list, a record, or its files."""
    now, kind = simulator.clock.now(), target.kind
    if not target.identifier:
        if target.operation == "query":
            found = reading.listed(organisation, kind, request, now=now, lag_s=struck.read_lag_s)
            return envelope(kind, found, now=now)
        return _facts(organisation, kind, now)
    if kind in documents.TYPES:
        row = documents.find(organisation, kind, target.identifier)
    elif kind == "Contacts":
        row = organisation.get(kind, target.identifier) or next(
            (one for one in organisation.all(kind) if one.body.get("ContactNumber") == target.identifier),
            None,
        )
    else:
        row = organisation.get(kind, target.identifier) if kind == "Items" else None
    if row is None:
        return not_found()
    if target.below == "Attachments":
        files = [_file_body(one) for one in organisation.files.get(row.id, ())]
        return envelope("Attachments", files, now=now)
    return envelope(kind, [row.body], now=now)


def write(
    simulator: Simulator, organisation: Organisation, request: Request, target: Target, struck: Struck
) -> Answer:
    """A create of one or many, or a change of one document."""
    now = simulator.clock.now()
    if target.operation in ("create", "batch"):
        return _create(organisation, request, target, struck, now)
    row = (
        documents.find(organisation, target.kind, target.identifier)
        if target.kind in documents.TYPES
        else None
    )
    if row is None or target.operation == "unknown":
        return not_found()
    if target.operation == "upload":
        return _attach(organisation, row, request, target, now)
    sent = _elements(request, target.below or target.kind)
    if len(sent) != 1:
        return bad_request("Exactly one element is changed at this address")
    if target.operation == "allocate":
        body, errors = documents.allocate(organisation, row, sent[0], now=now)
        return (
            validation([with_errors(sent[0], errors)])
            if body is None
            else envelope("Allocations", [body], now=now)
        )
    return _change(organisation, row, sent[0], target, now)


def _create(
    organisation: Organisation, request: Request, target: Target, struck: Struck, now: datetime
) -> Answer:
    sent = _elements(request, target.kind)
    if not sent or len(sent) > ELEMENTS_MAX:
        return bad_request(f"Send 1 to {ELEMENTS_MAX} elements")
    made: list[Body] = []
    has_errors = False
    summarises = request.query.get("summarizeErrors", "true") != "false"
    if summarises and len(sent) > 1:
        return bad_request("The simulator creates many only with summarizeErrors=false")
    for index, element in enumerate(sent):
        touched = struck.on_item(index)
        if touched is not None and touched.fault == "batch_item_fault":
            row, errors = None, [touched.detail or "A validation exception occurred"]
        elif touched is not None and touched.fault == "batch_item_missing" and touched.commit == "never":
            continue
        else:
            row, errors = _made(organisation, request, target, element, struck, now)
        has_errors = has_errors or row is None
        if touched is None or touched.fault != "batch_item_missing":
            made.append(with_errors(element, errors) if row is None else _good(row))
    if has_errors and summarises:
        return validation(made)
    return envelope(target.kind, made, now=now)


def _made(
    organisation: Organisation,
    request: Request,
    target: Target,
    element: Mapping[str, object],
    struck: Struck,
    now: datetime,
) -> tuple[Row | None, list[str]]:
    match target.kind:
        case "Contacts":
            return lists.create_contact(organisation, element, now=now)
        case "Items":
            return lists.create_item(organisation, element, now=now)
        case "Invoices" | "CreditNotes":
            return documents.create(
                organisation,
                target.kind,
                element,
                now=now,
                unit_decimals=4 if request.query.get("unitdp") == "4" else 2,
                may_repeat_number=struck.has("allow_duplicate_docnumber"),
            )
    raise Refusal(not_found())


def _change(
    organisation: Organisation, row: Row, sent: Mapping[str, object], target: Target, now: datetime
) -> Answer:
    """A void, or another text; the simulator changes no amounts by the API."""
    unknown = sent.keys() - _CHANGEABLE
    if unknown:
        return bad_request(f"The simulator does not change {', '.join(sorted(unknown))}")
    if target.operation == "void":
        errors = documents.void(organisation, target.kind, row, now=now)
        if errors:
            return validation([with_errors(sent, errors)])
    else:
        texts = {name: value for name, value in sent.items() if name in ("Reference", "Url")}
        organisation.put(target.kind, {**row.body, **texts}, now=now)
    changed = organisation.get(target.kind, row.id)
    return envelope(target.kind, [_good(changed or row)], now=now)


def _attach(organisation: Organisation, row: Row, request: Request, target: Target, now: datetime) -> Answer:
    """A file; one of the same name is replaced."""
    others = [one for one in organisation.files.get(row.id, ()) if one.name != target.name]
    if len(others) >= FILES_MAX:
        return validation([with_errors({}, ["A document has at most 10 attachments"])])
    kind = request.headers.get("content-type", "application/octet-stream")
    file = File(str(uuid.uuid4()), target.name, kind, request.body)
    organisation.files[row.id] = [*others, file]
    organisation.put(row.kind, {**row.body, "HasAttachments": True}, now=now)
    return envelope("Attachments", [_file_body(file)], now=now)


def _file_body(file: File) -> Body:
    return {
        "AttachmentID": file.id,
        "FileName": file.name,
        "MimeType": file.media_type,
        "ContentLength": len(file.content),
    }


def _elements(request: Request, kind: str) -> list[Mapping[str, object]]:
    """The records of a request body. Raises `Refusal`."""
    try:
        told = decode(request.body)
    except NotJson as wrong:
        raise Refusal(bad_request(f"The body is not JSON: {wrong}")) from None
    listed = told.get(kind) if isinstance(told, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Refusal(bad_request(f"The body must be an object with a list {kind}"))
    return listed


def _good(row: Row) -> Body:
    return {**row.body, "HasErrors": False, "StatusAttributeString": "OK"}


def _facts(organisation: Organisation, kind: str, now: datetime) -> Answer:
    """What an organisation is made of: no records of ours, read only."""
    config = organisation.config
    match kind:
        case "Organisation":
            facts: Body = {
                "OrganisationID": config.tenant_id,
                "Name": config.name,
                "BaseCurrency": config.base_currency,
                "CountryCode": config.country_code,
                "OrganisationStatus": "ACTIVE",
                "IsDemoCompany": True,
            }
            if config.period_lock_date:
                facts["PeriodLockDate"] = day_stamp(config.period_lock_date)
            if config.end_of_year_lock_date:
                facts["EndOfYearLockDate"] = day_stamp(config.end_of_year_lock_date)
            return envelope("Organisations", [facts], now=now)
        case "Currencies":
            return envelope(
                kind, [{"Code": code, "Description": code} for code in organisation.currencies], now=now
            )
        case "Accounts":
            accounts: list[Body] = [
                {"Code": one.code, "Name": one.name, "Type": one.type} for one in config.accounts
            ]
            return envelope(kind, accounts, now=now)
        case "TaxRates":
            rates: list[Body] = [
                {"TaxType": one.type, "Name": one.name, "EffectiveRate": one.percent}
                for one in config.tax_rates
            ]
            return envelope(kind, rates, now=now)
        case "TrackingCategories":
            categories: list[Body] = [
                {"Name": one.name, "Options": [{"Name": name} for name in one.options]}
                for one in config.tracking
            ]
            return envelope(kind, categories, now=now)
    return not_found()
