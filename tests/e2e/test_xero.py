"""Two Xero books under one consent: billed, released, and in the books exactly once, whatever gets lost."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import books
from tests.e2e.harness import Farm, finished, running_simulator, the_file, wait_until

ORGANISATIONS = {
    "UK-BOOK": "ae75d056-4af7-484d-b709-94439130faa4",
    "IE-BOOK": "0b6c7bd2-0000-4000-8000-000000000002",
}
MONTHS = tuple(date(2026, month, 1) for month in range(1, 10))
SHOPS = 12
KINDS = {"Invoices": ("invoice", "InvoiceNumber"), "CreditNotes": ("credit_note", "CreditNoteNumber")}
KILLS = 3

_CHANGES = """
subledger: 1
subscriptions:
  - code: WREN-B-PHONE
    party: WREN-B
    product: PHONE
    plan: monthly
    term: P1M
    start: 2026-01-01
    quantity: 31
    changes: [{ on: 2026-01-16, cancel: true }]
"""


def config() -> dict[str, Any]:
    """A British organisation and an Irish one; a request is cut after 1 s."""
    ireland = {
        "tenant_id": ORGANISATIONS["IE-BOOK"],
        "name": "Farm Cloud DAC",
        "base_currency": "EUR",
        "country_code": "IE",
        "currencies": ["GBP"],
        "tax_rates": [
            {"type": "OUTPUT23", "name": "23% VAT", "percent": "23"},
            {"type": "ZERORATEDOUTPUT", "name": "Zero Rated", "percent": "0"},
        ],
    }
    britain = {"tenant_id": ORGANISATIONS["UK-BOOK"], "name": "Farm Cloud Ltd"}
    return {"organisations": [britain, ireland], "server_limit_s": 1.0}


def workspace() -> str:
    """The workspace with a dozen shops, enough for a batch."""
    parties, contracts, subscriptions = [], [], []
    for index in range(SHOPS):
        code, start = f"SHOP-{index}", "from: 2026-01-01"
        address = "bill_to_address: { line1: 1 Lane, city: Leeds, postal_code: LS1 9XX, country: GB }"
        parties.append(f'  - {{ code: {code}, name: "Shop {index}", {address} }}')
        contracts.append(f"  - {{ code: C-{code}, party: {code}, issuer: UK, price_list: GBP, {start} }}")
        facts = "product: SUITE, plan: monthly, term: P1M, start: 2026-01-01"
        subscriptions.append(f"  - {{ code: {code}-S, party: {code}, {facts}, quantity: {index + 1} }}")
    text = the_file("xero.yaml")
    for name, lines in (("parties", parties), ("contracts", contracts), ("subscriptions", subscriptions)):
        text = text.replace(f"{{{{{name}}}}}", "\n".join(lines) + "\n")
    return text


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """The workspace is imported and one book connected; the other uses the same consent."""
    with running_simulator(tmp_path, config(), limits=False, ledger="xero") as simulator:
        made = Farm(tmp_path, simulator)
        made.run_each(
            ("workspace", "import", made.write(workspace(), "workspace.yaml")), connecting_both(made)
        )
        yield made


def connecting_both(farm: Farm) -> tuple[str, ...]:
    """The command that gives the one consent of both books."""
    token = farm.folder / "refresh-token"
    token.write_text(farm.simulator.refresh_token(ORGANISATIONS["UK-BOOK"]))
    return ("book", "connect", "UK-BOOK", "--refresh-token-file", str(token))


def held_by(farm: Farm) -> tuple[books.Held, ...]:
    """The documents of both organisations, from their own lists."""
    found = []
    for book, tenant in ORGANISATIONS.items():
        dump = farm.simulator.get("dump", realm=tenant)
        for path, (kind, number) in KINDS.items():
            for record in dump[path]:
                match = books.MARKER.search(record["Reference"])
                assert match is not None, record
                assert record["Status"] == "AUTHORISED"
                amounts = (record["CurrencyCode"], record["SubTotal"])
                found.append(books.Held(book, record[number], kind, match[1], *amounts))
    return tuple(sorted(found))


def check(farm: Farm) -> tuple[books.Held, ...]:
    """Each issued document is in its book exactly once as issued, and nothing else is; customers neither."""
    held, issued = held_by(farm), books.issued_by(farm)
    assert held == issued
    for tenant in ORGANISATIONS.values():
        contacts = farm.simulator.get("dump", realm=tenant)["Contacts"]
        assert [n for _, n in Counter(one["ContactNumber"] for one in contacts).items() if n > 1] == []
    return issued


def finish(farm: Farm, month: date) -> None:
    """Run until everything is done, and compare the books with what was issued."""
    done = farm.run("run", "--as-of", month.isoformat())
    assert done.code == 0, done.told or done.out
    assert all(book["open"] == 0 for book in done.out["books"])
    check(farm)


def start(farm: Farm, month: date) -> subprocess.Popen[str]:
    """A run that has begun to work: before that it only loads itself."""
    process = farm.start("run", "--as-of", month.isoformat())
    lock, name = farm.folder / "subledger.db.lock", f"process {process.pid}"
    wait_until(lambda: lock.exists() and lock.read_text().strip() == name, seconds=60, what="the run begins")
    return process


class TestXero:
    def test_holds_two_months_of_two_books_once_and_a_repeat_sends_nothing(self, farm: Farm) -> None:
        finish(farm, MONTHS[0])
        assert farm.import_text(_CHANGES, "changes.yaml").code == 0
        finish(farm, MONTHS[1])
        issued, writes = check(farm), farm.simulator.writes()

        again = farm.run("run", "--as-of", MONTHS[1].isoformat())

        assert (again.code, again.out["posted"], farm.simulator.writes()) == (0, 0, writes)
        assert {one.book for one in issued} == set(ORGANISATIONS)
        assert sum(one.kind == "credit_note" for one in issued) == 1
        calls = farm.simulator.get("calls")
        assert (
            sum(one["tokens"] for one in calls.values()) <= 2
        )  # one consent, refreshed by one book for both
        assert calls[ORGANISATIONS["UK-BOOK"]]["batches"] >= 3

    def test_waits_in_both_books_for_a_consent_that_was_withdrawn(self, farm: Farm) -> None:
        for tenant in ORGANISATIONS.values():
            farm.simulator.post("revoke", {"realm": tenant})

        refused = farm.run("run", "--as-of", MONTHS[0].isoformat())

        assert refused.code != 0
        assert {book["paused"] for book in refused.out["books"]} == {"consent_lost"}
        farm.run_each(connecting_both(farm))
        finish(farm, MONTHS[0])

    def test_finds_out_what_arrived_when_answers_are_lost(self, farm: Farm) -> None:
        """A batch that was carried out, one that was not, a single invoice, and a contact."""
        farm.simulator.post(
            "faults",
            [
                {"fault": "commit_then_drop", "entity": "invoices", "operation": "batch"},
                {"fault": "commit_then_drop", "entity": "invoices", "operation": "create"},
                {"fault": "drop_before_commit", "entity": "contacts", "operation": "batch"},
                {"fault": "5xx_after_commit", "entity": "contacts", "operation": "create", "status": 503},
                {"fault": "429", "entity": "items", "retry_after": "1"},
            ],
        )

        finish(farm, MONTHS[0])

        assert farm.simulator.struck() == 5
        assert len(check(farm)) == SHOPS + 2

    def test_killed_while_xero_commits_and_never_answers_sends_nothing_again(self, farm: Farm) -> None:
        finish(farm, MONTHS[0])
        hold = {"fault": "hang", "commit": "first", "seconds": 0.95, "times": 0, "entity": "invoices"}
        farm.simulator.post("faults", [hold | {"operation": one} for one in ("create", "batch")])
        process = start(farm, MONTHS[1])
        wait_until(lambda: farm.simulator.struck() >= 2, seconds=60, what="two calls are committed")

        process.kill()
        process.communicate()
        farm.simulator.post("faults/clear", {})
        finish(farm, MONTHS[1])

        assert process.returncode == -9

    def test_killed_at_random_moments_puts_each_document_once_into_its_book(self, farm: Farm) -> None:
        chance = random.Random(1)
        months = iter(MONTHS)
        started = time.monotonic()
        finish(farm, next(months))
        whole = time.monotonic() - started
        for _ in range(KILLS):
            process = start(farm, next(months))
            time.sleep(chance.uniform(0.0, min(whole, 3.0)))
            process.kill()
            finished(process)
        finish(farm, next(months))
