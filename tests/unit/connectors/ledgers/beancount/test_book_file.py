"""What happens to a book's file when a process dies, a disk fills up or a hand edits it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.errors import Refused, Unreachable
from connectors.ledgers.beancount.state import State, accept_path, read_state, state_path, write_state
from connectors.protocols import Ledger, Posted
from tests.unit.connectors.ledgers.beancount.documents import ManualClock, ledger, record, shipment

PROJECT = Path(__file__).resolve().parents[5]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "book.beancount"


def push(by: Ledger, *numbers: str) -> list[object]:
    return list(by.push([shipment(record(number), by) for number in numbers]))


def refusal(file: Path, number: str = "INV-9") -> Refused:
    before = file.read_bytes() if file.exists() else None
    with pytest.raises(Refused) as refused:
        push(ledger(file), number)
    assert (file.read_bytes() if file.exists() else None) == before
    return refused.value


class TestTornTail:
    def test_is_completed_from_every_byte(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        before, settled = file.read_bytes(), read_state(file)
        assert settled is not None
        by = ledger(file)
        second = shipment(record("INV-2", nets=(100,)), by)
        by.push([second])
        whole = file.read_bytes()
        appending = replace(settled, pending=whole[len(before) :].decode())

        for length in range(len(before), len(whole) + 1):
            write_state(file, appending)
            file.write_bytes(whole[:length])

            assert isinstance(ledger(file).push([second])[0], Posted)
            assert file.read_bytes() == whole

    def test_is_completed_by_a_push_of_another_document(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        before = file.read_bytes()
        write_state(file, State(len(before), hashlib.sha256(before).hexdigest(), pending=torn(file, "INV-2")))
        file.write_bytes(before + torn(file, "INV-2").encode()[:-7])

        push(ledger(file), "INV-3")

        assert numbers_in(file) == ["INV-1", "INV-2", "INV-3"]

    def test_that_never_began_is_forgotten(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        before = file.read_bytes()
        write_state(file, State(len(before), hashlib.sha256(before).hexdigest(), pending=torn(file, "INV-2")))

        by = ledger(file)

        assert by.find([shipment(record("INV-2"), by)]) == [None]
        assert file.read_bytes() == before


def torn(file: Path, number: str) -> str:
    by = ledger(file)
    return shipment(record(number), by).body.decode()


def numbers_in(file: Path) -> list[str]:
    return [line.split('"')[1] for line in file.read_text().splitlines() if line.startswith("  number: ")]


class TestForeignHand:
    def test_in_a_document_is_found_with_its_line(self, file: Path) -> None:
        push(ledger(file), "INV-1", "INV-2", "INV-3")
        changed = file.read_text().replace('  number: "INV-2"', '  number: "INV-8"')
        file.write_text(changed)
        line = changed.splitlines().index('2026-02-01 * "Contoso Nordics AS" "Invoice INV-2" ^INV-2') + 1

        refused = refusal(file)

        assert refused.clears_by == "book_damaged"
        assert f"the transaction of INV-8 at line {line} was altered ({file})" in refused.why
        assert f"sha256sum {file} > {file}.accept" in refused.hint

    def test_behind_the_documents_is_found(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        lines = len(file.read_text().splitlines())
        with file.open("a") as book:
            book.write('2026-02-02 note Assets:Receivable:Trade "called"\n')

        assert f"not ours follows the last document, from line {lines + 1} on" in refusal(file).why

    def test_between_the_documents_is_found(self, file: Path) -> None:
        push(ledger(file), "INV-1", "INV-2")
        payment = '2026-02-02 * "paid"\n  Assets:Receivable:Trade  -1 EUR\n  Assets:Bank  1 EUR\n\n'
        file.write_text(file.read_text().replace("\n2026-02-01 *", f"\n{payment}2026-02-01 *", 1))

        assert "an entry that is not ours stands at line 16" in refusal(file).why

    def test_that_cuts_the_end_is_found(self, file: Path) -> None:
        push(ledger(file), "INV-1", "INV-2")
        text = file.read_text()
        file.write_text(text[: text.index('\n2026-02-01 * "Contoso Nordics AS" "Invoice INV-2"')])

        assert "bytes are missing" in refusal(file).why

    def test_that_changes_a_comment_is_found(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        file.write_text(file.read_text().replace(";; Written by", ";; WRITTEN by"))

        assert "lines between the documents were altered" in refusal(file).why

    def test_is_found_while_the_session_is_open(self, file: Path) -> None:
        by = ledger(file)
        push(by, "INV-1")
        file.write_text(file.read_text().replace("100.80", "900.80"))

        with pytest.raises(Refused, match="the transaction of INV-1"):
            push(by, "INV-2")

    def test_that_removes_the_file_is_found(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        file.unlink()

        assert "the file is gone" in refusal(file).why
        assert "the file is gone" in ledger(file).check().problems[0]

    def test_that_removes_or_spoils_the_state_is_found(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        state_path(file).write_text("{")
        assert "its .state file cannot be understood" in refusal(file).why

        state_path(file).unlink()
        assert "its .state file is gone" in refusal(file).why

    def test_is_accepted_by_the_hash_of_what_was_reviewed(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        with file.open("a") as book:
            book.write(";; reviewed by finance\n")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        accept_path(file).write_text(f"{digest}  {file}\n")

        push(ledger(file), "INV-2")

        assert numbers_in(file) == ["INV-1", "INV-2"]
        assert not accept_path(file).exists()

    def test_is_not_accepted_by_the_hash_of_something_else(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        accept_path(file).write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file}\n")
        with file.open("a") as book:
            book.write(";; changed once more\n")

        assert refusal(file).code == "book_damaged"


class TestBookOfSomebodyElse:
    def test_is_never_written_to(self, file: Path) -> None:
        file.write_text('option "title" "My own books"\n')

        assert "it was not begun by Subledger" in refusal(file).why

    def test_gets_our_entries_once_it_is_accepted(self, file: Path) -> None:
        file.write_text("1970-01-01 open Income:Licences\n1970-01-01 commodity EUR\n")
        accept_path(file).write_text(hashlib.sha256(file.read_bytes()).hexdigest())

        push(ledger(file), "INV-1")

        text = file.read_text()
        assert text.count("open Income:Licences") == text.count("commodity EUR") == 1
        assert text.count('custom "subledger-book"') == text.count("open Liabilities:VAT") == 1

    def test_is_recognised_by_its_company(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        file.write_text(file.read_text().replace('custom "subledger-book" "', 'custom "subledger-book" "0'))
        accept_path(file).write_text(hashlib.sha256(file.read_bytes()).hexdigest())

        refused = refusal(file)

        assert (refused.code, refused.clears_by) == ("company_changed", "company_changed")


WRITER = """
import resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from connectors.errors import ConnectorError
from tests.unit.connectors.ledgers.beancount.documents import ledger, record, shipment

class RealClock:
    now = staticmethod(lambda: datetime.now(UTC))
    monotonic, sleep = staticmethod(time.monotonic), staticmethod(time.sleep)

file, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
by = ledger(file, clock=RealClock())
if len(sys.argv) > 4:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
try:
    for index in range(count):
        by.push([shipment(record(f"{name}-{index}"), by)])
except ConnectorError as error:
    print(type(error).__name__, error.code, getattr(error, "clears_by", ""))
"""


def write_in_a_child(file: Path, name: str, count: int, *size_max: int) -> str:
    command = [sys.executable, "-c", WRITER, str(file), name, str(count), *map(str, size_max)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


class TestTwoProcesses:
    def test_write_every_document_once(self, file: Path) -> None:
        with ThreadPoolExecutor(2) as children:
            said = list(children.map(lambda name: write_in_a_child(file, name, 25), ("A", "B")))

        assert said == ["", ""]
        assert sorted(numbers_in(file)) == sorted(f"{name}-{index}" for name in "AB" for index in range(25))
        assert ledger(file).check().problems == ()

    def test_wait_for_each_other_only_so_long(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        holder = subprocess.Popen(
            ["flock", str(file), sys.executable, "-c", "print('held', flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout is not None
        holder.stdout.readline()

        with pytest.raises(Unreachable, match="locked by another process"):
            push(ledger(file), "INV-2")

        holder.communicate("\n")


class TestFullDisk:
    def test_leaves_the_book_as_it_was(self, file: Path) -> None:
        push(ledger(file), *(f"INV-{index}" for index in range(5)))
        before = file.read_bytes()

        said = write_in_a_child(file, "MORE", 1, len(before) + 100)

        assert said == "Refused file_too_big disk_full"
        assert file.read_bytes() == before
        assert isinstance(push(ledger(file), "INV-5")[0], Posted)

    def test_leaves_an_empty_file_at_the_very_start(self, file: Path) -> None:
        assert write_in_a_child(file, "FIRST", 1, 300) == "Refused file_too_big disk_full"
        assert file.read_bytes() == b""
        assert [path.name for path in file.parent.iterdir()] == [file.name]

    def test_after_the_append_loses_nothing(self, file: Path) -> None:
        """The state after an append could not be stored: the state before still vouches for the bytes."""
        push(ledger(file), "INV-1")
        before = read_state(file)
        assert before is not None
        push(ledger(file), "INV-2")
        after = file.read_bytes()
        write_state(file, replace(before, pending=after[before.length :].decode()))

        push(ledger(file), "INV-2", "INV-3")

        assert numbers_in(file) == ["INV-1", "INV-2", "INV-3"]

    def test_of_another_kind_is_tried_again_later(self, file: Path) -> None:
        push(ledger(file), "INV-1")
        before = file.read_bytes()
        state_path(file).with_name(f"{file.name}.state.new").mkdir()

        with pytest.raises(Unreachable, match="no document was written, the system says 'Is a directory'"):
            push(ledger(file), "INV-2")

        assert file.read_bytes() == before

    def test_or_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        refused = refusal(tmp_path / "not-mounted" / "book.beancount")

        assert (refused.code, refused.clears_by) == ("folder_missing", "book_damaged")


class TestDeadline:
    def test_in_the_past_leaves_nothing(self, file: Path) -> None:
        by = ledger(file, clock=ManualClock(seconds=100))

        with pytest.raises(Unreachable, match="nothing was written"):
            by.push([shipment(record(), by)], not_after=99)

        assert file.read_bytes() == b""
