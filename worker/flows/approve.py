"""What a person decides about drafts: approve exactly this content, keep one back, let it go again.

Every act is written down with who and why. An approval names the fingerprint of the draft; a draft that the
next bill writes with other content needs another one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import structlog

from worker.flows.overview import UnknownDocument
from worker.flows.ports import Ports
from worker.store import audit, holds, setup
from worker.store.engine import Connection
from worker.store.holds import Unreleased

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval covered: drafts approved now, those approved before, and held ones left out."""

    approved: tuple[Unreleased, ...] = ()
    before: tuple[Unreleased, ...] = ()
    held: tuple[Unreleased, ...] = ()


def approve(
    ports: Ports,
    *,
    actor: str,
    refs: Collection[str] | None = None,
    books: Collection[str] | None = None,
    issuers: Collection[str] | None = None,
    reason: str = "",
    dry_run: bool = False,
) -> Approval:
    """Approve the named drafts, or all drafts of these issuers or of the issuers of these books.

    Held documents are never approved: their content is in doubt. Raises `UnknownDocument`.
    """

    def act(connection: Connection) -> Approval:
        sellers = issuers
        if books is not None:
            named = {one.issuer for one in setup.books(connection) if one.code in books}
            sellers = named | set(issuers or ())
        found = _found(connection, refs, sellers)
        drafts = [one for one in found if one.state == "draft"]
        known = holds.approved(connection, [one.ref for one in drafts])
        approval = Approval(
            approved=tuple(one for one in drafts if (one.ref, one.fingerprint) not in known),
            before=tuple(one for one in drafts if (one.ref, one.fingerprint) in known),
            held=tuple(one for one in found if one.state == "held"),
        )
        if approval.approved and not dry_run:
            now = ports.clock.now()
            holds.approve(connection, approval.approved, actor=actor, now=now)
            body = {one.ref: one.fingerprint for one in approval.approved}
            subject = f"{len(body)} documents"
            audit.record(
                connection,
                actor=actor,
                act="document.approve",
                subject=subject,
                reason=reason,
                body=body,
                now=now,
            )
        return approval

    approval = ports.store.transact(act)
    log.info("document.approved", documents=len(approval.approved), actor=actor, is_dry=dry_run)
    return approval


def hold(ports: Ports, ref: str, *, actor: str, reason: str) -> Unreleased:
    """Keep a draft back until the hold is lifted, also when later bills write it anew."""

    def act(connection: Connection) -> Unreleased:
        (document,) = _found(connection, (ref,), None)
        now = ports.clock.now()
        holds.put_hold(connection, document, reason=reason, actor=actor, now=now)
        audit.record(connection, actor=actor, act="document.hold", subject=ref, reason=reason, now=now)
        return document

    document = ports.store.transact(act)
    log.info("document.held", document=ref, actor=actor)
    return document


def unhold(ports: Ports, ref: str, *, actor: str, reason: str = "") -> bool:
    """Lift a hold; False when nobody had held the document. Its own checks go on holding it."""

    def act(connection: Connection) -> bool:
        (document,) = _found(connection, (ref,), None)
        lifted = holds.lift_hold(connection, document)
        if lifted:
            now = ports.clock.now()
            audit.record(connection, actor=actor, act="document.unhold", subject=ref, reason=reason, now=now)
        return lifted

    lifted = ports.store.transact(act)
    log.info("document.unheld", document=ref, actor=actor, lifted=lifted)
    return lifted


def _found(
    connection: Connection, refs: Collection[str] | None, issuers: Collection[str] | None
) -> tuple[Unreleased, ...]:
    found = holds.unreleased(connection, refs=refs, issuers=issuers)
    missing = set(refs or ()) - {one.ref for one in found}
    if missing:
        raise UnknownDocument(
            f"there is no unreleased document {', '.join(sorted(missing))}; a released one is past approving"
            " and holding, and a bill may have written a draft anew under another reference"
        )
    return found
