"""Rows every ledger must pass: a document lands once, is found again, and its totals are told."""

from __future__ import annotations

from connectors.conformance.goods import Wanted
from connectors.conformance.row import Failed, Row
from connectors.conformance.trial import Trial, insist, told
from connectors.errors import Conflict, ConnectorError, OutcomeUnknown, Refused, Unreachable
from connectors.protocols import Posted


def _check(on: Trial) -> str:
    before, after = on.ledger.check(), on.reopen().check()
    insist(before.company_id, "the book tells no company id")
    insist(before.company_id == after.company_id, "the company id is another one in a second session")
    insist(not before.problems, f"problems: {' '.join(before.problems)}")
    insist(
        before.home_currency == on.ground.book.home_currency,
        f"home currency is {before.home_currency}, the book says {on.ground.book.home_currency}",
    )
    return f"company {before.company_name or before.company_id}, {before.home_currency}"


def _create(on: Trial) -> str:
    shipment = on.document()
    done = on.posted(shipment)
    insist(done.ledger_id, "the answer has no id")
    on.reopen()
    held = on.held(shipment)
    insist(held.ledger_id == done.ledger_id, f"created as {done.ledger_id}, found as {held.ledger_id}")
    insist(held.live, "a fresh document is found as voided")
    return f"posted, and found by number in a new session; {on.once(shipment.lookup)}"


def _absent(on: Trial) -> str:
    there, absent = on.document(), on.document()
    on.posted(there)
    nothing, something = on.ledger.find([absent, there])
    insist(nothing is None, "a read finds a document that was never sent")
    insist(something is not None and something.marker == there.marker, "answers of a read are not in order")
    return "answered in order, None for what is not there"


def _totals(on: Trial) -> str:
    shipment = on.document(Wanted(on.number(), lines=3, net=3333))
    done, held, expect = on.posted(shipment), on.held(shipment), shipment.expect
    for source, net, gross in (("echo", done.net, done.gross), ("read", held.net, held.gross)):
        insist(net == expect.net, f"the {source} tells net {net}, sent {expect.net}")
        insist(gross == expect.gross, f"the {source} tells gross {gross}, sent {expect.gross}")
    insist(held.lines == expect.lines, f"a read tells {held.lines} lines, sent {expect.lines}")
    insist(held.customer_id == expect.customer_id, "a read tells another customer")
    currency = expect.net.currency if expect.net else ""
    insist(held.currency == currency, f"a read tells {held.currency}, sent {currency}")
    return f"net {done.net}, gross {done.gross}, told by the answer and by a read"


def _repeat(on: Trial) -> str:
    shipment = on.document()
    first = on.posted(shipment)
    answers: list[str] = []
    for session in ("the same session", "a new session"):
        if session == "a new session":
            on.reopen()
        again = on.attempt(shipment)
        if isinstance(again, Posted):
            insist(again.ledger_id == first.ledger_id, f"a repeat in {session} made {again.ledger_id} too")
            answers.append("answered with the same id")
        elif isinstance(again, Conflict | OutcomeUnknown):
            answers.append("refused, and found as ours")
        else:
            raise Failed(f"a repeat in {session} gave {told(again)}")
        insist(on.held(shipment).ledger_id == first.ledger_id, "a read finds another document than the first")
    return f"{', '.join(dict.fromkeys(answers))}; {on.once(shipment.lookup)}"


def _taken(on: Trial) -> str:
    number = on.number()
    stranger, ours = on.document(Wanted(number, of="a stranger", net=777)), on.document(Wanted(number))
    theirs = on.posted(stranger)
    outcome = on.attempt(ours)
    on.refused(outcome, Conflict, Refused, what="a number that another document holds")
    held = on.find(ours)
    if held is None:
        raise Failed("a read does not find the document that holds our number")
    insist(held.ledger_id == theirs.ledger_id, "a read finds neither ours nor the stranger's")
    insist(held.marker != ours.marker, "the stranger's document is taken for ours")
    return f"{type(outcome).__name__}, and the read tells that it is not ours; {on.once(number)}"


def _credit(on: Trial) -> str:
    shipment = on.document(Wanted(on.number(), kind="credit_note"))
    done, held = on.posted(shipment), on.held(shipment)
    insist(
        done.gross == shipment.expect.gross, f"the answer tells {done.gross}, sent {shipment.expect.gross}"
    )
    insist(held.gross == shipment.expect.gross, f"a read tells {held.gross}, sent {shipment.expect.gross}")
    insist(held.ledger_id == done.ledger_id, "it is found under another id")
    return f"posted as a document of its own, gross {done.gross}"


def _late(on: Trial) -> str:
    shipment = on.document()
    outcome = on.attempt(shipment, not_after=on.clock.monotonic() - 1)
    on.refused(outcome, Unreachable, what="a write after its time")
    insist(on.find(shipment) is None, "a write after its time is in the book")
    on.counted(shipment.lookup, 0)
    return "nothing leaves after `not_after`"


def _needs_documents(on: Trial) -> str:
    """A record of a kind that is not in the capabilities is refused in words, not sent."""
    unknown = [kind for kind in ("customer", "item") if kind not in on.ledger.capabilities.records]
    if not unknown:
        return "customers and items are records of this ledger"
    try:
        on.customer("Nobody")
    except ConnectorError as refused:
        return f"refused in words: {refused.why}"
    raise Failed("a customer was rendered by a ledger that holds none")


ROWS = (
    Row("check", "The book can be looked at, and its company is known again.", _check, is_core=True),
    Row("create", "A document is in the book and found again under our number.", _create, is_core=True),
    Row("find_absent", "A read tells what is absent, each in its place.", _absent, is_core=True),
    Row("totals_echo", "Answer and read tell the totals, lines and customer sent.", _totals, is_core=True),
    Row("same_key_again", "The same shipment sent again makes no second document.", _repeat, is_core=True),
    Row(
        "number_of_a_stranger", "A number held by somebody else's document is never taken over.", _taken,
        is_core=True,
    ),
    Row("credit_note", "A credit note lands with positive amounts, and is found.", _credit, is_core=True),
    Row("too_late_to_send", "Past the deadline nothing leaves this machine.", _late, is_core=True),
    Row("kinds_it_lacks", "A kind of record that it does not hold is refused in words.", _needs_documents),
)  # fmt: skip
