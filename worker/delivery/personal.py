"""Keeping what identifies a person out of the words a ledger answers with (R17). Pure.

A ledger's error may repeat what it was sent: an address, an e-mail, a tax id. Its words are stored and shown
in lists, so what we sent is taken out of them. A customer's name stays: operators must see whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from connectors.errors import ConnectorError
from mappings.canonical.party import Address, Registration
from mappings.canonical.record import CustomerRecord, DocumentRecord, EmailRecord, Record

Error = TypeVar("Error", bound=ConnectorError)

_LENGTH_MIN = 4
"""Characters; what is shorter is in every text."""


def without_personal(error: Error, records: Iterable[Record]) -> Error:
    """The same error without addresses, e-mails and tax ids of the records that were sent."""
    known = {text: word for record in records for text, word in _personal(record) if len(text) >= _LENGTH_MIN}
    if not known:
        return error
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    words = {text.casefold(): word for text, word in known.items()}

    def masked(text: str) -> str:
        return pattern.sub(lambda found: f"[{words[found[0].casefold()]}]", text)

    return replace(error, why=masked(error.why), detail=masked(error.detail), hint=masked(error.hint))


def _personal(record: Record) -> Iterator[tuple[str, str]]:
    match record:
        case CustomerRecord():
            yield from _of_address(record.billing_address)
            yield from _of_address(record.shipping_address)
            yield from _of_tax_ids(record.tax_ids)
            yield from ((one, "e-mail") for one in record.emails)
        case DocumentRecord():
            bill_to = record.document.bill_to
            yield from _of_address(bill_to.address)
            yield from _of_tax_ids(bill_to.registrations)
            yield from ((one, "e-mail") for one in bill_to.emails)
        case EmailRecord():
            yield from ((one, "e-mail") for one in record.recipients)
        case _:
            return


def _of_address(address: Address) -> Iterator[tuple[str, str]]:
    for line in (address.line1, address.line2):
        yield line.strip(), "address"


def _of_tax_ids(ids: Iterable[Registration]) -> Iterator[tuple[str, str]]:
    for one in ids:
        yield one.id.strip(), "tax id"
        yield one.id.strip().removeprefix(one.country), "tax id"
