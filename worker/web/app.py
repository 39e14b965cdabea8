"""The web face: webhooks, health, metrics. Handlers are plain functions; the guard has read the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from worker.bootstrap import App
from worker.flows import metrics
from worker.store.trouble import DATABASE_ERRORS
from worker.web.connected import take_answer
from worker.web.guard import BODY, Guard
from worker.web.health import Health, readiness
from worker.web.hooks import receive_event

log = structlog.get_logger()

RETRY_AFTER_S = 5


def make_app(app: App, *, queue_trouble: Callable[[], str] = lambda: "") -> Guard:
    """The ASGI application on one installation.

    `queue_trouble` says in words why the queue is away, "" when it is not (or there is none).
    """
    web = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @web.post("/hooks/{source}")
    def hook(source: str, request: Request) -> JSONResponse:
        return _json(*receive_event(app, source, headers=request.headers, raw=request.scope[BODY]))

    @web.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "live"}

    @web.get("/health/ready")
    def ready() -> JSONResponse:
        health: Health = readiness(app, queue_trouble)
        return _json(health.status_code, {"status": health.status, "checks": dict(health.checks)})

    @web.get("/oauth/connected")
    def connected(request: Request) -> HTMLResponse:
        status, page = take_answer(app, dict(request.query_params))
        return HTMLResponse(page, status_code=status)

    @web.get("/metrics")
    def scrape() -> Response:
        return Response(metrics.exposition(app.ports), media_type=metrics.CONTENT_TYPE)

    @web.get("/")
    def root() -> dict[str, str]:
        return {
            "service": "subledger",
            "about": "Pages come with a later release; the command line has everything: subledger --help",
            "health": "/health/ready",
            "metrics": "/metrics",
        }

    for kind in DATABASE_ERRORS:
        web.exception_handler(kind)(_database_trouble)
    web.exception_handler(HTTPException)(_refused)
    web.exception_handler(Exception)(_defect)
    return Guard(web)


def _json(status: int, body: dict[str, Any]) -> JSONResponse:
    headers = {"retry-after": str(RETRY_AFTER_S)} if status in (429, 503) else None
    return JSONResponse(body, status_code=status, headers=headers)


def _database_trouble(_request: Request, error: Exception) -> JSONResponse:
    """Nothing was stored, so a sender must keep its event and send it again."""
    log.warning("web.database-trouble", error=type(error).__name__)
    return _json(
        503, {"error": "unavailable", "why": "The database is away; nothing was stored. Send it again."}
    )


def _refused(_request: Request, error: Exception) -> JSONResponse:
    """A path or method that is not here, in the words of every other answer."""
    assert isinstance(error, HTTPException)
    words = {404: "not_found", 405: "wrong_method"}
    body = {"error": words.get(error.status_code, "refused"), "why": str(error.detail)}
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)


def _defect(_request: Request, error: Exception) -> JSONResponse:
    """A defect of ours: said in the log, never to the sender, who is asked to send again."""
    log.error("web.failed", error=type(error).__name__)
    return JSONResponse({"error": "failed", "why": "Something broke on our side; send it again."}, 500)
