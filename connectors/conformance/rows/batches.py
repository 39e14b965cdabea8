"""Rows about many records in one call."""

from __future__ import annotations

from connectors.conformance.goods import Wanted
from connectors.conformance.row import Row, lacks_batches
from connectors.conformance.trial import Trial, insist, told
from connectors.errors import Conflict, Refused
from connectors.protocols import Posted


def _in_order(on: Trial) -> str:
    count = min(5, on.ledger.capabilities.batch_size)
    shipments = tuple(on.document() for _ in range(count))
    outcomes = on.attempt_all(shipments, batch_key=on.batch_key())
    for shipment, outcome in zip(shipments, outcomes, strict=True):
        insist(isinstance(outcome, Posted), f"{shipment.lookup}: {told(outcome)}")
        insist(on.held(shipment).ledger_id == getattr(outcome, "ledger_id", ""), "answers are not in order")
    return f"{count} of up to {on.ledger.capabilities.batch_size} in one call, each with its own answer"


def _partial(on: Trial) -> str:
    number = on.number()
    on.posted(on.document(Wanted(number, of="a stranger")))
    first, taken, last = on.document(), on.document(Wanted(number)), on.document()
    one, refused, other = on.attempt_all((first, taken, last), batch_key=on.batch_key())
    for shipment, outcome in ((first, one), (last, other)):
        insist(isinstance(outcome, Posted), f"{shipment.lookup} suffers from its neighbour: {told(outcome)}")
        on.held(shipment)
    on.refused(refused, Conflict, Refused, what="the record of a batch whose number is taken")
    return f"the bad record is told as {type(refused).__name__}, its neighbours are posted"


ROWS = (
    Row("batch", "Records of one call are answered each by itself, in order.", _in_order, lacks_batches),
    Row("partial_batch", "One bad record of a call spoils no other.", _partial, lacks_batches),
)
