"""What few versions have beside their quantity, as JSON in one column that most rows leave empty."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from mappings.canonical.subscription import Agreed, RefundableSeats, SubscriptionVersion


@dataclass(frozen=True, slots=True)
class _Details:
    """The part of a version that is kept in one column."""

    accepted: bool = False
    agreed: Agreed | None = None
    refundable: tuple[RefundableSeats, ...] | None = None


_NONE = _Details()
_DECODER = msgspec.json.Decoder(_Details)


def details_of(version: SubscriptionVersion) -> str | None:
    """The column of a version, None for one that has nothing to keep in it."""
    details = _Details(version.accepted, version.agreed, version.refundable)
    return None if details == _NONE else msgspec.json.encode(details).decode()


def with_details(version: SubscriptionVersion, column: str) -> SubscriptionVersion:
    """The version with what its column keeps."""
    details = _DECODER.decode(column)
    return replace(version, accepted=details.accepted, agreed=details.agreed, refundable=details.refundable)
