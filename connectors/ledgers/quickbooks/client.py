"""The calls of the QuickBooks Online API we use, one method each, through python-quickbooks.

python-quickbooks 0.9.12 is fenced here: only its `process_request` is replaced, by our session with
deadlines, so that status, body and `intuit_tid` of a refusal survive as one of our seven errors. What
it gets back is always a well-formed success, so none of its own error handling ever runs. Never its
`auth_client` (it refreshes tokens without a lock) nor its object classes (qbo.md section 12).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import msgspec
from quickbooks.client import QuickBooks

from connectors.errors import ConnectorError, OutcomeUnknown
from connectors.http.oauth import Access
from connectors.http.retry import reading
from connectors.http.session import Answer, HttpSession, Request
from connectors.ledgers.quickbooks.company import Company
from connectors.ledgers.quickbooks.faults import REFRESH_CODES, refusal
from connectors.protocols import Clock

MINOR_VERSION = 75
WRITE_DEADLINE_S = 130.0
"""Longer than the 120 s after which Intuit itself cuts a request (qbo.md section 1)."""
READ_DEADLINE_S = 30.0

_USER_AGENT = "subledger"


@dataclass(frozen=True, slots=True)
class Reply:
    """A well-formed success: the JSON object (numbers as int and Decimal) and Intuit's trace id."""

    payload: Mapping[str, Any]
    trace_id: str


class QuickBooksClient:
    """One company's API. Writes are sent once; reads are repeated by `connectors.http.retry`."""

    def __init__(self, company: Company, *, session: HttpSession, access: Access, clock: Clock) -> None:
        self._company = company
        self._session = session
        self._access = access
        self._clock = clock
        self._reads = itertools.count(1)
        self.reads_made = 0
        """Reads that were answered: failed calls are not metered (qbo.md section 10)."""

    def create(self, entity: str, body: bytes, *, requestid: str, not_after: float | None = None) -> Reply:
        """POST one new customer, item, invoice or credit memo (`entity` as in `CreditMemo`)."""
        call = self._call(WRITE_DEADLINE_S, not_after)
        return self._reply(call, lambda: call.create_object(entity, body, request_id=requestid))

    def batch(self, body: bytes, *, requestid: str, not_after: float | None = None) -> Reply:
        """POST up to 30 operations in one request; faults of single items stay in the answer."""
        call = self._call(WRITE_DEADLINE_S, not_after)
        params = {"requestid": requestid}
        return self._reply(call, lambda: call.post(self._url("batch"), body, params=params))

    def void(self, entity: str, body: bytes, *, requestid: str, not_after: float | None = None) -> Reply:
        """POST the void of one document; `body` has its Id and newest SyncToken."""
        call, url = self._call(WRITE_DEADLINE_S, not_after), self._url(entity.lower())
        params = {"operation": "void"}
        return self._reply(call, lambda: call.post(url, body, params=params, request_id=requestid))

    def send(
        self, entity: str, ledger_id: str, *, to: str, requestid: str, not_after: float | None = None
    ) -> Reply:
        """Let QuickBooks mail one document."""
        call, url = self._call(WRITE_DEADLINE_S, not_after), self._url(f"{entity.lower()}/{ledger_id}/send")
        kind, params = "application/octet-stream", {"sendTo": to}
        return self._reply(
            call, lambda: call.post(url, b"", content_type=kind, params=params, request_id=requestid)
        )

    def upload(
        self, body: bytes, *, content_type: str, requestid: str, not_after: float | None = None
    ) -> Reply:
        """POST one file with its metadata, as multipart."""
        call, url = self._call(WRITE_DEADLINE_S, not_after), self._url("upload")
        return self._reply(
            call, lambda: call.post(url, body, content_type=content_type, request_id=requestid)
        )

    def query(self, select: str) -> Reply:
        """Run one query (a metered read); by POST, so that long IN lists fit."""
        return self._read(lambda call: call.query(select.encode("utf-8")))

    def changes(self, entities: str, since: str) -> Reply:
        """What changed in these lists since an instant with its offset (counted as a metered read)."""
        params = {"entities": entities, "changedSince": since}
        return self._read(lambda call: call.get(self._url("cdc"), params=params))

    def company_info(self) -> Reply:
        """Who the company is."""
        return self._read(lambda call: call.get(self._url(f"companyinfo/{self._company.realm_id}")))

    def preferences(self) -> Reply:
        """The company's settings."""
        return self._read(lambda call: call.get(self._url("preferences")))

    def _read(self, run: Callable[[_Call], Any]) -> Reply:
        def once() -> Reply:
            call = self._call(READ_DEADLINE_S, None)
            reply = self._reply(call, lambda: run(call))
            self.reads_made = next(self._reads)
            return reply

        return reading(once, clock=self._clock)

    def _reply(self, call: _Call, run: Callable[[], Any]) -> Reply:
        payload = run()
        return Reply(payload, call.trace_id)

    def _url(self, path: str) -> str:
        return f"{self._company.api_base}/v3/company/{self._company.realm_id}/{path}"

    def _call(self, deadline_s: float, not_after: float | None) -> _Call:
        call = _Call(company_id=self._company.realm_id, minorversion=MINOR_VERSION, use_decimal=True)
        call.api_url_v3 = f"{self._company.api_base}/v3"
        call.send = _Sender(self._session, self._access, deadline_s, not_after)
        return call


class _Call(QuickBooks):  # type: ignore[misc]  # python-quickbooks ships no types
    """python-quickbooks for one call, over our transport."""

    send: Callable[[Request], Answer]
    trace_id: str = ""

    def process_request(
        self, request_type: str, url: str, headers: Any = "", params: Any = "", data: Any = ""
    ) -> _Success:
        """Send by our session; return only a well-formed success, raise one of our errors otherwise."""
        request = Request(
            request_type,
            url,
            headers={**dict(headers or {}), "User-Agent": _USER_AGENT},
            params={name: str(value) for name, value in dict(params or {}).items()},
            body=data if isinstance(data, bytes) else b"",
        )
        answer = self.send(request)
        self.trace_id = answer.headers.get("intuit_tid", "")
        return _Success(answer.body.decode("utf-8"))


@dataclass(frozen=True, slots=True)
class _Success:
    """What python-quickbooks reads of a response."""

    text: str
    status_code: int = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class _Sender:
    """Sends with the book's token; after a refused token once more, same request, same requestid."""

    session: HttpSession
    access: Access
    deadline_s: float
    not_after: float | None

    def __call__(self, request: Request) -> Answer:
        token = self.access.token()
        answer = self._sent(request, token.access_token)
        problem = _problem(answer)
        if problem is not None and _asks_for_new_token(problem):
            answer = self._sent(request, self.access.renewed(token).access_token)
            problem = _problem(answer)
        if problem is not None:
            raise problem
        return answer

    def _sent(self, request: Request, access_token: str) -> Answer:
        signed = replace(
            request,
            headers={**request.headers, "Authorization": f"Bearer {access_token}"},
            deadline_s=self.deadline_s,
        )
        return self.session.send(signed, not_after=self.not_after)


def _asks_for_new_token(problem: ConnectorError) -> bool:
    """Whether one forced refresh may cure it: a 401, or a gateway's word for an expired token."""
    return problem.status == HTTPStatus.UNAUTHORIZED or problem.code in REFRESH_CODES


def _problem(answer: Answer) -> ConnectorError | None:
    """What is wrong with an answer, or None for a 2xx whose body is a JSON object without a fault."""
    refused = refusal(answer.status, answer.body, answer.headers)
    if refused is not None:
        return refused
    try:
        well_formed = isinstance(msgspec.json.decode(answer.body), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        well_formed = False
    if well_formed:
        return None
    return OutcomeUnknown(
        f"QuickBooks answered {answer.status} with a body we cannot read",
        status=answer.status,
        trace_id=answer.headers.get("intuit_tid", ""),
    )
