"""Rows about answers that never came, or that nobody understands."""

from __future__ import annotations

from connectors.conformance.row import Failed, Row, lacks_batches
from connectors.conformance.trial import Trial, insist, told
from connectors.errors import Conflict, OutcomeUnknown, Unrecognised
from connectors.protocols import Posted


def _lost_answer(on: Trial) -> str:
    shipment = on.document()
    with on.trouble("lost_answer"):
        outcome = on.attempt(shipment)
    on.refused(outcome, OutcomeUnknown, what="a create whose answer was lost")
    on.reopen()
    held = on.held(shipment)
    again = on.attempt(shipment)
    if isinstance(again, Posted):
        insist(again.ledger_id == held.ledger_id, "sent again, it made a second document")
    elif not isinstance(again, Conflict | OutcomeUnknown):
        raise Failed(f"sent again, it gave {told(again)}")
    return f"outcome unknown, then found by number and marker; {on.once(shipment.lookup)}"


def _lost_request(on: Trial) -> str:
    shipment = on.document()
    with on.trouble("lost_request"):
        outcome = on.attempt(shipment)
    on.refused(outcome, OutcomeUnknown, what="a create of which nothing arrived")
    on.reopen()
    insist(on.find(shipment) is None, "a read finds a document that never arrived")
    on.posted(shipment)
    return f"outcome unknown, not found, sent again under the same key; {on.once(shipment.lookup)}"


def _thrown_away(on: Trial) -> str:
    """What a killed worker leaves: the document is there, and nobody here has read the answer."""
    shipment = on.document()
    on.attempt(shipment)
    on.reopen()
    held = on.held(shipment)
    expect = shipment.expect
    insist((held.net, held.gross) == (expect.net, expect.gross), "a read tells other totals than were sent")
    insist(held.customer_id == expect.customer_id, "a read tells another customer")
    insist(held.lines == expect.lines, "a read tells another number of lines")
    return f"a new session finds it with totals, lines and customer to compare; {on.once(shipment.lookup)}"


def _lost_batch(on: Trial) -> str:
    shipments = tuple(on.document() for _ in range(min(4, on.ledger.capabilities.batch_size)))
    with on.trouble("lost_answer"):
        outcomes = on.attempt_all(shipments, batch_key=on.batch_key())
    for outcome in outcomes:
        on.refused(outcome, OutcomeUnknown, what="a record of a batch whose answer was lost")
    on.reopen()
    found = on.ledger.find(shipments)
    known = [
        held is not None and held.marker == one.marker for held, one in zip(found, shipments, strict=True)
    ]
    insist(all(known), f"one read finds {sum(known)} of {len(shipments)}")
    return f"outcome unknown for each, one read finds all {len(shipments)}"


def _unknown(on: Trial) -> str:
    shipment = on.document()
    with on.trouble("unknown_answer"):
        outcome = on.attempt(shipment)
    error = on.refused(outcome, Unrecognised, what="an answer that no table has")
    insist(on.find(shipment) is None, "a refused document is in the book")
    on.posted(shipment)
    return f"not guessed: parked for a person, with their code {error.code or error.status}"


ROWS = (
    Row("lost_answer", "A create whose answer is lost is found, never made twice.", _lost_answer),
    Row("lost_request", "A create that never arrived is not taken for posted.", _lost_request),
    Row(
        "answer_nobody_read",
        "What a killed worker left is found by a new session.",
        _thrown_away,
        is_core=True,
    ),
    Row("lost_batch", "A batch whose answer is lost is resolved by reading.", _lost_batch, lacks_batches),
    Row("unknown_answer", "An answer nobody knows is not retried and not taken for success.", _unknown),
)
