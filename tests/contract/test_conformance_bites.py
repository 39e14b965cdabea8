"""The kit itself: a connector that is broken on purpose fails the rows that are about what it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from connectors import registry
from connectors.conformance import suite
from connectors.conformance.row import Row
from connectors.conformance.rows import ROWS
from connectors.conformance.trial import Trial
from connectors.errors import (
    Conflict,
    ConsentLost,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
    Unrecognised,
)
from tests.contract import defects
from tests.contract.defects import Defect, Finds, Pushes, Renders, SpoiledStage, answers
from tests.contract.test_conformance import PassingClock


@dataclass(frozen=True)
class Broken:
    """One defect, the ledger it is planted into, and the rows that must fail."""

    defect: Defect
    rows: tuple[str, ...]
    ledger: str = "quickbooks"


BROKEN: Mapping[str, Broken] = {
    "belongs to another company each time": Broken(
        answers("check", defects.other_company), ("check",)
    ),
    "answers with ids of its own": Broken(
        Pushes(after=defects.another_id), ("create", "credit_note", "same_key_again", "batch", "application")
    ),
    "finds nothing": Broken(
        Finds(defects.forgets),
        ("create", "find_absent", "lost_answer", "answer_nobody_read", "lost_batch", "attachment", "email"),
    ),
    "finds what is not there": Broken(
        Finds(defects.invents), ("find_absent", "lost_request", "too_late_to_send", "void", "unknown_answer")
    ),
    "takes any document under our number for ours": Broken(Finds(defects.adopts), ("number_of_a_stranger",)),
    "echoes wrong totals": Broken(
        Pushes(after=defects.wrong_echo), ("totals_echo", "tax_by_us", "tax_none", "decimals_0", "decimals_2")
    ),
    "echoes what it was given": Broken(Pushes(after=defects.echo_of_ours), ("tax_by_the_ledger",)),
    "takes every error for success": Broken(
        Pushes(after=defects.error_as_success),
        (
            "number_of_a_stranger", "too_late_to_send", "lost_answer", "lost_request", "lost_batch",
            "unknown_answer", "partial_batch", "throttled", "consent_lost", "closed_period",
            "inactive_customer", "currency_mismatch", "version_conflict", "number_over_limit",
        ),
    ),
    "says unreachable where bytes have left": Broken(
        Pushes(after=defects.instead(Unreachable, of=OutcomeUnknown)),
        ("lost_answer", "lost_request", "lost_batch"),
    ),
    "guesses what it does not know": Broken(
        Pushes(after=defects.instead(Refused, of=Unrecognised)), ("unknown_answer",)
    ),
    "takes a throttle for a refusal": Broken(
        Pushes(after=defects.instead(Refused, of=Throttled)), ("throttled",)
    ),
    "takes lost consent for a refusal": Broken(
        Pushes(after=defects.instead(Refused, of=ConsentLost)), ("consent_lost",)
    ),
    "takes an old version for a refusal": Broken(
        Pushes(after=defects.instead(Refused, of=Conflict)), ("version_conflict",)
    ),
    "does not say what clears a refusal": Broken(
        Pushes(after=defects.without_reason), ("closed_period", "inactive_customer")
    ),
    "sends although it is too late": Broken(Pushes(is_late=True), ("too_late_to_send",)),
    "answers a batch backwards": Broken(Pushes(is_reversed=True), ("batch",)),
    "fails a batch for one record": Broken(defects.spoils_neighbours, ("partial_batch",)),
    "cuts numbers": Broken(Renders(defects.cut_number), ("number_over_limit",)),
    "cuts numbers early": Broken(Renders(defects.plain_number), ("number_at_limit",)),
    "cuts names": Broken(Renders(defects.cut_name), ("name_at_limit", "names_over_limit")),
    "sends everything in the home currency": Broken(
        Renders(defects.in_home_currency), ("foreign_currency", "decimals_0", "decimals_3"), "beancount"
    ),
    "sends no tax": Broken(Renders(defects.without_tax), ("tax_by_us",), "beancount"),
    "shows voided documents as live": Broken(Finds(defects.as_live), ("void",)),
    "shows one version for ever": Broken(Finds(defects.one_version), ("edited_there",)),
    "tells no changes": Broken(answers("changes", lambda told: replace(told, changes=())), ("changes",)),
    "moves no cursor": Broken(answers("changes", defects.no_time), ("changes",)),
    "sorts numbers as text": Broken(
        answers("highest_numbers", lambda found: {one: f"{one}9" for one in found}), ("highest_number",)
    ),
    "lists nothing": Broken(answers("reference_data", lambda _pages: iter(())), ("reference_data",)),
    "refuses texts that are long or not ASCII": Broken(
        Renders(defects.only_short_ascii), ("text_at_limit", "text_over_limit", "odd_text", "odd_name")
    ),
    "takes records it does not hold": Broken(defects.takes_anything, ("kinds_it_lacks",), "beancount"),
    "has empty accounts": Broken(answers("balances", lambda _all: ()), ("balances",), "beancount"),
    "links to nowhere": Broken(answers("link", lambda _address: "nowhere"), ("links",)),
}  # fmt: skip

CARELESS = (
    Pushes(before=defects.fresh_key, after=defects.error_as_success, is_late=True),
    Finds(defects.adopts),
)


def failed(tmp_path: Path, ledger: str, names: tuple[str, ...], *planted: Defect) -> set[str]:
    """The rows (of these; none named = all) that a connector with planted defects fails."""
    clock = PassingClock()
    rows = _rows(*names) if names else ROWS
    with registry.ledger(ledger).stage(tmp_path, clock=clock) as stage:
        trial = Trial(SpoiledStage(stage, *planted), clock=clock)
        return {one.row for one in suite.run(trial, rows) if one.verdict == "failed"}


class TestKit:
    @pytest.mark.parametrize("name", BROKEN)
    def test_notices_a_connector_that(self, name: str, tmp_path: Path) -> None:
        broken = BROKEN[name]

        assert failed(tmp_path, broken.ledger, broken.rows, broken.defect) == set(broken.rows)

    def test_fails_a_careless_connector_in_ten_rows_at_least(self, tmp_path: Path) -> None:
        """New keys for every try, every error a success, every document under our number ours."""
        assert len(failed(tmp_path, "quickbooks", (), *CARELESS)) >= 10

    def test_fails_nobody_without_a_defect(self, tmp_path: Path) -> None:
        assert failed(tmp_path, "quickbooks", ()) == set()

    def test_notices_a_new_token_pair_that_is_not_stored(self, tmp_path: Path) -> None:
        clock = PassingClock()
        with registry.ledger("quickbooks").stage(tmp_path, clock=clock) as stage:
            assert stage.tokens is not None
            defects.keep_no_tokens(stage.tokens)
            (rotation,) = suite.run(Trial(stage, clock=clock), _rows("token_rotation"))

        assert rotation.verdict == "failed"

    def test_takes_no_absence_for_an_answer_in_a_core_row(self, tmp_path: Path) -> None:
        clock = PassingClock()
        with registry.ledger("beancount").stage(tmp_path, clock=clock) as stage:
            (lost,) = _rows("lost_answer")

            told = suite.judge(Trial(stage, clock=clock), replace(lost, is_core=True))

        assert (told.verdict, told.how.endswith("every ledger must offer this")) == ("failed", True)

    def test_has_a_defect_for_every_row(self) -> None:
        noticed = {row for broken in BROKEN.values() for row in broken.rows}

        assert {row.name for row in ROWS} - noticed == {"token_rotation"}


def _rows(*names: str) -> list[Row]:
    return [row for row in ROWS if row.name in names]
