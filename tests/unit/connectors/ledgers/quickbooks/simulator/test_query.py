from __future__ import annotations

from typing import Any

import pytest

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.finding import run
from connectors.ledgers.quickbooks.simulator.query import parse
from tests.unit.connectors.ledgers.quickbooks.simulator.sending import Maker, invoice, put, refused


@pytest.fixture
def company(make: Maker) -> Company:
    company = make()
    for number in range(1, 6):
        put(company, "Invoice", invoice(f"Q-{number}", TxnDate=f"2026-11-0{number}"))
    put(company, "Customer", {"DisplayName": r"O'Neill \ Sons"})
    return company


def answer(company: Company, text: str) -> dict[str, Any]:
    return run(company, parse(text), visible=lambda _row: True)


def numbers(company: Company, text: str) -> list[str]:
    return [row["DocNumber"] for row in answer(company, text).get("Invoice", [])]


class TestQuery:
    @pytest.mark.parametrize(
        ("clause", "found"),
        [
            ("where DocNumber = 'Q-2'", ["Q-2"]),
            ("WHERE DocNumber IN ('Q-4', 'Q-1', 'Q-9')", ["Q-4", "Q-1"]),
            ("where DocNumber LIKE '%-3'", ["Q-3"]),
            ("where TxnDate > '2026-11-03'", ["Q-4", "Q-5"]),
            ("where TxnDate >= '2026-11-03' and TxnDate<'2026-11-05'", ["Q-3", "Q-4"]),
            ("where TxnDate != '2026-11-01' AND TxnDate <= '2026-11-02'", ["Q-2"]),
            ("where TotalAmt > '24' startposition 2 maxresults 2", ["Q-2", "Q-3"]),
            ("where CustomerRef = '102' orderby TxnDate desc maxresults 1", ["Q-5"]),
            ("orderby DocNumber startposition 5", ["Q-5"]),
            ("where MetaData.LastUpdatedTime >= '2026-11-02T08:15:30-08:00' maxresults 1", ["Q-1"]),
            ("where MetaData.LastUpdatedTime > '2026-11-02T16:15:30Z'", []),
        ],
    )
    def test_finds(self, clause: str, found: list[str], company: Company) -> None:
        assert numbers(company, f"select * from Invoice {clause}") == found

    def test_says_where_the_page_starts_and_how_many_there_are(self, company: Company) -> None:
        page = answer(company, "select * from Invoice startposition 2 maxresults 3")

        assert (page["startPosition"], page["maxResults"], page["totalCount"]) == (2, 3, 5)

    def test_counts(self, company: Company) -> None:
        assert answer(company, "select count(*) from Invoice where TxnDate > '2026-11-03'") == {
            "totalCount": 2
        }

    def test_is_empty_without_rows(self, company: Company) -> None:
        assert answer(company, "select * from Invoice where DocNumber = 'none'") == {}

    def test_reads_escaped_quotes_and_backslashes(self, company: Company) -> None:
        found = answer(company, r"select * from Customer where DisplayName = 'O\'Neill \\ Sons'")

        assert len(found["Customer"]) == 1

    def test_hides_inactive_rows_unless_asked(self, company: Company) -> None:
        put(company, "Customer", {"Id": "102", "SyncToken": "0", "sparse": True, "Active": False})
        names = "select * from Customer where DisplayName LIKE 'Contoso%'"

        assert answer(company, names) == {}
        assert len(answer(company, f"{names} and Active in (true, false)")["Customer"]) == 1

    def test_answers_at_most_a_hundred_unasked(self, company: Company) -> None:
        for number in range(100):
            put(company, "Invoice", invoice(f"M-{number}"))

        assert answer(company, "select * from Invoice")["maxResults"] == 100

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "4000"),
            ("delete from Invoice", "4000"),
            ("select Id from Invoice", "4000"),
            ("select *, DocNumber from Invoice", "4000"),
            ("select * from Invoice where Id = '1' or Id = '2'", "4000"),
            ("select * from Invoice order by Id", "4000"),
            ("select * from Invoice where Id = 'unclosed", "4000"),
            ("select * from Invoice where DocNumber = Q-1", "4000"),
            ("select * from Invoice where DocNumber in ()", "4000"),
            ("select * from Invoice maxresults ten", "4000"),
            ("select * from Invoice extra", "4000"),
            ("select * from Moon", "4001"),
            ("select * from Invoice where Colour = 'red'", "4001"),
            ("select * from Invoice where PrivateNote = 'x'", "4001"),
            ("select * from Invoice where Line.Id = '1'", "4001"),
            ("select * from Invoice orderby PrivateNote", "4001"),
            ("select * from Invoice startposition 0", "4001"),
            ("select * from Invoice maxresults 1001", "4001"),
            ("select * from Invoice where TotalAmt > 'much'", "4001"),
        ],
    )
    def test_is_refused_for(self, text: str, code: str, company: Company) -> None:
        assert refused(lambda: answer(company, text)) == [code]

    def test_of_items_may_name_the_sku(self, company: Company) -> None:
        assert len(answer(company, "SELECT *, Sku FROM Item")["Item"]) == 1
