"""What stands on a document: both sides, dates, sections and lines, as they were on its day."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.document import Document, Side
from mappings.canonical.money import Money
from mappings.canonical.party import Address, BankAccount, Registration
from tests.unit.worker.billing.world import (
    SELLER,
    FxRate,
    Product,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    party,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
    used,
)
from worker.billing import Check, finalise

OFFICE = Address("Kai 1", city="Hamburg", postal_code="20457", country="DE")
EURO = BankAccount("EUR", iban="DE02")
DOLLAR = BankAccount("USD", iban="DE03")
NOW = Registration("DE", "DE1", from_=day("2026-01-01"), until=day("2026-02-01"))
BEFORE = Registration("DE", "DE0", until=day("2026-01-01"))
LATER = Registration("DE", "DE2", from_=day("2026-02-01"))
ISSUER = replace(
    SELLER,
    address=OFFICE,
    registrations=(BEFORE, NOW, LATER),
    bank_accounts=(DOLLAR, EURO),
    brand="north",
    language="de",
)


def seller(*, world: Any = None, **terms: Any) -> Seller:
    base = setup(**{"issuers": (ISSUER,), "contracts": (contract(**terms),), **(world or {})})
    return Seller(base, (subscription(),), (held("2026-01-01", 10),))


class TestADocument:
    def test_shows_both_sides_as_they_are_on_the_day(self) -> None:
        buyer = party(
            "ACME",
            legal_name="Acme Limited",
            tax_ids=(LATER, NOW, BEFORE),
            emails=("ap@acme.example",),
            language="fr",
            brand="acme",
            buyer_reference="B-7",
        )
        invoice = only(seller(world={"parties": (buyer,)}).run("2026-01-31"))

        assert invoice.issuer == Side(
            "DE", "Nordlicht", "Nordlicht Cloud GmbH", OFFICE, (NOW,), (), "de", "north"
        )
        assert invoice.bill_to == Side(
            "ACME",
            "ACME Ltd",
            "Acme Limited",
            Address(country="DE"),
            (NOW,),
            ("ap@acme.example",),
            "fr",
            "acme",
        )
        assert invoice.buyer_reference == "B-7"
        assert invoice.bank_account == EURO

    def test_names_the_buyer_by_its_name_where_it_has_no_legal_one(self) -> None:
        assert only(seller().run("2026-01-01")).bill_to.legal_name == "ACME Ltd"

    def test_has_no_bank_account_in_another_currency(self) -> None:
        world = {"issuers": (replace(ISSUER, bank_accounts=(DOLLAR,)),)}

        assert only(seller(world=world).run("2026-01-01")).bank_account is None

    def test_keeps_what_the_contract_asks_for(self) -> None:
        invoice = only(seller(purchase_order="PO-7", payment_terms_days=14).run("2026-01-02"))

        assert (invoice.purchase_order, invoice.payment_terms_days) == ("PO-7", 14)
        assert (invoice.document_date, invoice.due_date) == (day("2026-01-02"), day("2026-01-16"))
        assert (invoice.home_currency, invoice.exchange_rate, invoice.exchange_rate_on) == ("EUR", 1, None)
        assert (invoice.exchange_rate_source, invoice.tax_mode) == ("", "ours")

    def test_has_a_rate_of_one_before_its_release(self) -> None:
        story = seller(
            world={"price_lists": (price_list(currency="USD"),), "fx_rates": TestAnExchangeRate.RATES}
        )
        story.run("2026-01-01")
        assert story.last is not None
        draft = story.last.drafts[0].document

        assert (draft.exchange_rate, draft.exchange_rate_on, draft.exchange_rate_source) == (1, None, "")
        assert (draft.currency, draft.home_currency) == ("USD", "EUR")

    def test_is_for_the_days_from_its_first_line_to_its_last(self) -> None:
        story = seller()
        story.subscriptions = (
            subscription(),
            subscription("S2", anchor=day("2026-01-20")),
            subscription("S3", anchor=day("2026-01-10")),
        )
        story.versions = (
            held("2026-01-01", 1),
            held("2026-01-20", 1, "S2"),
            held("2026-01-10", 1, "S3"),
        )

        assert str(only(story.run("2026-01-31")).service) == "2026-01-01..2026-02-19"

    def test_has_sections_by_party_and_lines_by_product_and_day(self) -> None:
        products = (Product("A", "Alpha"), Product("Z", "Zulu"))
        world = {
            "parties": (party("TOP"), *(party(code, parent="TOP") for code in ("NORTH", "EAST"))),
            "products": products,
            "price_lists": (price_list("LIST", per_seat("1", product="A"), per_seat("1", product="Z")),),
            "contracts": (contract("TOP", bill_to="consolidated"),),
        }
        story = seller(world=world)
        sold = (("1", "NORTH", "Z"), ("2", "EAST", "Z"), ("3", "NORTH", "A"), ("4", "EAST", "A"))
        story.subscriptions = tuple(subscription(code, party=who, product=what) for code, who, what in sold)
        story.versions = tuple(held("2026-01-01", int(code), code) for code, _, _ in sold)

        invoice = only(story.run("2026-01-01"))

        assert [(one.party, one.name, str(one.net), str(one.tax)) for one in invoice.sections] == [
            ("EAST", "EAST Ltd", "6.00 EUR", "1.14 EUR"),
            ("NORTH", "NORTH Ltd", "4.00 EUR", "0.76 EUR"),
        ]
        assert [line.charge.subscription for line in invoice.lines] == ["4", "2", "3", "1"]
        assert [line.description for line in invoice.lines] == ["Alpha", "Zulu", "Alpha", "Zulu"]

    def test_prints_a_line_with_everything_of_its_charge(self) -> None:
        line = only(seller().run("2026-01-01")).lines[0]

        assert (line.charge.subscription, line.charge.cycle_start, line.charge.revision) == (
            "S1",
            day("2026-01-01"),
            0,
        )
        assert (line.product, line.sold_to, line.quantity, line.unit_price) == ("E3", "ACME", 10, dec("8.40"))
        assert (line.tax_code, line.tax_percent, line.tax_treatment) == ("DE19", 19, "domestic")
        assert (line.original, str(line.service)) == (None, "2026-01-01..2026-01-31")


class TestACreditNote:
    def test_prints_what_it_takes_back_without_minus(self) -> None:
        story = seller()
        invoice = only(story.run("2026-01-01"))
        story.change(held("2026-01-16", 0, status="cancelled"))

        note = only(story.run("2026-01-16"))
        [line] = note.lines

        assert (note.kind, str(note.net), str(note.tax), str(note.gross)) == (
            "credit_note",
            "43.35 EUR",
            "8.24 EUR",
            "51.59 EUR",
        )
        assert (line.net, line.unit_price) == (Money(4335, "EUR"), dec("43.35"))
        assert line.description == f"Office E3, reduction of {invoice.number}"
        assert line.original is not None
        assert (line.original.number, line.original.date) == (invoice.number, invoice.document_date)
        assert str(line.original.period) == "2026-01-01..2026-01-31"


class TestALinesWords:
    def test_tell_a_change_from_the_first_charge(self) -> None:
        story = seller()
        story.run("2026-01-01")
        story.change(held("2026-01-16", 12))

        assert only(story.run("2026-01-16")).lines[0].description == "Office E3, change"


class TestAnExchangeRate:
    RATES = tuple(FxRate("USD", "EUR", day(f"2026-0{month}-01"), f"0.9{month}", "ECB") for month in (1, 2, 3))

    def _seller(self, **terms: Any) -> Seller:
        lists = (price_list(currency="USD"), price_list("USE", per_seat("1", plan="usage"), currency="USD"))
        world = {"price_lists": lists, "fx_rates": self.RATES}
        return seller(world=world, **terms)

    def test_of_a_credit_is_its_originals(self) -> None:
        story = self._seller()
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5))

        note = only(story.run("2026-02-01")[:1])

        assert note.kind == "credit_note"
        assert (note.exchange_rate, note.exchange_rate_on, note.exchange_rate_source) == (
            dec("0.91"),
            day("2026-01-01"),
            "ECB",
        )

    def test_of_an_invoice_is_its_own(self) -> None:
        story = self._seller()
        story.run("2026-01-01")

        invoice = only(story.run("2026-02-01"))

        assert (invoice.exchange_rate, invoice.exchange_rate_on) == (dec("0.92"), day("2026-02-01"))
        assert invoice.converted_tax is not None
        assert str(invoice.converted_tax.tax) == "14.68 EUR"

    def test_of_late_usage_is_that_of_its_month(self) -> None:
        """January's usage is invoiced in February; what is known late of it follows at January's rate."""
        story = self._seller(usage_price_list="USE", price_list="USE")
        story.subscriptions = (subscription(plan="usage", term=""),)
        story.versions = ()
        last_day = FxRate("USD", "EUR", day("2026-01-31"), "0.93", "ECB")
        story.setup = replace(story.setup, fx_rates=(*self.RATES, last_day))
        story.usage = (used("2026-01-05", 100),)
        first = only(story.run("2026-02-01"))
        story.usage = (*story.usage, used("2026-01-06", 50))

        late = only(story.run("2026-03-01"))

        assert (str(late.net), late.exchange_rate) == ("50.00 USD", first.exchange_rate)
        assert late.exchange_rate == dec("0.93")


class TestAFinishedDocument:
    def _draft(self) -> Document:
        story = seller(payment_terms_days=10)
        story.run("2026-01-01")
        assert story.last is not None
        return story.last.drafts[0].document

    @pytest.mark.parametrize(("policy", "dated"), [("release_date", "2026-01-20"), ("as_of", "2026-01-05")])
    def test_is_dated_as_the_issuer_says(self, policy: Any, dated: str) -> None:
        done = finalise(
            self._draft(),
            number="INV-9",
            series="INV",
            on=day("2026-01-20"),
            as_of=day("2026-01-05"),
            issuer=replace(ISSUER, document_date=policy),
            rates=(),
        )

        assert not isinstance(done, Check)
        assert (done.document_date, done.due_date) == (
            day(dated),
            day(dated).replace(day=day(dated).day + 10),
        )
        assert (done.number, done.series) == ("INV-9", "INV")
