"""What every group of a set-up stands on, indexed once: issuers, products and price lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mappings.canonical.catalog import PriceList, Product
from mappings.canonical.party import Issuer
from mappings.canonical.workspace import Setup
from worker.billing.pricing import PriceBook


@dataclass(frozen=True, slots=True)
class CommonGround:
    """The part of the ground that every group of a set-up stands on."""

    issuers: Mapping[str, Issuer]
    products: Mapping[str, Product]
    prices: PriceBook
    made_of: tuple[tuple[Issuer, ...], tuple[Product, ...], tuple[PriceList, ...]]

    def is_of(self, setup: Setup) -> bool:
        """Whether a set-up has exactly these issuers, products and price lists."""
        issuers, products, price_lists = self.made_of
        return setup.issuers is issuers and setup.products is products and setup.price_lists is price_lists


def common_ground(setup: Setup) -> CommonGround:
    """Issuers, products and price lists, indexed once for all groups that share them."""
    return CommonGround(
        {issuer.code: issuer for issuer in setup.issuers},
        {product.code: product for product in setup.products},
        PriceBook(setup.price_lists),
        (setup.issuers, setup.products, setup.price_lists),
    )
