"""Identity made of business facts, never of row ids, so that two databases agree (design section 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from mappings.canonical.document import ChargeRef

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Base32 (RFC 4648) two characters at a time: the library's goes byte by byte, in Python."""

_ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="string")


def canonical_json(value: object) -> bytes:
    """The one byte form of a value: fields in their order, keys of mappings sorted, decimals as strings."""
    return _ENCODER.encode(value)


def fingerprint(value: object) -> str:
    """SHA-256 (hex) over the canonical bytes of a frozen value."""
    return fingerprint_of(canonical_json(value))


def fingerprint_of(body: bytes) -> str:
    """The fingerprint of a value that has been written down already."""
    return hashlib.sha256(body).hexdigest()


def document_ref(issuer: str, key: tuple[str, ...], charges: Iterable[ChargeRef]) -> str:
    """Reference of a document: 26 characters from issuer, document key and its sorted charges."""
    facts = sorted((ref.subscription, ref.cycle_start.isoformat(), ref.revision) for ref in charges)
    return _base32(("document", issuer, key, facts), pairs=13)


@dataclass(frozen=True, slots=True)
class DeliveryIdentity:
    """One record to be put into one book; the four facts are unique together."""

    book: str
    kind: str
    ref: str
    revision: int = 0

    @property
    def key(self) -> str:
        """Idempotency key of the create: 32 hex characters (fits QBO's requestid, batches included)."""
        return hashlib.sha256(canonical_json(("key", *self._facts))).hexdigest()[:32]

    @property
    def marker(self) -> str:
        """20 base32 characters written into a private field of the ledger's record.

        Without the revision: every revision of a delivery is the same business document.
        """
        return _base32(("marker", self.book, self.kind, self.ref), pairs=10)

    @property
    def _facts(self) -> tuple[str, str, str, int]:
        return (self.book, self.kind, self.ref, self.revision)


def _base32(facts: object, *, pairs: int) -> str:
    digest = hashlib.sha256(canonical_json(facts)).digest()
    bits = int.from_bytes(digest[: -(-pairs * 10 // 8)], "big") >> -pairs * 10 % 8
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(10 * (pairs - 1), -1, -10)])
