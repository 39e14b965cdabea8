"""A consolidated statement of what a group was billed, from the released documents. Reads only."""

from __future__ import annotations

from datetime import date

from mappings.canonical.period import Period
from worker.billing.hierarchy import Tree
from worker.billing.statement import RateDate, Statement
from worker.billing.statement import statement as summed_up
from worker.billing.values import Check
from worker.flows.ports import Ports
from worker.store import groups, released_documents, setup


class UnknownParty(LookupError):
    """No party has this code."""


def statement(
    ports: Ports, group: str, *, currency: str, dated_in: Period, on: date, rate_date: RateDate
) -> Statement | tuple[Check, ...]:
    """Documents dated in a period to a party and everyone below it on the document's own date.

    `on` is the statement's day, whose rates count with `statement_date`. Every missing rate is told at once.
    Raises `UnknownParty`.
    """
    with ports.store.read() as connection:
        of = groups.of_parties(connection, [group]).get(group)
        if of is None:
            raise UnknownParty(f"there is no party {group}")
        known = setup.load_for_groups(connection, [of], setup.load_shared(connection))[of]
        tree = Tree(known.parties)
        codes = [party.code for party in known.parties if tree.periods_below(party.code, group)]
        documents = released_documents.billed_to(connection, codes, dated_in)
    return summed_up(
        (
            one
            for one in documents
            if one.document_date and _is_below(tree, one.bill_to.code, group, one.document_date)
        ),
        group=group,
        currency=currency,
        on=on,
        rates=known.fx_rates,
        rate_date=rate_date,
    )


def _is_below(tree: Tree, party: str, group: str, day: date) -> bool:
    return group in tree.lineage(party, day)
