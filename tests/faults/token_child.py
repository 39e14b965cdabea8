"""One of several processes that want a token of a book at once: `python -m tests.faults.token_child BOOK N`.

It loads everything, prints "ready", waits for a line on standard input, and prints the access tokens that N
threads got, each with a session of its own, as JSON.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from connectors.http.oauth import Access
from connectors.http.session import HttpSession
from connectors.ledgers.quickbooks.company import company_of
from worker.bootstrap import build
from worker.settings import load


def main(book_code: str, threads: int) -> None:
    """Get the tokens once told to."""
    app = build(load())
    book = app.as_reached(app.book(book_code))
    sessions = [
        Access(
            company_of(book).provider,
            tokens=app.tokens(book_code),
            session=HttpSession(app.clock),
            clock=app.clock,
            book=book_code,
        )
        for _ in range(threads)
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        got = [token.access_token for token in pool.map(Access.token, sessions)]
    sys.stdout.write(json.dumps(sorted(set(got))) + "\n")
    app.store.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
