"""Rows about being let in: limits, tokens, consent."""

from __future__ import annotations

from connectors.conformance.row import Failed, Row
from connectors.conformance.trial import Trial, insist
from connectors.errors import ConsentLost, Throttled


def _throttled(on: Trial) -> str:
    shipment = on.document()
    with on.trouble("throttled"):
        outcome = on.attempt(shipment)
    error = on.refused(outcome, Throttled, what="a call that came too soon")
    insist(on.find(shipment) is None, "a throttled document is in the book")
    on.posted(shipment)
    wait = getattr(error, "retry_after_s", None) or on.ledger.capabilities.throttle_default_s
    return f"nothing was made, the lane waits {wait:g} s, the same key goes again; {on.once(shipment.lookup)}"


def _token(on: Trial) -> str:
    first, second = on.document(), on.document()
    with on.trouble("token_expired"):
        tokens = on.stage.tokens
        before = tokens.read() if tokens else None
        if tokens is None or before is None:
            raise Failed("the stage has a token that expires, and no tokens to look at")
        on.reopen()
        on.posted(first)
        after = tokens.read()
        if after is None or after.version <= before.version:
            raise Failed("the new pair was not stored: the next process would be locked out")
        insist(after.access_token != before.access_token, "the worthless token is stored as the new one")
        on.reopen()
        on.posted(second)
        newest = tokens.read()
        insist(newest and newest.version == after.version, "a good token is refreshed again")
    return f"refreshed once, stored before use, and used by the next session; {on.once(first.lookup)}"


def _consent(on: Trial) -> str:
    shipment = on.document()
    with on.trouble("consent_withdrawn"):
        on.reopen()
        error = on.refused(on.attempt(shipment), ConsentLost, what="a book that no longer lets us in")
        insist(error.hint, "nothing says what the operator can do")
    on.reopen()
    insist(on.find(shipment) is None, "a refused document is in the book")
    on.posted(shipment)
    return f"the book pauses as a whole, goes on after reconnecting; {on.once(shipment.lookup)}"


ROWS = (
    Row("throttled", "A call that came too soon makes nothing and costs only time.", _throttled),
    Row("token_rotation", "A token that ended is renewed once, and the new pair kept.", _token),
    Row("consent_lost", "Withdrawn access pauses the book and loses no document.", _consent),
)
