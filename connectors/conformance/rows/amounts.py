"""Rows about money: currencies with 0, 2 and 3 decimals, and who sets the tax."""

from __future__ import annotations

from collections.abc import Callable

from connectors.conformance.goods import Wanted
from connectors.conformance.row import Failed, Row
from connectors.conformance.stage import NotOffered
from connectors.conformance.trial import Trial, insist, told
from connectors.errors import Refused
from connectors.protocols import Posted, Shipment
from mappings.canonical.money import minor_digits


def _lands(on: Trial, wanted: Wanted) -> tuple[Shipment, Posted]:
    """The document posted with exactly its totals. A refusal means that the book does not take it."""
    try:
        shipment = on.document(wanted)
    except Refused as refused:
        raise NotOffered(refused.why) from refused
    outcome = on.attempt(shipment)
    if isinstance(outcome, Refused):
        insist(on.find(shipment) is None, "a refused document is in the book")
        raise NotOffered(f"refused by this book: {outcome.why}")
    if not isinstance(outcome, Posted):
        raise Failed(f"{shipment.lookup}: {told(outcome)}")
    held, expect = on.held(shipment), shipment.expect
    insist(held.net == expect.net, f"sent net {expect.net}, it stands there as {held.net}")
    if expect.gross is not None and expect.gross_within == 0:
        insist(held.gross == expect.gross, f"sent gross {expect.gross}, it stands there as {held.gross}")
    insist((outcome.net, outcome.gross) == (held.net, held.gross), "answer and read tell different totals")
    return shipment, outcome


def _with_digits(digits: int, *currencies: str) -> Callable[[Trial], str]:
    def run(on: Trial) -> str:
        ground = on.ground
        own = (ground.book.home_currency, ground.foreign_currency, *currencies)
        currency = next(one for one in own if one and minor_digits(one) == digits)
        shipment, done = _lands(on, Wanted(on.number(), currency=currency, net=10085, lines=2))
        held = on.held(shipment)
        insist(held.currency == currency, f"sent in {currency}, it stands there in {held.currency}")
        return f"{done.gross}, to the last minor unit"

    return run


def _foreign(on: Trial) -> str:
    currency = on.ground.foreign_currency
    if not currency:
        raise NotOffered("no other currency is known of this book")
    _, done = _lands(on, Wanted(on.number(), currency=currency))
    return f"{done.gross} at our rate; home currency is {on.ground.book.home_currency}"


def _tax_ours(on: Trial) -> str:
    if on.ledger.capabilities.tax_mode != "ours":
        raise NotOffered("this ledger sets the tax by itself; see tax_by_the_ledger")
    shipment, done = _lands(on, Wanted(on.number(), lines=7, net=1003))
    insist(shipment.expect.gross == done.gross, "the tax is not ours to the minor unit")
    return f"net {done.net}, gross {done.gross}: our tax to the minor unit"


def _untaxed(on: Trial) -> str:
    _, done = _lands(on, Wanted(on.number(), taxed=False))
    insist(done.net == done.gross, f"net {done.net} became {done.gross} without tax")
    return f"{done.gross}, no tax added"


def _tax_theirs(on: Trial) -> str:
    _, done = _lands(on, Wanted(on.number(), tax_mode="ledger"))
    if done.net is None or done.gross is None:
        raise NotOffered("the ledger tells no totals")
    tax = done.gross - done.net
    insist(tax.minor >= 0, f"the ledger took {tax} off")
    return f"the ledger set {tax} on {done.net} and told it"


ROWS = (
    Row("foreign_currency", "A document in another currency keeps it, at our rate.", _foreign),
    Row("decimals_0", "Amounts without decimals (JPY) are exact.", _with_digits(0, "JPY")),
    Row("decimals_2", "Amounts with two decimals are exact.", _with_digits(2, "EUR"), is_core=True),
    Row("decimals_3", "Amounts with three decimals (KWD) are exact.", _with_digits(3, "KWD")),
    Row("tax_by_us", "Our tax stands there to the minor unit.", _tax_ours),
    Row("tax_none", "A document without tax gets none.", _untaxed),
    Row("tax_by_the_ledger", "Tax that the ledger sets is told back.", _tax_theirs),
)
