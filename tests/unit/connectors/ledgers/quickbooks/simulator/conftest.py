"""Companies in memory, without sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.ledgers.quickbooks.simulator.company import Change, Company
from connectors.ledgers.quickbooks.simulator.config import CompanyConfig, CustomerSeed, ItemSeed, NameSeed
from connectors.ledgers.quickbooks.simulator.seeds import seed
from connectors.ledgers.quickbooks.simulator.store import Store
from tests.unit.connectors.ledgers.quickbooks.simulator.sending import NOW, Maker

CONFIG = CompanyConfig(
    realm_id="1",
    name="Example",
    multicurrency=False,
    items=(ItemSeed("41", "Seat"),),
    customers=(CustomerSeed("102", "Contoso"),),
    vendors=(NameSeed("7", "Paper Supplies"),),
)


@pytest.fixture
def make() -> Iterator[Maker]:
    """A seeded company; keyword arguments change its config."""
    stores: list[Store] = []

    def build(*, notices: list[Change] | None = None, **changes: object) -> Company:
        store = Store(None)
        stores.append(store)
        heard = notices if notices is not None else []
        company = Company(replace(CONFIG, **changes), store, notify=heard.extend)  # type: ignore[arg-type]  # any setting
        seed(company, now=NOW)
        company.forget_changes()
        return company

    yield build
    for store in stores:
        store.close()
