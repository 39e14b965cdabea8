"""Rows about optional abilities: each a ledger has is tried, each it lacks is told."""

from __future__ import annotations

from connectors.conformance.goods import Wanted
from connectors.conformance.row import Failed, Row, lacks_ability, lacks_kind
from connectors.conformance.stage import NotPossible
from connectors.conformance.trial import Trial, insist
from connectors.protocols import LinksToDocuments, ReadsBalances, ReadsNumbers, ReadsReferenceData
from mappings.canonical.record import ApplicationRecord, AttachmentRecord, EmailRecord, customer_code


def _application(on: Trial) -> str:
    number, home = on.number(), on.ground.book.home_currency
    code = customer_code(number, home)
    invoice = on.document(Wanted(on.number(), customer=code))
    credit = on.document(Wanted(on.number(), kind="credit_note", customer=code))
    done = {on.target(one).reference: on.posted(one).ledger_id for one in (invoice, credit)}
    target = on.target(credit)
    record = ApplicationRecord(target, on.target(invoice), target.gross, code, on.ground.day)
    shipment = on.shipment(record, bound=done)
    first, again = on.posted(shipment), on.posted(shipment)
    insist(first.ledger_id == again.ledger_id, "applied again, it was applied twice")
    insist(on.find(shipment) is not None, "a read does not find it")
    return "settled once, found again, harmless to repeat"


def _attachment(on: Trial) -> str:
    invoice = on.document()
    done, target = on.posted(invoice), on.target(invoice)
    name = f"{invoice.lookup}.txt"
    record = AttachmentRecord(target, name, "text/plain", b"conformance kit\n")
    shipment = on.shipment(record, bound={target.reference: done.ledger_id})
    first, again = on.posted(shipment), on.posted(shipment)
    insist(first.ledger_id == again.ledger_id, "attached again, it hangs there twice")
    insist(on.find(shipment) is not None, "a read does not find the file")
    return "one file, found by its marker, harmless to repeat"


def _email(on: Trial) -> str:
    if not on.stage.is_practice:
        raise NotPossible("a book of somebody's own would mail somebody")
    invoice = on.document()
    done, target = on.posted(invoice), on.target(invoice)
    record = EmailRecord(target, ("conformance@example.com",))
    shipment = on.shipment(record, bound={target.reference: done.ledger_id})
    insist(on.find(shipment) is None, "a read says that it was mailed before it was")
    on.posted(shipment)
    insist(on.find(shipment) is not None, "a read does not tell that it was mailed")
    return "mailed by the ledger, and a read tells so"


def _numbers(on: Trial) -> str:
    if not isinstance(on.ledger, ReadsNumbers):
        raise Failed("the session does not read numbers")
    prefix = f"{on.tag}-"
    for tail in ("9", "10", "2"):
        on.posted(on.document(Wanted(f"{prefix}{tail}")))
    highest = dict(on.ledger.highest_numbers([prefix, f"{prefix}NONE-"]))
    wanted = {prefix: f"{prefix}10", f"{prefix}NONE-": ""}
    insist(highest == wanted, f"expected {wanted}, got {highest}")
    return "counted, not sorted as text: 10 is above 9"


def _names(on: Trial) -> str:
    if not isinstance(on.ledger, ReadsReferenceData):
        raise Failed("the session does not read customers and items")
    shipment = on.customer(f"Conformance listed {on.number()}")
    done = on.posted(shipment)
    for page in on.ledger.reference_data("customer"):
        for one in page:
            if one.ledger_id == done.ledger_id:
                insist(one.marker == shipment.marker, "a customer of ours is not listed as ours")
                insist(one.is_active, "a fresh customer is listed as inactive")
                return "customers and items are listed, ours with their marker"
    raise Failed("a fresh customer is not listed")


def _balances(on: Trial) -> str:
    if not isinstance(on.ledger, ReadsBalances):
        raise Failed("the session does not read balances")
    before = {(one.account, one.total.currency): one.total.minor for one in on.ledger.balances()}
    shipment = on.document()
    on.posted(shipment)
    after = {(one.account, one.total.currency): one.total.minor for one in on.ledger.balances()}
    moved = {key: minor - before.get(key, 0) for key, minor in after.items() if minor != before.get(key, 0)}
    gross = shipment.expect.gross
    insist(gross is not None and gross.minor in moved.values(), "no account grew by the gross amount")
    insist(sum(moved.values()) == 0, "debits and credits do not add up to nothing")
    return f"{len(moved)} accounts moved, together by nothing"


def _links(on: Trial) -> str:
    if not isinstance(on.ledger, LinksToDocuments):
        raise Failed("the session links to nothing")
    done = on.posted(on.document())
    address = on.ledger.link("invoice", done.ledger_id)
    if not address and on.stage.is_practice:
        return "a practice book has no pages; a real one is linked to by document id"
    if not address:
        raise NotPossible("this book has no pages to link to")
    insist(address.startswith(("https://", "http://")), f"{address!r} is no address")
    insist(done.ledger_id in address, f"{address} does not name the document")
    return f"for example {address}"


ROWS = (
    Row(
        "application", "A credit note settles an invoice once.", _application,
        lacks_kind("application", "this ledger settles nothing from here; finance does"),
    ),
    Row(
        "attachment", "A file hangs on its document once.", _attachment,
        lacks_kind("attachment", "this ledger keeps no files"),
    ),
    Row(
        "email", "A document is mailed, and a read tells so.", _email,
        lacks_kind("email", "this ledger mails nothing"),
    ),
    Row(
        "highest_number", "The highest number behind a prefix is known.", _numbers,
        lacks_ability(ReadsNumbers, "this ledger is not asked for its highest number"),
    ),
    Row(
        "reference_data", "Customers and items can be matched with ours.", _names,
        lacks_ability(ReadsReferenceData, "this ledger lists no customers and items"),
    ),
    Row(
        "balances", "Totals per account are told, and add up.", _balances,
        lacks_ability(ReadsBalances, "this ledger's balances are looked at there"),
    ),
    Row(
        "links", "A document can be opened from here.", _links,
        lacks_ability(LinksToDocuments, "this ledger has no page per document"),
    ),
)  # fmt: skip
