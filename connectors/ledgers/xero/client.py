"""The calls of the Xero Accounting API we use, one method each. No decisions.

Written from the official spec (XeroAPI/Xero-OpenAPI) on our own session: no client library carries the
idempotency key, exact decimals and a total deadline (ledgers.md 1.7).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import msgspec

from connectors.errors import ConnectorError, OutcomeUnknown
from connectors.http.oauth import Access
from connectors.http.retry import reading
from connectors.http.session import Answer, HttpSession, Request
from connectors.ledgers.xero.faults import refusal
from connectors.ledgers.xero.followup_wire import Aim, attachment_path
from connectors.ledgers.xero.limits import PAGE_SIZE
from connectors.ledgers.xero.organisation import Organisation
from connectors.protocols import Clock

WRITE_DEADLINE_S = 130.0
"""Longer than any server keeps a request (assumed at most 120 s; Xero publishes no figure)."""
READ_DEADLINE_S = 30.0

_JSON = "application/json"
_UNIT_DECIMALS = {"unitdp": "4"}
"""Unit prices at four decimals instead of two, wherever the spec takes the parameter."""
_TAKES_UNIT_DECIMALS = ("Invoices", "CreditNotes", "Items")

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Reply:
    """A well-formed success: the JSON object (numbers as int and Decimal) and Xero's trace id."""

    payload: Mapping[str, Any]
    trace_id: str

    def records(self, path: str) -> tuple[Mapping[str, Any], ...]:
        """The records of an answer, under the path's own word."""
        found = self.payload.get(path)
        return tuple(one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


class XeroClient:
    """One organisation's API. Writes are sent once; reads are repeated by `connectors.http.retry`."""

    def __init__(
        self, organisation: Organisation, *, session: HttpSession, access: Access, clock: Clock
    ) -> None:
        self._organisation = organisation
        self._session = session
        self._access = access
        self._clock = clock
        self._reads = itertools.count(1)
        self.reads_made = 0
        """Reads that were answered; each counts towards the organisation's calls of the day."""

    def create(self, path: str, bodies: Sequence[bytes], *, key: str, not_after: float | None) -> Reply:
        """PUT up to 50 new records; those that are turned down stay in the answer beside the others.

        `summarizeErrors=false` always: the spec's default disagrees with the documented one (ledgers.md 1.3).
        """
        params = {"summarizeErrors": "false"}
        if path in _TAKES_UNIT_DECIMALS:
            params |= _UNIT_DECIMALS
        return self._write("PUT", path, _listed(path, bodies), key=key, params=params, not_after=not_after)

    def void(self, path: str, ledger_id: str, *, key: str, not_after: float | None) -> Reply:
        """POST the status VOIDED to one document."""
        member = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID"}[path]
        body = _listed(path, [_ENCODER.encode({member: ledger_id, "Status": "VOIDED"})])
        return self._write("POST", f"{path}/{ledger_id}", body, key=key, params={}, not_after=not_after)

    def allocate(self, aim: Aim, *, key: str, not_after: float | None) -> Reply:
        """PUT a part of a credit note onto an invoice."""
        allocation = {
            "Invoice": {"InvoiceID": aim.invoice},
            "Amount": msgspec.Raw(format(aim.amount, "f").encode("ascii")),
            "Date": aim.on,
        }
        body = _listed("Allocations", [_ENCODER.encode(allocation)])
        path = f"{aim.path}/{aim.id}/Allocations"
        return self._write(
            "PUT", path, body, key=key, params={"summarizeErrors": "false"}, not_after=not_after
        )

    def attach(self, aim: Aim, content: bytes, *, key: str, not_after: float | None) -> Reply:
        """PUT one file on a document; a file of the same name there is replaced."""
        kind = aim.media_type or "application/octet-stream"
        path = attachment_path(aim)
        return self._write("PUT", path, content, key=key, params={}, not_after=not_after, content_type=kind)

    def document(self, path: str, ledger_id: str) -> Reply:
        """One document with its lines, payments and allocations."""
        return self._read(f"{path}/{ledger_id}", {})

    def attachments(self, path: str, ledger_id: str) -> Reply:
        """The files on one document."""
        return self._read(f"{path}/{ledger_id}/Attachments", {})

    def page(
        self, path: str, params: Mapping[str, str], *, page: int = 1, since: datetime | None = None
    ) -> Reply:
        """One page of a list; `since` = only what was changed from then on."""
        paged = {} if path == "Items" else {"page": str(page), "pageSize": str(PAGE_SIZE)}
        units = _UNIT_DECIMALS if path in _TAKES_UNIT_DECIMALS else {}
        headers = {} if since is None else {"If-Modified-Since": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return self._read(path, {**params, **paged, **units}, headers=headers)

    def organisation(self) -> Reply:
        """Who the organisation is, its base currency and lock dates."""
        return self._read("Organisation", {})

    def currencies(self) -> Reply:
        """The currencies that the organisation uses."""
        return self._read("Currencies", {})

    def _read(
        self, path: str, params: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        request = Request(
            "GET",
            f"{self._organisation.api_base}/{path}",
            headers=self._headers() | dict(headers or {}),
            params=params,
            deadline_s=READ_DEADLINE_S,
        )

        def once() -> Reply:
            reply = self._sent(request, None)
            self.reads_made = next(self._reads)
            return reply

        return reading(once, clock=self._clock)

    def _write(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        key: str,
        params: Mapping[str, str],
        not_after: float | None,
        content_type: str = _JSON,
    ) -> Reply:
        request = Request(
            method,
            f"{self._organisation.api_base}/{path}",
            headers=self._headers() | {"Content-Type": content_type, "Idempotency-Key": key},
            params=params,
            body=body,
            deadline_s=WRITE_DEADLINE_S,
        )
        return self._sent(request, not_after)

    def _headers(self) -> dict[str, str]:
        return {
            "Accept": _JSON,
            "User-Agent": "subledger",
            "xero-tenant-id": self._organisation.tenant_id,
        }

    def _sent(self, request: Request, not_after: float | None) -> Reply:
        """Send with the book's token; after a refused token once more, same request, same key."""
        token = self._access.token()
        answer = self._signed(request, token.access_token, not_after)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            answer = self._signed(request, self._access.renewed(token).access_token, not_after)
        problem = refusal(answer.status, answer.body, answer.headers)
        if problem is not None:
            raise problem
        return _reply(answer)

    def _signed(self, request: Request, access_token: str, not_after: float | None) -> Answer:
        signed = replace(request, headers={**request.headers, "Authorization": f"Bearer {access_token}"})
        return self._session.send(signed, not_after=not_after)


def _listed(path: str, bodies: Sequence[bytes]) -> bytes:
    """Records in the list that Xero takes them in, each with its stored bytes as they are."""
    return _ENCODER.encode({path: [msgspec.Raw(body) for body in bodies]})


def _reply(answer: Answer) -> Reply:
    trace_id = answer.headers.get("xero-correlation-id", "")
    try:
        payload = _DECODER.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, ArithmeticError):
        payload = None
    if isinstance(payload, dict):
        return Reply(payload, trace_id)
    problem: ConnectorError = OutcomeUnknown(
        f"Xero answered {answer.status} with a body we cannot read", status=answer.status, trace_id=trace_id
    )
    raise problem
