"""Rows about what people do in the book: close periods, put customers to rest, edit, void."""

from __future__ import annotations

from datetime import timedelta

from connectors.conformance.goods import Wanted
from connectors.conformance.row import Failed, Row, lacks_ability, lacks_kind
from connectors.conformance.stage import NotOffered
from connectors.conformance.trial import Trial, insist, told
from connectors.errors import Conflict, Refused
from connectors.protocols import Change, Posted, ReportsChanges, Shipment
from mappings.canonical.record import Reference, VoidRecord, customer_code


def _closed(on: Trial) -> str:
    shipment = on.document()
    with on.trouble("period_closed"):
        error = on.refused(on.attempt(shipment), Refused, what="a document dated into a closed period")
        clears_by = getattr(error, "clears_by", None)
        insist(clears_by == "period_closed", f"it is not known as a closed period: {told(error)}")
        until = on.ledger.check().closed_until
    on.posted(shipment)
    date = f"; the check tells the closing date {until}" if until else "; the check tells no closing date"
    return f"refused until the period is open, then posted{date}"


def _inactive(on: Trial) -> str:
    code = customer_code(on.number(), on.ground.book.home_currency)
    shipment = on.document(Wanted(on.number(), customer=code))
    with on.trouble("customer_inactive", about=on.id_of(Reference("customer", code))):
        error = on.refused(on.attempt(shipment), Refused, what="a document for an inactive customer")
        clears_by = getattr(error, "clears_by", None)
        insist(clears_by == "customer_inactive", f"it is not known as an inactive customer: {told(error)}")
    on.posted(shipment)
    return "refused until the customer is active again, then posted"


def _other_currency(on: Trial) -> str:
    foreign, home = on.ground.foreign_currency, on.ground.book.home_currency
    if not foreign:
        raise NotOffered("no other currency is known of this book")
    code = customer_code(on.number(), home)
    try:
        shipment = on.document(Wanted(on.number(), currency=foreign, customer=code))
    except Refused as refused:
        return f"refused before anything is sent: {refused.why}"
    outcome = on.attempt(shipment)
    if not isinstance(outcome, Posted):
        on.refused(outcome, Refused, Conflict, what="a document in another currency than its customer")
        insist(on.find(shipment) is None, "a refused document is in the book")
        return f"refused by the ledger: {told(outcome)}"
    held = on.held(shipment)
    insist(held.currency == foreign, f"sent in {foreign}, it stands there in {held.currency}")
    insist(held.gross == shipment.expect.gross, f"its amount stands there as {held.gross}")
    return "customers are not bound to a currency; it stands there in its own"


def _edited(on: Trial) -> str:
    shipment = on.document()
    done = on.posted(shipment)
    with on.trouble("edited_there", about=done.ledger_id):
        on.reopen()
        try:
            held = on.find(shipment)
        except Refused as stopped:
            insist(stopped.clears_by == "book_damaged", f"unexpected: {told(stopped)}")
            return "the book stops until the edit is undone or accepted, and says where it is"
        if held is None:
            raise Failed("an edited document is not found")
        insist(held.marker == shipment.marker, "an edited document is no longer known as ours")
        insist(held.version != done.version, f"an edit shows no other version than {done.version!r}")
    return f"still ours, with version {held.version!r} instead of {done.version!r}"


def _void_of(on: Trial, invoice: Shipment, done: Posted) -> Shipment:
    target = on.target(invoice)
    return on.shipment(VoidRecord(target, "conformance kit"), bound={target.reference: done.ledger_id})


def _void(on: Trial) -> str:
    invoice = on.document()
    void = _void_of(on, invoice, on.posted(invoice))
    insist(on.find(void) is None, "a read finds a void that was never asked for")
    on.posted(void)
    insist(on.find(void) is not None, "a read does not find the void")
    held = on.find(invoice)
    insist(held is not None and not held.live, "the voided document is still live")
    again = on.attempt(void)
    insist(isinstance(again, Posted), f"voided again, it gave {told(again)}")
    return f"voided, found so, harmless to repeat; its number stays used, {on.once(invoice.lookup)}"


def _version(on: Trial) -> str:
    invoice = on.document()
    void = _void_of(on, invoice, on.posted(invoice))
    with on.trouble("version_conflict"):
        outcome = on.attempt(void)
    on.refused(outcome, Conflict, what="a change of a version that is no longer the newest")
    held = on.held(invoice)
    insist(held.live, "a refused void took place")
    on.posted(void)
    return "Conflict: looked at first, then done to the newest version"


def _changes(on: Trial) -> str:
    feed = on.ledger
    if not isinstance(feed, ReportsChanges):
        raise Failed("the session does not report changes, though its class does")
    insist(feed.look_back > timedelta(0), "it looks back no time at all")
    since = on.clock.now() - timedelta(minutes=30)  # a feed may overlap by minutes
    invoice = on.document()
    done = on.posted(invoice)
    told_of = feed.changes(since)
    change = _about(told_of.changes, done.ledger_id)
    insist(change.marker == invoice.marker, "a document of ours is not known as ours")
    insist(change.gross == invoice.expect.gross, f"the feed tells {change.gross}")
    insist(told_of.until > since, "the cursor does not move on")
    with on.trouble("edited_there", about=done.ledger_id):
        later = _about(feed.changes(told_of.until).changes, done.ledger_id)
        insist(later.version != change.version, "an edit is not told as another version")
    return f"told with marker, version and totals, up to {feed.look_back.days} days back, from a cursor on"


def _about(changes: tuple[Change, ...], ledger_id: str) -> Change:
    for change in changes:
        if change.ledger_id == ledger_id and change.kind == "invoice":
            return change
    raise Failed(f"the feed does not tell of {ledger_id}")


_NO_VOID = "this ledger voids nothing from here; a credit note takes a document back"

ROWS = (
    Row("closed_period", "A document dated into a closed period waits until it is open.", _closed),
    Row(
        "inactive_customer",
        "A document for an inactive customer waits until it is active.",
        _inactive,
        lacks_kind("customer", "this ledger holds no customers; they stand in each document"),
    ),
    Row("currency_mismatch", "An amount never changes its currency on the way.", _other_currency),
    Row("edited_there", "A document that somebody edited is ours still, in another version.", _edited),
    Row(
        "version_conflict",
        "An old version is never written over a newer one.",
        _version,
        lacks_kind("void", _NO_VOID),
    ),
    Row("void", "A void takes effect once and leaves the number used.", _void, lacks_kind("void", _NO_VOID)),
    Row(
        "changes",
        "What changed in the book since a cursor is told.",
        _changes,
        lacks_ability(ReportsChanges, "this ledger tells no changes; what is in doubt is read"),
    ),
)
