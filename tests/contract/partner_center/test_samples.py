"""Every published wire sample is imported or refused for exactly its reason; twice gives the same keys."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.sources.partner_center import Import, read_file, read_pages, to_state
from connectors.sources.partner_center.columns import by_name

READ = {  # kind, rows, subscriptions, lines, refusals
    "recon_azure_billing_lineitems.json": ("azure_billing_lines", 2, 0, 2, 0),
    "recon_azure_usage_lineitems.json": ("azure_usage_lines", 2, 0, 2, 0),
    "recon_office_license_lineitems.json": ("legacy_license_lines", 2, 0, 2, 0),
    "recon_onetime_billing_lineitems_page1.json": ("nce_lines", 4, 0, 4, 0),
    "recon_onetime_billing_lineitems_page2.json": ("nce_lines", 4, 0, 4, 0),
    "recon_unbilled_onetime_page1.json": ("nce_unbilled_lines", 3, 0, 3, 0),
    "recon_unbilled_onetime_page2.json": ("nce_unbilled_lines", 4, 0, 4, 0),
    "recon_unbilled_onetime_page3.json": ("nce_unbilled_lines", 4, 0, 4, 0),
    "subscription_addon.json": ("subscription", 1, 1, 0, 0),
    "subscription_azure_legacy.json": ("subscription", 1, 1, 0, 0),
    "subscription_software_triennial_scheduled_change.json": ("subscription", 1, 1, 0, 0),
    "subscription_with_refund_options.json": ("subscription", 1, 1, 0, 0),
    "subscriptions_by_reseller.json": ("subscriptions", 1, 1, 0, 0),
    "subscriptions_of_customer.json": ("subscriptions", 1, 0, 0, 3),
}

REFUSED_BY_KIND = {
    "README.md": "unknown",
    "azure_ratecard.json": "azure_rate_card",
    "cart_create_response.json": "cart",
    "daily_rated_usage_billed_page1.json": "daily_rated_usage",
    "daily_rated_usage_billed_page2.json": "daily_rated_usage",
    "daily_rated_usage_unbilled_page1.json": "daily_rated_usage",
    "daily_rated_usage_unbilled_page2.json": "daily_rated_usage",
    "fx_rates_head.csv": "fx_rates",
    "http_429.txt": "http_message",
    "http_webhook_callback_headers.txt": "http_message",
    "invoice_by_id.json": "invoice",
    "invoice_collection.json": "invoice",
    "invoice_estimate_links.json": "invoice_estimate_links",
    "invoice_summaries.json": "invoice_summary",
    "order_create_request.json": "order_request",
    "order_create_response.json": "order",
    "price_sheet_azure_consumption_head.csv": "price_sheet",
    "promotion_by_id.json": "promotion",
    "promotion_eligibility_request.json": "eligibility_request",
    "promotion_eligibility_response.json": "eligibility",
    "promotions.json": "promotion",
    "subscription_change_quantity_request.json": "subscription_change_request",
    "subscription_change_quantity_request_nce.raw.txt": "unreadable",
    "subscription_change_quantity_response_b.json": "subscription_change_request",
    "subscription_overage.json": "overage",
    "transition_eligibilities.json": "eligibility",
    "transition_request.json": "transition_request",
    "transition_response.json": "transition",
    "transitions.json": "transition",
    "usage_meter_records.json": "usage_records",
    "usage_monthly_records.json": "usage_records",
    "usage_resource_records.json": "usage_records",
    **{f"webhook_event_{number}.json": "webhook_event" for number in range(1, 7)},
    "webhook_registration_1.json": "webhook_event",
    "webhook_registration_2.json": "webhook_event",
    **{f"webhook_registration_{number}.json": "webhook_registration" for number in range(3, 9)},
}


@pytest.fixture(scope="module")
def samples(contracts: Path) -> Path:
    return contracts / "partner_center" / "samples"


def imported(samples: Path, name: str) -> Import:
    return read_file((samples / name).read_bytes(), name=name)


class TestSamples:
    def test_are_all_accounted_for(self, samples: Path) -> None:
        assert {path.name for path in samples.iterdir()} == READ.keys() | REFUSED_BY_KIND.keys()

    @pytest.mark.parametrize("name", sorted(READ))
    def test_are_read_with_these_counts(self, samples: Path, name: str) -> None:
        read = imported(samples, name)

        counts = (read.kind, read.rows, len(read.subscriptions), len(read.lines), len(read.refusals))
        assert counts == READ[name]

    @pytest.mark.parametrize("name", sorted(REFUSED_BY_KIND))
    def test_of_another_kind_are_refused_whole_with_what_to_give_instead(
        self, samples: Path, name: str
    ) -> None:
        read = imported(samples, name)

        assert read.kind == REFUSED_BY_KIND[name]
        assert (read.subscriptions, read.lines) == ((), ())
        (refusal,) = read.refusals
        assert refusal.file == name
        if read.kind != "unreadable":
            assert refusal.sentence.startswith("This is ")
            assert " Give " in refusal.sentence

    @pytest.mark.parametrize("name", sorted(READ))
    def test_read_twice_are_the_same(self, samples: Path, name: str) -> None:
        first, second = imported(samples, name), imported(samples, name)

        assert first == second
        assert len({line.key for line in first.lines}) == len(first.lines)

    def test_with_comments_are_refused_with_their_place(self, samples: Path) -> None:
        (refusal,) = imported(samples, "subscription_change_quantity_request_nce.raw.txt").refusals

        assert "is not JSON" in refusal.sentence
        assert "line 10, column 20" in refusal.sentence

    def test_with_damaged_dates_are_refused_by_name(self, samples: Path) -> None:
        read = imported(samples, "subscriptions_of_customer.json")

        assert [(refusal.row, refusal.field, refusal.value) for refusal in read.refusals] == [
            (1, "creationDate", "2015-11-25T06: 41: 12Z"),
            (1, "effectiveStartDate", "2015-11-24T08: 00: 00Z"),
            (1, "commitmentEndDate", "2016-12-12T08: 00: 00Z"),
        ]
        assert all("we do not guess" in refusal.sentence for refusal in read.refusals)
        assert [(flag.field, flag.value) for flag in read.flags] == [("totalCount", "37")]


class TestNewCommerceLines:
    def test_mix_texts_and_numbers_and_stay_exact(self, samples: Path) -> None:
        trial, promoted, strange, thin = imported(samples, "recon_onetime_billing_lineitems_page1.json").lines

        assert (trial.quantity, trial.subtotal, trial.product_qualifiers) == (25, 0, ("AddOn", "Trial"))
        assert (promoted.effective_unit_price, promoted.subtotal) == (Decimal("14.4"), Decimal(720))
        assert (strange.billable_quantity, strange.reseller_mpn_id) == (Decimal("3.1618"), "0")
        assert (thin.tax_total, thin.total, thin.subscription_start) == (
            Decimal("1.61"),
            Decimal("17.61"),
            None,
        )

    def test_have_half_open_periods_in_utc_days(self, samples: Path) -> None:
        trial, _, strange, thin = imported(samples, "recon_onetime_billing_lineitems_page1.json").lines

        assert (trial.charge_start, trial.charge_until) == (date(2021, 5, 20), date(2021, 6, 20))
        assert (strange.charge_start, strange.charge_until) == (date(2019, 2, 4), date(2019, 3, 4))
        assert (thin.charge_start, thin.charge_until) == (date(2021, 1, 29), date(2021, 2, 28))
        assert (trial.subscription_start, trial.subscription_until) == (date(2021, 5, 20), date(2021, 6, 20))

    def test_spell_the_charge_type_in_one_way(self, samples: Path) -> None:
        lines = imported(samples, "recon_onetime_billing_lineitems_page1.json").lines

        assert {line.charge_type for line in lines} == {"new"}

    def test_have_no_exchange_date_where_the_file_says_year_1(self, samples: Path) -> None:
        thin = imported(samples, "recon_onetime_billing_lineitems_page1.json").lines[3]

        assert thin.pc_to_bc_exchange_rate == 1
        assert thin.pc_to_bc_exchange_rate_date is None

    def test_keep_and_flag_unknown_fields(self, samples: Path) -> None:
        read = imported(samples, "recon_onetime_billing_lineitems_page1.json")

        assert read.lines[1].extra == {"attributes/objectType": "OneTimeInvoiceLineItem"}
        assert [(flag.row, flag.field) for flag in read.flags] == [
            (0, "links.next"),
            (2, "attributes/objectType"),
            (3, "totalForCustomer"),
        ]

    def test_of_two_pages_are_told_apart_only_when_read_together(self, samples: Path) -> None:
        """The published second page repeats the first: together they are eight lines, apart four."""
        names = [f"recon_onetime_billing_lineitems_page{page}.json" for page in (1, 2)]
        apart = [imported(samples, name) for name in names]
        together = read_pages([(name, (samples / name).read_bytes()) for name in names])

        assert {line.key for line in apart[0].lines} == {line.key for line in apart[1].lines}
        assert len({line.key for read in together for line in read.lines}) == 8
        assert together[0].lines == apart[0].lines

    def test_not_invoiced_yet_are_never_the_invoiced_ones(self, samples: Path) -> None:
        invoiced = imported(samples, "recon_onetime_billing_lineitems_page1.json").lines
        unbilled = imported(samples, "recon_unbilled_onetime_page2.json").lines

        assert not {line.key for line in invoiced} & {line.key for line in unbilled}


class TestLegacyLines:
    def test_take_their_invoice_from_the_address_of_the_file(self, samples: Path) -> None:
        lines = imported(samples, "recon_office_license_lineitems.json").lines

        assert {line.invoice_number for line in lines} == {"1234000000"}
        assert lines[0].details["durable_offer_id"] == "2F707C7C-2433-49A5-A437-9CA7CF40D3EB"
        assert (lines[0].charge_start, lines[0].charge_until) == (date(2017, 5, 12), date(2017, 6, 10))

    def test_of_azure_keep_rates_as_written(self, samples: Path) -> None:
        charged, free = imported(samples, "recon_azure_billing_lineitems.json").lines

        assert charged.effective_unit_price == Decimal("0.08500671")
        assert (charged.subtotal, charged.tax_total, charged.total) == (
            Decimal("63.33"),
            Decimal("6.34"),
            Decimal("69.67"),
        )
        assert free.quantity == Decimal("0.000882")

    def test_of_azure_usage_have_a_day_and_no_money(self, samples: Path) -> None:
        first = imported(samples, "recon_azure_usage_lineitems.json").lines[0]

        assert first.details["usage_date"] == date(2019, 8, 5)
        assert (first.quantity, first.subtotal, first.currency) == (Decimal("2.9616"), None, "")


class TestSubscriptions:
    def test_of_new_commerce_end_after_the_last_day_of_the_term(self, samples: Path) -> None:
        (subscription,) = imported(samples, "subscription_with_refund_options.json").subscriptions

        assert subscription.tenant == "d8202a51-69f9-4228-b900-d0e081af17d7"
        assert subscription.effective_at == datetime(2021, 1, 14, 16, 57, 14, 498252, tzinfo=UTC)
        assert (subscription.start, subscription.commitment_until) == (date(2021, 1, 14), date(2022, 1, 14))
        assert (subscription.plan, subscription.term) == ("monthly", "P1Y")
        (option,) = subscription.refund_options
        assert (option.kind, option.until) == ("Full", datetime(2021, 1, 15, tzinfo=UTC))

    def test_expired_were_held_inside_their_term(self, samples: Path) -> None:
        (subscription,) = imported(samples, "subscription_with_refund_options.json").subscriptions

        state = to_state(
            subscription,
            products_by_offer={"cfq7ttc0lh18:0001": "BASIC"},
            parties_by_tenant={"d8202a51-69f9-4228-b900-d0e081af17d7": "NORTH"},
        )

        assert (state.subscription.party, state.subscription.product) == ("NORTH", "BASIC")
        assert [(version.status, version.on) for version in state.versions] == [
            ("active", date(2021, 1, 14)),
            ("expired", date(2022, 1, 14)),
        ]

    def test_legacy_without_cycle_and_term_are_assumed_monthly_within_a_year(self, samples: Path) -> None:
        read = imported(samples, "subscription_addon.json")

        (addon,) = read.subscriptions
        assert (addon.plan, addon.term, addon.billing_cycle, addon.term_given) == ("monthly", "P1Y", "", "")
        assert [flag.field for flag in read.flags] == ["billingCycle", "termDuration"]
        assert addon.parent == "1C2B75C1-74A5-472A-A729-7F8CEFC477F9"

    def test_of_azure_have_no_end(self, samples: Path) -> None:
        (azure,) = imported(samples, "subscription_azure_legacy.json").subscriptions
        state = to_state(azure, products_by_offer={}, parties_by_tenant={})

        assert (azure.plan, azure.open_ended, azure.commitment_until) == ("usage", True, None)
        assert (state.subscription.end, state.subscription.auto_renew) == (None, True)

    def test_keep_what_is_scheduled_for_the_next_term(self, samples: Path) -> None:
        (software,) = imported(samples, "subscription_software_triennial_scheduled_change.json").subscriptions

        assert (software.plan, software.term, software.product_type) == ("triennial", "P3Y", "Software")
        assert software.cancellable_until == datetime(2021, 10, 14, 23, 59, tzinfo=UTC)
        assert software.next_term is not None
        assert (software.next_term.billing_cycle, software.next_term.quantity) == ("annual", 1)


class TestColumns:
    @pytest.mark.parametrize(
        ("file_kind", "kind"),
        [("nce_invoice_recon_csv", "nce_lines"), ("legacy_license_recon_csv", "legacy_license_lines")],
    )
    def test_of_the_published_csv_headers_are_all_known(
        self, contracts: Path, file_kind: str, kind: str
    ) -> None:
        with (contracts / "partner_center" / "recon_columns.csv").open(encoding="utf-8") as lines:
            published = [row["column"] for row in csv.DictReader(lines) if row["file_kind"] == file_kind]

        header = ",".join(published)
        read = read_file(f"{header}\n{',' * (len(published) - 1)}\n".encode(), name="empty row.csv")

        assert published
        assert [column for column in published if column.lower() not in by_name(kind)] == []
        assert read.refusals == ()

    @pytest.mark.parametrize(
        ("file_kind", "kind"),
        [
            ("nce_daily_rated_usage_csv", "daily_rated_usage"),
            ("price_sheet_csv", "price_sheet"),
            ("fx_rates_csv", "fx_rates"),
        ],
    )
    def test_of_other_files_are_refused_by_kind(self, contracts: Path, file_kind: str, kind: str) -> None:
        with (contracts / "partner_center" / "recon_columns.csv").open(encoding="utf-8") as lines:
            published = [row["column"] for row in csv.DictReader(lines) if row["file_kind"] == file_kind]

        assert read_file(",".join(published).encode(), name="other.csv").kind == kind
