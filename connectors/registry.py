"""The one list of ledgers and of event sources. Adding one = its folder and one line here.

Everybody else reads this list; a ledger's name in a condition anywhere outside its folder is a defect.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from connectors.application import Application, application, wrong_settings
from connectors.http.session import is_loopback
from connectors.ledger_kind import LedgerKind
from connectors.ledgers import beancount, quickbooks, xero
from connectors.protocols import (
    LinksToDocuments,
    ReadsBalances,
    ReadsNumbers,
    ReadsReferenceData,
    ReportsChanges,
    Source,
)
from connectors.sources import partner_center as partner_center  # a source of files, for flows
from connectors.sources import subscription_events
from connectors.sources import workspace_file as workspace_file  # a source of files, for flows
from mappings.canonical.book import Book
from mappings.canonical.record import RecordKind

_LEDGERS: tuple[LedgerKind, ...] = (
    beancount.LEDGER,
    quickbooks.LEDGER,
    xero.LEDGER,
)

_SOURCES: tuple[Source, ...] = (
    subscription_events.SubscriptionEvents(formats={"partner_center": partner_center.read_resource}),
)


_BY_RECORD: Mapping[RecordKind, str] = {
    "void": "voids_documents",
    "application": "applies_credits",
    "attachment": "attaches_files",
    "email": "sends_mail",
}
_BY_PROTOCOL: Mapping[str, type] = {
    "links_to_documents": LinksToDocuments,
    "reads_balances": ReadsBalances,
    "reads_numbers": ReadsNumbers,
    "reads_reference_data": ReadsReferenceData,
    "reports_changes": ReportsChanges,
}


class UnknownLedger(ValueError):
    """A book names a ledger that is not in the list."""


class UnknownSource(ValueError):
    """A webhook came in for a source that is not in the list."""


def ledgers() -> tuple[LedgerKind, ...]:
    """Every ledger we can write to, the embedded default first."""
    return _LEDGERS


def names() -> tuple[str, ...]:
    """The names a book's `ledger` may have."""
    return tuple(kind.name for kind in _LEDGERS)


def ledger(name: str) -> LedgerKind:
    """The ledger with this name. Raises `UnknownLedger` with the nearest name."""
    for kind in _LEDGERS:
        if kind.name == name:
            return kind
    raise UnknownLedger(f"There is no ledger {name!r}{_did_you_mean(name, names())}.")


def abilities(kind: LedgerKind) -> tuple[str, ...]:
    """What a ledger can do beyond posting and finding, by name; what is absent is not faked."""
    told = [name for record, name in _BY_RECORD.items() if record in kind.capabilities.records]
    if kind.session is not None:
        told += [name for name, ability in _BY_PROTOCOL.items() if _has(kind.session, ability)]
    return tuple(sorted(told))


def every_ability() -> tuple[str, ...]:
    """The names of all optional abilities, whichever ledger has them."""
    return tuple(sorted({*_BY_RECORD.values(), *_BY_PROTOCOL}))


def _has(session: type, ability: type) -> bool:
    """Whether a class has every member of a protocol (issubclass refuses protocols with properties)."""
    return all(hasattr(session, name) for name in vars(ability) if not name.startswith("_"))


def sources() -> tuple[Source, ...]:
    """Every source that can be behind `POST /hooks/{source}`."""
    return _SOURCES


def source(name: str) -> Source:
    """The source with this name. Raises `UnknownSource` with the nearest name."""
    for one in _SOURCES:
        if one.name == name:
            return one
    raise UnknownSource(f"There is no source {name!r}{_did_you_mean(name, [one.name for one in _SOURCES])}.")


def is_practice(book: Book) -> bool:
    """Whether the book cannot surprise anybody: a simulator on this machine, or a file of ours."""
    return ledger(book.ledger).is_practice(book)


def tokens_of(book: Book) -> str:
    """The code of the book whose token pair this one uses: mostly its own."""
    shared = ledger(book.ledger).tokens_of
    return shared(book) if shared is not None else book.code


def application_of(book: Book) -> Application:
    """The application that speaks for a book, with what it may do over all its books."""
    return application(book, ledger(book.ledger).capabilities)


def findings(book: Book) -> tuple[str, ...]:
    """Everything that is wrong with a book's settings, in plain sentences; empty = fine. No I/O."""
    try:
        kind = ledger(book.ledger)
    except UnknownLedger as unknown:
        return (f"Book {book.code}: {unknown}",)
    return (*_setting_findings(book, kind), *wrong_settings(book), *_wait_findings(book, kind))


def _setting_findings(book: Book, kind: LedgerKind) -> Iterator[str]:
    for name in book.settings:
        if name not in kind.settings:
            hint = _did_you_mean(name, kind.settings)
            yield f"Book {book.code}: {kind.title} has no setting {name!r}{hint}."
    for name in sorted(kind.required_settings):
        if not book.settings.get(name, "").strip():
            yield f"Book {book.code}: the setting {name!r} is missing. {kind.settings[name]}"


def _wait_findings(book: Book, kind: LedgerKind) -> Iterator[str]:
    """The quiet period guards against duplicates: only a simulator on this machine may shorten it."""
    for name, seconds, least in (
        ("server_limit_s", book.server_limit_s, kind.capabilities.server_limit_s),
        ("recheck_s", book.recheck_s, kind.capabilities.recheck_s),
    ):
        if seconds is None or seconds >= least:
            continue
        if seconds < 0:
            yield f"Book {book.code}: {name} is {seconds:g} s; it cannot be negative."
        elif not (kind.is_practice(book) and _is_on_this_machine(book)):
            yield (
                f"Book {book.code}: {name} is {seconds:g} s, and {kind.title} needs at least {least:g} s. "
                "Less is allowed only where every address of the book is on this machine (127.0.0.1)."
            )


def _is_on_this_machine(book: Book) -> bool:
    """Every address among the settings is a loopback address, and there is one."""
    addresses = [value for value in book.settings.values() if "://" in value]
    return bool(addresses) and all(is_loopback(address) for address in addresses)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}" if near else f"; it is one of: {', '.join(sorted(known))}"
