"""`GET /oauth/connected`: where an administrator comes back to after consent; a page for people, once."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import structlog

from connectors.errors import ConnectorError
from mappings.canonical.book import Book
from worker.bootstrap import App, UnknownBook
from worker.flows import connect
from worker.store.tokens import BookTokens

log = structlog.get_logger()

_VALUE_MAX = 2000
"""Characters; codes and states are far shorter."""


def take_answer(app: App, query: Mapping[str, str]) -> tuple[int, str]:
    """Status and page. What the address carries is never shown, and decides nothing but what it must."""

    def reach(code: str) -> tuple[Book, BookTokens]:
        return app.as_reached(app.book(code)), app.tokens(code)

    try:
        if any(len(value) > _VALUE_MAX for value in query.values()):
            raise connect.NotOurAnswer
        book = connect.take_answer(app.ports, query, reach)
    except connect.NotOurAnswer as foreign:
        return 400, _page("Nothing was connected", str(foreign), "Ask for a new address and open that one.")
    except connect.NotGiven as refused:
        return 400, _page("Nothing was connected", str(refused), "Ask for a new address when you are ready.")
    except (ConnectorError, UnknownBook, ValueError) as problem:
        log.warning("book.not-connected", error=type(problem).__name__)
        hint = getattr(problem, "hint", "")
        return 502, _page(
            "Nothing was connected", str(problem), hint or "Ask for a new address and try again."
        )
    log.info("book.connected", book=book)
    return 200, _page(
        f"Book {book} is connected", "You can close this page.", "Its documents go on by themselves."
    )


def _page(title: str, said: str, then: str) -> str:
    parts = (escape(title), escape(said), escape(then))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{0}</title></head>'
        "<body><main><h1>{0}</h1><p>{1}</p><p>{2}</p></main></body></html>"
    ).format(*parts)
