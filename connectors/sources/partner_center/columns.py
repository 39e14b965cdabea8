"""The columns of each kind of provider line: the file's names, our field, and what the value is.

Names are compared without regard to case, so one table serves the API's spelling and the CSV header
(contracts/partner_center/recon_columns.csv). A field that is not one of `ProviderLine` goes to `details`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from connectors.sources.partner_center.cells import CellType


@dataclass(frozen=True, slots=True)
class Column:
    """One column: our field, its type, and every name a file may use for it (in lower case)."""

    field: str
    type: CellType
    names: tuple[str, ...]


def _columns(kind: CellType, **names: str) -> tuple[Column, ...]:
    """Columns of one type, as `our_field="wireName otherName"`."""
    return tuple(Column(ours, kind, tuple(theirs.lower().split())) for ours, theirs in names.items())


_SHARED = (
    *_columns(
        "text",
        partner_id="partnerId",
        customer_id="customerId",
        customer_name="customerName customerCompanyName",
        customer_domain_name="customerDomainName domainName",
        invoice_number="invoiceNumber",
        mpn_id="mpnId",
        reseller_mpn_id="resellerMpnId tier2MpnId",
        order_id="orderId",
        charge_type="chargeType",
        currency="currency",
        subscription_description="subscriptionDescription",
        subscription_id="subscriptionId",
        billing_frequency="billingFrequency billingCycleType",
        invoice_line_item_type="invoiceLineItemType",
        billing_provider="billingProvider",
    ),
    *_columns("day", charge_start="chargeStartDate"),
    *_columns("last_day", charge_until="chargeEndDate"),
)

_NCE = (
    *_SHARED,
    *_columns(
        "text",
        customer_country="customerCountry",
        product_id="productId",
        sku_id="skuId",
        availability_id="availabilityId",
        sku_name="skuName",
        product_name="productName",
        price_adjustment_description="priceAdjustmentDescription",
        discount_details="discountDetails",
        publisher_name="publisherName",
        publisher_id="publisherId",
        term_and_billing_cycle="termAndBillingCycle",
        unit_type="unitType",
        alternate_id="alternateId",
        pricing_currency="pricingCurrency",
        meter_description="meterDescription",
        reservation_order_id="reservationOrderId",
        credit_reason_code="creditReasonCode",
        reference_id="referenceId",
        promotion_id="promotionId",
        product_category="productCategory",
    ),
    *_columns("texts", product_qualifiers="productQualifiers"),
    *_columns(
        "number",
        unit_price="unitPrice",
        quantity="quantity",
        subtotal="subtotal",
        tax_total="taxTotal",
        total="totalForCustomer total",
        effective_unit_price="effectiveUnitPrice",
        billable_quantity="billableQuantity",
        pc_to_bc_exchange_rate="pcToBCExchangeRate",
    ),
    *_columns("instant", order_date="orderDate"),
    *_columns(
        "day",
        pc_to_bc_exchange_rate_date="pcToBCExchangeRateDate",
        subscription_start="subscriptionStartDate",
    ),
    *_columns("last_day", subscription_until="subscriptionEndDate"),
)

_LEGACY_LICENSE = (
    *_SHARED,
    *_columns(
        "text",
        syndication_partner_subscription_number="syndicationPartnerSubscriptionNumber",
        offer_id="offerId",
        durable_offer_id="durableOfferId",
        product_name="offerName",
        subscription_name="subscriptionName",
    ),
    *_columns(
        "number",
        unit_price="unitPrice",
        quantity="quantity",
        amount="amount",
        total_other_discount="totalOtherDiscount",
        subtotal="subtotal",
        tax_total="tax",
        total="totalForCustomer",
    ),
    *_columns("day", subscription_start="subscriptionStartDate"),
    *_columns("last_day", subscription_until="subscriptionEndDate"),
)

_AZURE = (
    *_SHARED,
    *_columns(
        "text",
        partner_name="partnerName",
        partner_billable_account_id="partnerBillableAccountId",
        subscription_name="subscriptionName",
        service_name="serviceName",
        service_type="serviceType",
        resource_guid="resourceGuid",
        resource_name="resourceName",
        region="region",
        unit_type="unit",
    ),
    *_columns("number", quantity="consumedQuantity"),
)

_AZURE_BILLING = (
    *_AZURE,
    *_columns("text", detail_line_item_id="detailLineItemId", sku_id="sku"),
    *_columns(
        "number",
        included_quantity="includedQuantity",
        billable_quantity="overageQuantity",
        unit_price="listPrice",
        subtotal="pretaxCharges",
        tax_total="taxAmount",
        total="postTaxTotal",
        effective_unit_price="pretaxEffectiveRate",
        post_tax_effective_rate="postTaxEffectiveRate",
    ),
)

_AZURE_USAGE = (
    *_AZURE,
    *_columns("text", customer_billable_account="customerBillableAccount"),
    *_columns("day", usage_date="usageDate"),
)

_BY_KIND: Mapping[str, tuple[Column, ...]] = {
    "nce_lines": _NCE,
    "nce_unbilled_lines": _NCE,
    "legacy_license_lines": _LEGACY_LICENSE,
    "azure_billing_lines": _AZURE_BILLING,
    "azure_usage_lines": _AZURE_USAGE,
}

NEEDED: Mapping[str, tuple[str, ...]] = {
    "nce_lines": ("chargeStartDate", "chargeEndDate", "quantity", "subtotal", "currency"),
    "nce_unbilled_lines": ("chargeStartDate", "chargeEndDate", "quantity", "subtotal", "currency"),
    "legacy_license_lines": ("chargeStartDate", "chargeEndDate", "quantity", "subtotal", "currency"),
}
"""Columns a CSV file of the kind cannot do without."""


@cache
def by_name(kind: str) -> Mapping[str, Column]:
    """The columns of a kind of line by every name a file may use, in lower case."""
    return {name: column for column in _BY_KIND[kind] for name in column.names}
