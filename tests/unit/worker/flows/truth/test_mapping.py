"""Customers and items that exist already are adopted, never duplicated."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from connectors.errors import Unreachable
from connectors.ledgers.quickbooks.simulator import CompanyConfig, CustomerSeed, ItemSeed
from connectors.protocols import Ledger
from mappings.canonical.book import Book
from mappings.canonical.record import Reference
from tests.unit.worker.flows.truth.conftest import COMPANY, Truth, book_at
from tests.unit.worker.small_world import PRODUCT
from worker.flows import mapping, mapping_file
from worker.flows.mapping import Suggestions
from worker.flows.mapping_file import MappingRefused
from worker.store import references
from worker.store.rehearsal import Rehearsal


def suggest(truth: Truth) -> Suggestions:
    return mapping.suggest(truth.ports, truth.book)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def file_of(*rows: tuple[str, str, str]) -> bytes:
    lines = ["book,kind,code,ledger_id", *(f"US-BOOK,{kind},{code},{one}" for kind, code, one in rows)]
    return "\r\n".join(lines).encode()


def import_(truth: Truth, *rows: tuple[str, str, str]) -> mapping.MappingImport:
    return mapping.import_(truth.ports, file_of(*rows), name="map.csv", actor="ann")


LINKS = (
    ("customer", "HOLD/USD", "7"),
    ("customer", "NORTH/USD", "101"),
    ("customer", "SOUTH/USD", "8"),
    ("customer", "LONE/USD", "9"),
    ("item", "SEAT", "41"),
)


@pytest.fixture
def company() -> CompanyConfig:
    """Also customers that are called otherwise than ours: only a person can know whose they are."""
    unlike = (CustomerSeed(one, f"Group {one}", "USD") for one in ("7", "8", "9"))
    items = (*COMPANY.items, ItemSeed("42", "Other seat"))
    return replace(COMPANY, customers=(*COMPANY.customers, *unlike), items=items)


class TestSuggest:
    def test_tells_exact_likely_and_missing(self, truth: Truth) -> None:
        """Row 69: what is there already is found by name, in the right currency only."""
        found = suggest(truth)

        grades = {(one.kind, one.code): (one.grade, one.ledger_id) for one in found.matches}
        assert grades[("item", "SEAT")] == ("likely", "41")
        assert grades[("customer", "NORTH/USD")] == ("likely", "101")
        assert grades[("customer", "LONE/USD")] == ("missing", "")
        assert next(one.note for one in found.matches if one.code == "LONE/USD").endswith("EUR, not USD")

    def test_counts_its_reads(self, truth: Truth) -> None:
        before = truth.company.calls("reads")

        found = suggest(truth)

        assert found.reads == truth.company.calls("reads") - before == 2

    def test_finds_what_we_made_by_its_marker_whatever_its_name_is_now(self, truth: Truth) -> None:
        """Row 66: renamed in the book, still ours; row 70: our own mapping row was lost."""
        truth.run()
        made = next(row for row in truth.rows("customer") if row["ref"] == "SOUTH/USD")
        truth.company.human().rename(made["ledger_id"], "Renamed by finance")
        with truth.store.write() as connection:
            connection.execute(references.REFERENCE.delete())

        found = {one.code: one for one in suggest(truth).matches}

        assert (found["SOUTH/USD"].grade, found["SOUTH/USD"].ledger_id) == ("exact", made["ledger_id"])
        assert found["SOUTH/USD"].because == ("marker",)

    def test_writes_a_file_whose_likely_rows_a_person_must_fill_in(self, truth: Truth) -> None:
        rows = {row["code"]: row for row in rows_of(mapping.as_file(suggest(truth)))}

        assert rows["NORTH/USD"]["ledger_id"] == ""
        assert rows["NORTH/USD"]["others"].startswith("101 ")

    def test_leaves_out_what_is_linked(self, truth: Truth) -> None:
        import_(truth, ("customer", "NORTH/USD", "101"))

        found = suggest(truth)

        assert (found.bound, "NORTH/USD" in {one.code for one in found.matches}) == (1, False)


class TestImport:
    def test_links_and_lets_what_waited_go_on_without_creating_anything(self, truth: Truth) -> None:
        """Row 69, `create_missing: never`: parked, linked, posted, and no second customer."""
        truth.book = replace(book_at(truth.company), create_missing="never")
        truth.import_()
        truth.release()
        assert set(truth.states()) == {"parked"}
        customers = len(truth.dump("Customer"))

        parent = ("customer", "HOLD/USD", "101")
        done = import_(truth, parent, ("customer", "NORTH/USD", "101"), ("item", "SEAT", "41"))
        truth.drain()

        assert len(done.freed.due) == 1
        assert sorted(truth.states()) == ["parked", "parked", "posted"]
        assert len(truth.dump("Customer")) == customers
        (invoice,) = truth.dump("Invoice")
        assert invoice["CustomerRef"]["value"] == "101"
        assert ("drain_book", "US-BOOK") in truth.bell.rung

    def test_twice_changes_nothing(self, truth: Truth) -> None:
        import_(truth, *LINKS)

        again = import_(truth, *LINKS)

        assert (again.is_empty, again.unchanged) == (True, 5)

    def test_dry_run_writes_nothing(self, truth: Truth) -> None:
        ports = replace(truth.ports, store=Rehearsal(truth.store.engine))

        done = mapping.import_(ports, file_of(*LINKS), name="map.csv", actor="ann", dry_run=True)

        assert done.added == 5
        with truth.store.read() as connection:
            assert references.bound_of(connection, "US-BOOK", {Reference("item", "SEAT")}) == {}

    def test_of_a_changed_id_says_what_it_was(self, truth: Truth) -> None:
        import_(truth, ("item", "SEAT", "41"))

        done = import_(truth, ("item", "SEAT", "42"))

        assert done.changed == ("US-BOOK: item SEAT was 41, is 42 now",)

    @pytest.mark.parametrize(
        ("link", "words"),
        [
            (("customer", "LONE/USD", "102"), "102 (LONE Ltd) of book US-BOOK is in EUR"),
            (("customer", "LONE/USD", "41"), "has no customer with id 41"),
            (("item", "SEAT", "101"), "has no item with id 101"),
        ],
    )
    def test_of_a_record_that_is_not_there_or_does_not_fit_takes_nothing(
        self, truth: Truth, link: tuple[str, str, str], words: str
    ) -> None:
        """Row 65: a customer in another currency is stopped before anything is linked to it or sent."""
        with pytest.raises(MappingRefused) as refused:
            import_(truth, ("customer", "NORTH/USD", "101"), link)

        assert words in str(refused.value.findings[0])
        assert refused.value.findings[0].row == 3
        with truth.store.read() as connection:
            assert references.bound_of(connection, "US-BOOK", {Reference("customer", "NORTH/USD")}) == {}

    def test_links_unseen_what_cannot_be_asked_and_says_so(self, truth: Truth) -> None:
        def away(book: Book) -> Ledger:
            raise Unreachable(f"no route to {book.code}")

        ports = replace(truth.ports, open_ledger=away)

        done = mapping.import_(ports, file_of(("item", "SEAT", "41")), name="map.csv", actor="ann")

        assert (done.added, done.unasked) == (1, ("US-BOOK",))

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("NO-BOOK,customer,NORTH/USD,1", "no book NO-BOOK"),
            ("US-BOOK,customer,NOBODY/USD,1", "needs no customer NOBODY/USD"),
            ("US-BOOK,vendor,NORTH/USD,1", "kind is 'vendor'"),
            ("US-BOOK,customer,,1", "code is empty"),
            ("US-BOOK,customer,NORTH/USD,1 2", "blanks"),
            ("US-BOOK,customer,NORTH/USD", "3 cells, the header 4"),
            ("US-BOOK,item,SEAT,42", "is 41 in row 2 and 42 here"),
        ],
    )
    def test_of_one_wrong_row_takes_nothing_and_names_it(self, truth: Truth, row: str, words: str) -> None:
        """Bad inputs 37 and 39."""
        raw = file_of(("item", "SEAT", "41")) + f"\r\n{row}".encode()

        with pytest.raises(MappingRefused) as refused:
            mapping.import_(truth.ports, raw, name="map.csv", actor="ann")

        assert words in str(refused.value.findings[0])
        assert refused.value.findings[0].row == 3
        with truth.store.read() as connection:
            assert references.bound_of(connection, "US-BOOK", {Reference("item", "SEAT")}) == {}

    def test_never_overrules_the_workspace_file(self, truth: Truth) -> None:
        truth.import_(products=(replace(PRODUCT, ledger_ids={"US-BOOK": "41"}),))

        with pytest.raises(MappingRefused) as refused:
            import_(truth, ("item", "SEAT", "42"))

        assert "change it there" in str(refused.value.findings[0])


class TestFile:
    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (b"", "empty"),
            (b"book,kind,code\r\nUS-BOOK,item,SEAT", "column ledger_id is missing"),
            (b"book,book,kind,code,ledger_id\r\n", "there 2 times"),
            ("book,kind,code,ledger_id\r\n".encode("utf-16"), "not UTF-8"),
            (b"book,kind,code,ledger_id\r\n\0", "not text"),
            (b'book,kind,code,ledger_id\r\n"US', "not CSV"),
        ],
    )
    def test_that_cannot_be_read_is_refused_with_its_place(
        self, truth: Truth, raw: bytes, words: str
    ) -> None:
        """Bad input 37."""
        with pytest.raises(MappingRefused) as refused:
            mapping.import_(truth.ports, raw, name="map.csv", actor="ann")

        assert words in str(refused.value.findings[0])

    def test_may_come_from_any_spreadsheet(self, truth: Truth) -> None:
        """Semicolons, a byte order mark, other columns, another order."""
        raw = "\ufeffnote;ledger_id;code;kind;book\r\n=x;41;SEAT;item;US-BOOK\r\n;;;;\r\n".encode()

        assert mapping.import_(truth.ports, raw, name="map.csv", actor="ann").added == 1

    def test_never_starts_a_formula(self, truth: Truth) -> None:
        """Bad input 38: a name that begins with = is quoted."""
        text = mapping_file.write([("B", "item", "C", "=1+1", "likely", "", "@x", "", "", "")])

        assert "'=1+1" in text
        assert "'@x" in text
