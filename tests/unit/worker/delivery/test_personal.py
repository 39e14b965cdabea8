"""What a ledger repeats of a person is taken out of its words; what an operator needs stays."""

from __future__ import annotations

from dataclasses import replace

from connectors.errors import OutcomeUnknown, Refused
from mappings.canonical.party import Address, Registration
from tests.fakes.documents import a_customer, a_document, a_record
from worker.delivery.personal import without_personal

CUSTOMER = replace(
    a_customer(),
    display_name="Canary Birds",
    billing_address=Address(line1="5 Canary Lane", line2="c/o H. Canarini", city="Leipzig", country="DE"),
    emails=("h@canary.example",),
    tax_ids=(Registration("DE", "DE999999999"),),
)


class TestWithoutPersonal:
    def test_takes_out_what_was_sent_however_it_is_written(self) -> None:
        said = (
            "Canary Birds, 5 CANARY LANE, c/o H. Canarini, H@canary.example, 999999999: no such city Leipzig"
        )
        refused = Refused(said, code="2010", detail=said, hint="Correct 5 Canary Lane.")

        told = without_personal(refused, [CUSTOMER])

        assert told.why == "Canary Birds, [address], [address], [e-mail], [tax id]: no such city Leipzig"
        assert (told.detail, told.hint) == (told.why, "Correct [address].")
        assert (type(told), told.code) == (Refused, "2010")

    def test_takes_out_what_a_document_says_of_its_payer(self) -> None:
        record = a_record(a_document("INV-1"))
        bill_to = replace(record.document.bill_to, address=CUSTOMER.billing_address, emails=CUSTOMER.emails)
        record = replace(record, document=replace(record.document, bill_to=bill_to))

        told = without_personal(OutcomeUnknown("for h@canary.example at 5 Canary Lane"), [record])

        assert told.why == "for [e-mail] at [address]"

    def test_leaves_short_and_empty_values_alone(self) -> None:
        short = replace(CUSTOMER, billing_address=Address(line1="A 1", line2=""), emails=(), tax_ids=())

        assert without_personal(Refused("A 1 and all"), [short]).why == "A 1 and all"
