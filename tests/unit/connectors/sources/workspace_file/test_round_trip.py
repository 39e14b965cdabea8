"""Reading what was written gives the same workspace: the law of export and import."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.workspace_file import emit, reader
from connectors.sources.workspace_file import read_workspace as read
from connectors.sources.workspace_file import write_workspace as write
from mappings.canonical.catalog import Price, PriceList, Promotion, Tier
from mappings.canonical.contract import Commitment, Discount, RampStep
from mappings.canonical.money import Rounding
from mappings.canonical.party import Address, Exemption, ParentEdge, Party
from mappings.canonical.subscription import (
    Agreed,
    Assignment,
    NextTerm,
    RefundableSeats,
    Share,
    SplitKey,
    Status,
    Subscription,
    SubscriptionVersion,
    Usage,
)
from mappings.canonical.workspace import Workspace
from tests.unit.connectors.sources.workspace_file.small_file import EXAMPLE, SMALL, workspace_of

DAY = date(2026, 1, 1)
MOMENT = datetime(2026, 1, 8, 9, 30, 0, 123000, tzinfo=UTC)
STATUSES: tuple[Status, ...] = ("active", "active", "suspended", "cancelled", "expired")

lines = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=20).map(
    lambda text: f"n{text}"
)
anything = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")) | st.just("\n"), max_size=20)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
prices = st.decimals(min_value=0, max_value=10**6, places=5)
sums = st.decimals(min_value=1, max_value=10**6, places=2)
quantities = st.integers(0, 10**6).map(Decimal)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone follows
next_terms = st.none() | st.builds(
    NextTerm,
    quantity=st.none() | st.integers(1, 99).map(Decimal),
    product=st.sampled_from(("", "SEAT")),
    plan=st.sampled_from(("", "monthly")),
    term=st.sampled_from(("", "P1M")),
    until=st.none() | days,
)
agreements = st.builds(
    Agreed,
    offer=st.sampled_from(("", "P:0001")),
    start=st.none() | days,
    end=st.none() | days,
    auto_renew=st.none() | st.booleans(),
    next_term=next_terms,
    promotion=st.sampled_from(("", "PROMO")),
).filter(lambda agreed: agreed != Agreed())


@st.composite
def parties(draw: st.DrawFn) -> tuple[Party, ...]:
    """A tree: each party is below an earlier one, now or for some time, or at the top."""
    found: list[Party] = [Party("GROUP", "Group"), Party("UNIT", "Unit", parents=(ParentEdge("GROUP"),))]
    for number in range(draw(st.integers(0, 4))):
        above = draw(st.sampled_from(found)).code
        moved = draw(days)
        edges = draw(
            st.sampled_from(
                ((), (ParentEdge(above),), (ParentEdge("GROUP", None, moved), ParentEdge(above, moved)))
            )
        )
        party = Party(
            code=f"P{number}",
            name=f"{draw(lines)} {number}",
            legal_name=draw(lines),
            parents=edges,
            bill_to_address=Address(line1=draw(anything), city=draw(anything), country="DE"),
            emails=draw(st.sampled_from(((), ("a@b.example", "ö@b.example")))),
            exemptions=draw(st.sampled_from(((), (Exemption("resale", "no", "US", moved),)))),
            tenants=(f"tenant-{number}",),
            ledger_ids=draw(st.sampled_from(({}, {"BOOK": "007"}, {"BOOK": "null"}))),
        )
        found.append(party)
    return tuple(found)


@st.composite
def price_lists(draw: st.DrawFn) -> tuple[PriceList, ...]:
    ends = sorted(draw(st.sets(st.integers(1, 1000).map(Decimal), max_size=4)))
    tiers = tuple(Tier(up_to, draw(prices), draw(prices)) for up_to in (*ends, None))
    price = Price("SEAT", "monthly", tiers, "volume", draw(st.sampled_from(("", "P1M"))), cost=draw(prices))
    single = Price("SEAT", "annual", (Tier(None, draw(prices)),))
    return (
        PriceList("LIST", "EUR", DAY, (price, single)),
        PriceList("LIST", "EUR", date(2027, 1, 1), (price,)),
    )


@st.composite
def versions(draw: st.DrawFn, code: str) -> tuple[SubscriptionVersion, ...]:
    """Versions as a file makes them, as a provider reports them, or a mixture."""
    found = []
    for number, on in enumerate(sorted(draw(st.lists(days, min_size=1, max_size=6)))):
        status = draw(st.sampled_from(STATUSES))
        quantity = Decimal(0) if status == "cancelled" else draw(quantities)
        if draw(st.booleans()):
            agreed = draw(st.none() | agreements)
            found.append(SubscriptionVersion(code, f"file:{on}:1", on, quantity, status, agreed=agreed))
        else:
            found.append(
                SubscriptionVersion(
                    code,
                    f"event-{number}",
                    on,
                    quantity,
                    status,
                    draw(lines),
                    draw(instants),
                    draw(st.booleans()),
                    draw(st.none() | agreements),
                    draw(st.sampled_from((None, (), (RefundableSeats(Decimal("2.5"), MOMENT),)))),
                )
            )
    refs = [version.ref for version in found]
    return tuple(
        replace(version, ref=f"{version.ref}-{number}") if refs.count(version.ref) > 1 else version
        for number, version in enumerate(found)
    )


@st.composite
def workspaces(draw: st.DrawFn) -> Workspace:
    small = workspace_of(SMALL)
    deal = replace(
        small.setup.contracts[0],
        discounts=(
            Discount(draw(prices) % 100, draw(st.none() | st.just(DAY))),
            Discount(amount=draw(prices), decided_by="day"),
        ),
        rounding=draw(st.sampled_from((Rounding(), Rounding("per_unit", "down")))),
        purchase_order=draw(anything),
        markup_percent=draw(st.none() | st.just(Decimal("7.5"))),
        minimum=draw(st.none() | st.builds(Commitment, sums, st.just("SEAT"))),
        ramp=draw(st.sampled_from(((), (RampStep(DAY, price=Decimal("1.5")),)))),
        show_margin=draw(st.booleans()),
        offset_days=draw(st.integers(-5, 5)),
        end_of_term=draw(st.sampled_from(("expire", "est"))),
        suspension=draw(st.sampled_from(("keep_billing", "no_charge"))),
    )
    setup = replace(
        small.setup,
        parties=draw(parties()),
        price_lists=draw(price_lists()),
        contracts=(deal,),
        promotions=(
            Promotion("PROMO", "SEAT", Decimal(5), DAY, draw(st.none() | st.just(date(2027, 1, 1)))),
        ),
    )
    subscriptions, held = [small.subscriptions[0]], [*small.versions]
    for number in range(draw(st.integers(0, 3))):
        own = draw(versions(f"S{number}"))
        anchor = draw(st.just(own[0].on) | days)
        source = draw(st.sampled_from(("workspace_file", "partner_center")))
        end = draw(st.none() | st.just(max(anchor, own[-1].on) + timedelta(days=1)))
        subscriptions.append(
            Subscription(
                f"S{number}",
                source,
                "UNIT",
                "SEAT",
                "P1M",
                "monthly",
                anchor,
                end=end,
                name=draw(anything),
                term_end=draw(st.none() | st.just(anchor + timedelta(days=20))),
                next_term=draw(next_terms),
                promotion=draw(st.sampled_from(("", "PROMO"))),
                converted_from=draw(st.sampled_from(("", "SUB"))),
                anchored_at=draw(st.none() | instants),
                splits=draw(st.sampled_from(((), (SplitKey(DAY, "seats", (Share("UNIT", Decimal(3)),)),)))),
                assignments=draw(st.sampled_from(((), (Assignment(DAY, "GROUP"),)))),
            )
        )
        held += own
    usage = (
        *small.usage,
        Usage("SUB", "file:2026-01-05:2", date(2026, 1, 5), draw(prices)),
        Usage("SUB", "file:2026-01-05:gb:1", date(2026, 1, 5), draw(prices), "gb"),
        Usage("SUB", "given", date(2026, 1, 5), draw(prices)),
    )
    return Workspace(setup, tuple(subscriptions), tuple(held), usage)


class TestRoundTrip:
    @given(workspaces())
    def test_gives_the_same_workspace(self, workspace: Workspace) -> None:
        assert read(write(workspace).encode(), name="export.yaml") == workspace

    @given(workspaces())
    def test_writes_the_same_text_again(self, workspace: Workspace) -> None:
        text = write(workspace)

        assert write(read(text.encode(), name="export.yaml")) == text

    def test_holds_for_the_example(self) -> None:
        workspace = read(EXAMPLE.read_bytes(), name="minimal.yaml")

        assert read(write(workspace).encode(), name="export.yaml") == workspace

    def test_writes_a_subscription_as_people_do(self) -> None:
        text = write(workspace_of(SMALL))

        assert "start: 2026-01-01\n    quantity: 12\n    changes:\n" in text
        assert "versions" not in text
        assert "parent: GROUP" in text

    def test_holds_for_an_empty_workspace(self) -> None:
        assert read(write(Workspace()).encode(), name="export.yaml") == Workspace()


class TestText:
    @given(
        st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")) | st.sampled_from("\n\t"), max_size=40)
    )
    def test_survives_as_it_is(self, text: str) -> None:
        written = emit.yaml_text({"key": text, "list": [text], text or "other": "x"})

        found = reader.read(written.encode(), name="a.yaml")

        assert found["key"] == text or text == "key"
        assert found["list"] == [text] or text == "list"

    @pytest.mark.parametrize(
        "text", ["8.40", "null", "NO", "007", "~", "", " a", "- a", "a: b", "a #b", "1e3", "=x"]
    )
    def test_is_quoted_where_a_reader_could_take_it_for_something_else(self, text: str) -> None:
        assert emit.yaml_text({"key": text}) == f'key: "{text}"\n'

    @pytest.mark.parametrize(
        "text", ["Example GmbH", "2026-01-31", "12", "Assets:Bank", "a@b.example", "P1M"]
    )
    def test_is_plain_where_nobody_can(self, text: str) -> None:
        assert emit.yaml_text({"key": text}) == f"key: {text}\n"
