"""Connectors that are broken on purpose: what a wrong one may do, one defect at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeAlias

from connectors.conformance.stage import Ground, Stage, Trouble
from connectors.errors import ConnectorError, Refused
from connectors.protocols import (
    BookState,
    Expectation,
    Held,
    Ledger,
    Outcome,
    Posted,
    Rendered,
    Shipment,
    TokenStore,
)
from mappings.canonical.money import Money
from mappings.canonical.record import CustomerRecord, DocumentRecord, Record

Defect: TypeAlias = Callable[[Ledger], None]
"""Spoils one session."""

_KEYS = itertools.count()


class SpoiledStage:
    """A stage whose sessions have defects."""

    def __init__(self, stage: Stage, *defects: Defect) -> None:
        self._stage = stage
        self._defects = defects
        self.is_practice = stage.is_practice

    @property
    def ground(self) -> Ground:
        return self._stage.ground

    @property
    def tokens(self) -> TokenStore | None:
        return self._stage.tokens

    def open(self) -> Ledger:
        session = self._stage.open()
        for defect in self._defects:
            defect(session)
        return session

    @contextmanager
    def trouble(self, what: Trouble, *, about: str = "") -> Iterator[None]:
        with self._stage.trouble(what, about=about):
            yield

    def count(self, number: str) -> int | None:
        return self._stage.count(number)


def spoil(session: Ledger, method: str, wrap: Callable[[Any], Any]) -> None:
    """Replace a method of one session."""
    setattr(session, method, wrap(getattr(session, method)))


@dataclass(frozen=True)
class Pushes:
    """A defect of `push`: what it does to shipments before, to outcomes and errors after."""

    before: Callable[[Sequence[Shipment]], Sequence[Shipment]] = tuple
    after: Callable[[Shipment, Outcome], Outcome] = lambda _shipment, outcome: outcome
    is_late: bool = False
    is_reversed: bool = False

    def __call__(self, session: Ledger) -> None:
        spoil(session, "push", self._wrapped)

    def _wrapped(self, push: Callable[..., Sequence[Outcome]]) -> Callable[..., Sequence[Outcome]]:
        def pushed(
            shipments: Sequence[Shipment], *, batch_key: str = "", not_after: float | None = None
        ) -> Sequence[Outcome]:
            limit = None if self.is_late else not_after
            outcomes: Sequence[Outcome]
            try:
                outcomes = push(self.before(shipments), batch_key=batch_key, not_after=limit)
            except ConnectorError as error:
                outcomes = [error for _ in shipments]
            answered = [self.after(one, outcome) for one, outcome in zip(shipments, outcomes, strict=True)]
            return answered[::-1] if self.is_reversed else answered

        return pushed


@dataclass(frozen=True)
class Finds:
    """A defect of `find`: what it makes of each answer."""

    answer: Callable[[Shipment, Held | None], Held | None]

    def __call__(self, session: Ledger) -> None:
        def wrap(find: Callable[..., Sequence[Held | None]]) -> Callable[..., Sequence[Held | None]]:
            return lambda shipments: [
                self.answer(one, held) for one, held in zip(shipments, find(shipments), strict=True)
            ]

        spoil(session, "find", wrap)


@dataclass(frozen=True)
class Renders:
    """A defect of `render`: it writes another record than it was given."""

    other: Callable[[Record], Record]

    def __call__(self, session: Ledger) -> None:
        def wrap(render: Callable[..., Any]) -> Callable[..., Any]:
            def rendered(record: Record, *, marker: str, bound: Mapping[Any, str]) -> Any:
                meant = render(record, marker=marker, bound=bound)
                return replace(render(self.other(record), marker=marker, bound=bound), expect=meant.expect)

            return rendered

        spoil(session, "render", wrap)


def answers(method: str, change: Callable[[Any], Any]) -> Defect:
    """A defect of any other method: what it makes of its answer."""

    def wrap(call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **named: change(call(*given, **named))

    return lambda session: spoil(session, method, wrap)


def fresh_key(shipments: Sequence[Shipment]) -> Sequence[Shipment]:
    return [replace(one, key=f"{next(_KEYS):032x}") for one in shipments]


def error_as_success(shipment: Shipment, outcome: Outcome) -> Outcome:
    if isinstance(outcome, Posted):
        return outcome
    return Posted("1", "0", shipment.lookup, shipment.expect.net, shipment.expect.gross)


def instead(
    word: type[ConnectorError], *, of: type[ConnectorError]
) -> Callable[[Shipment, Outcome], Outcome]:
    """Says another word than the one that is due."""

    def told(_shipment: Shipment, outcome: Outcome) -> Outcome:
        return word(outcome.why) if isinstance(outcome, of) else outcome

    return told


def without_reason(_shipment: Shipment, outcome: Outcome) -> Outcome:
    return replace(outcome, clears_by=None) if isinstance(outcome, Refused) else outcome


def wrong_echo(_shipment: Shipment, outcome: Outcome) -> Outcome:
    if isinstance(outcome, Posted) and outcome.gross is not None:
        return replace(outcome, gross=Money(outcome.gross.minor + 1, outcome.gross.currency))
    return outcome


def echo_of_ours(shipment: Shipment, outcome: Outcome) -> Outcome:
    """Answers with what was sent instead of what the ledger said."""
    if isinstance(outcome, Posted):
        return replace(outcome, net=shipment.expect.net, gross=shipment.expect.gross)
    return outcome


def another_id(_shipment: Shipment, outcome: Outcome) -> Outcome:
    return replace(outcome, ledger_id=f"x{next(_KEYS)}") if isinstance(outcome, Posted) else outcome


def all_for_one(shipments: Sequence[Shipment], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    bad = next((one for one in outcomes if not isinstance(one, Posted)), None)
    return outcomes if bad is None else [bad for _ in shipments]


def spoils_neighbours(session: Ledger) -> None:
    def wrap(push: Callable[..., Sequence[Outcome]]) -> Callable[..., Sequence[Outcome]]:
        return lambda shipments, **named: all_for_one(shipments, push(shipments, **named))

    spoil(session, "push", wrap)


def adopts(shipment: Shipment, held: Held | None) -> Held | None:
    return replace(held, marker=shipment.marker) if held else None


def forgets(_shipment: Shipment, _held: Held | None) -> Held | None:
    return None


def invents(shipment: Shipment, held: Held | None) -> Held | None:
    return held or Held("1", "0", shipment.lookup, shipment.marker)


def as_live(_shipment: Shipment, held: Held | None) -> Held | None:
    return replace(held, live=True) if held else None


def one_version(_shipment: Shipment, held: Held | None) -> Held | None:
    return replace(held, version="0") if held else None


def cut_name(record: Record) -> Record:
    return (
        replace(record, display_name=record.display_name[:90])
        if isinstance(record, CustomerRecord)
        else record
    )


def only_short_ascii(record: Record) -> Record:
    """Refuses what a careless limit of 200 ASCII characters does not take."""
    texts = [record.display_name] if isinstance(record, CustomerRecord) else []
    if isinstance(record, DocumentRecord):
        texts = [line.description for line in record.document.lines]
    if any(len(text) > 200 or not text.isascii() for text in texts):
        raise Refused("such a text is not taken")
    return record


def takes_anything(session: Ledger) -> None:
    """Renders kinds of records that the ledger does not hold."""
    spoil(session, "render", lambda _render: lambda record, **_given: Rendered(b"", "", Expectation()))


def keep_no_tokens(tokens: TokenStore) -> None:
    """A refreshed pair is used, and lost with the process."""
    setattr(tokens, "save", lambda token, *, expected_version: token)  # noqa: B010  # of one object


def cut_number(record: Record) -> Record:
    return _changed(record, lambda document: replace(document, number=document.number[:21]))


def plain_number(record: Record) -> Record:
    return _changed(record, lambda document: replace(document, number=document.number[:20]))


def in_home_currency(record: Record) -> Record:
    """Sends everything in the home currency, the amounts as they are."""

    def homed(document: Any) -> Any:
        home = document.home_currency

        def moved(money: Money) -> Money:
            return Money(money.minor, home)

        sections = tuple(
            replace(
                one,
                net=moved(one.net),
                tax=moved(one.tax),
                lines=tuple(replace(line, net=moved(line.net)) for line in one.lines),
            )
            for one in document.sections
        )
        taxes = tuple(replace(one, base=moved(one.base), tax=moved(one.tax)) for one in document.taxes)
        amounts = {name: moved(getattr(document, name)) for name in ("net", "tax", "gross")}
        return replace(document, currency=home, sections=sections, taxes=taxes, **amounts)

    return _changed(record, homed)


def without_tax(record: Record) -> Record:
    def untaxed(document: Any) -> Any:
        none = Money(0, document.currency)
        taxes = tuple(replace(one, tax=none) for one in document.taxes)
        return replace(document, taxes=taxes, tax=none, gross=document.net)

    return _changed(record, untaxed)


def _changed(record: Record, change: Callable[[Any], Any]) -> Record:
    return replace(record, document=change(record.document)) if isinstance(record, DocumentRecord) else record


def other_company(state: BookState) -> BookState:
    return replace(state, company_id=f"company {next(_KEYS)}")


def no_time(changes: Any) -> Any:
    return replace(changes, until=changes.until - timedelta(days=1))
