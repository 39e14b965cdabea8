"""Die at every named place, start again, and every promise holds (reliability.md section 4)."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.crashpoints import EXIT_CODE, POINTS, VARIABLE, UnknownCrashPoint, arm
from connectors.ledgers.quickbooks.simulator import Fault
from tests.e2e import books
from tests.faults.crash_lab import PROJECT, SELLER, Lab, Story, a_lab

LOST_BATCH = Fault("commit_then_drop", entity="batch")
LOST_INVOICE = Fault("commit_then_drop", entity="invoice")
NEVER_CAME = Fault("drop_before_commit", entity="batch")
ROTATED = Fault("rotate_token", entity="token", times=0)
BEFORE_DELIVERY = ("webhook", "compute", "invoice", "outbox")
EVENT = 5
"""The number of the event that is told: its party has no subscription before."""


@dataclass(frozen=True, slots=True)
class Death:
    """Where the worker dies, after an earlier death where that is needed, and what the books do meanwhile."""

    at: str
    rows: str
    before: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        return self.at.partition(":")[0]


DEATHS = (
    Death("webhook.before_commit", "Row 1"),
    Death("webhook.after_commit", "Row 2"),
    Death("webhook.before_enqueue", "Row 3"),
    Death("webhook.before_answer", "Rows 2, 5"),
    Death("event.after_begin", "Row 7"),
    Death("event.after_versions", "Row 7"),
    Death("event.before_finish", "Row 18"),
    Death("compute.mid", "Row 7"),
    Death("compute.mid:6", "Row 7"),
    Death("invoice.before_commit", "Rows 8, 9"),
    Death("invoice.after_commit", "Row 9"),
    Death("invoice.after_commit:2", "Row 9"),
    Death("outbox.before_commit", "Row 9"),
    Death("outbox.after_commit", "Row 10"),
    Death("outbox.after_commit:2", "Row 10"),
    Death("actor.before_claim", "Row 6"),
    Death("actor.after_claim", "Row 7"),
    Death("ratelimit.acquired", "Row 11"),
    Death("ratelimit.acquired:2", "Row 11"),
    Death("token.before_call", "Row 12"),
    Death("token.after_response", "Row 13"),
    Death("token.after_commit", "Row 13"),
    Death("send.before_writeahead", "Row 14"),
    Death("send.after_writeahead", "Row 14"),
    Death("send.after_writeahead:2", "Row 14"),
    Death("send.after_bytes", "Row 13"),
    Death("send.after_bytes:2", "Row 15"),
    Death("send.after_bytes:3", "Row 15", faults=(NEVER_CAME,)),
    Death("post.after_response", "Row 17"),
    Death("post.after_response:2", "Row 17"),
    Death("post.before_commit", "Row 17"),
    Death("post.after_commit", "Row 18"),
    Death("post.before_ack", "Rows 18, 19"),
    Death("recover.after_adopt", "Row 14", before="send.after_writeahead:2"),
    Death("recover.after_read", "Row 16", faults=(LOST_BATCH, LOST_INVOICE)),
    Death("recover.after_read", "Row 21", before="post.after_response:2", faults=(NEVER_CAME,)),
    Death("sweeper.mid", "Row 85", before="webhook.before_enqueue"),
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with a_lab(tmp_path_factory.mktemp("lab")) as made:
        yield made


@pytest.fixture
def story(lab: Lab, tmp_path: Path) -> Story:
    return lab.story(tmp_path)


def sends_again(story: Story) -> tuple[int, ...]:
    """The sender repeats what was not acknowledged."""
    return () if EVENT in story.acknowledged else (EVENT,)


class TestDeath:
    @pytest.mark.parametrize("death", DEATHS, ids=lambda death: f"{death.rows}: {death.before}>{death.at}")
    def test_anywhere_leaves_each_document_once_after_the_restart(self, story: Story, death: Death) -> None:
        """Rows 1-3, 5-19, 21, 77, 85: the worker ends by os._exit; another begins; all is there once."""
        story.lab.running.simulator.add_faults(*death.faults)
        if death.before:
            code = story.live(crash_at=death.before, reconnects=True, events=(EVENT,), bills=True)
            assert code == EXIT_CODE

        died = story.live(
            crash_at=death.at, reconnects=not death.before, events=sends_again(story), bills=True
        )
        # A bill that died is run again by whoever ran it; everything after it goes on by itself.
        lived = story.live(events=sends_again(story), bills=death.name.startswith(BEFORE_DELIVERY))

        assert (died, lived) == (EXIT_CODE, 0), "a point that is never reached proves nothing"
        story.check(documents=SELLER.standing + 1)

    def test_after_a_rotated_token_came_that_was_not_stored_asks_for_consent_and_loses_nothing(
        self, story: Story
    ) -> None:
        """Row 13: the old refresh token is dead; the book pauses once and goes on when reconnected."""
        story.lab.running.simulator.add_faults(ROTATED)
        died = story.live(crash_at="token.after_response", reconnects=True, events=(EVENT,), bills=True)
        lived = story.live()

        assert (died, lived, story.paused) == (EXIT_CODE, 0, "consent_lost")

        assert story.live(reconnects=True) == 0
        story.check(documents=SELLER.standing + 1)


class TestPoison:
    def test_is_parked_after_three_starts_and_keeps_nobody_back(self, story: Story) -> None:
        """Rows 53, 75: a record that ends its process each time, out of memory for instance."""
        assert story.live(reconnects=True, bills=True) == 0
        for told in ((EVENT,), (), ()):
            assert story.live(crash_at="send.after_writeahead", events=told) == EXIT_CODE

        assert story.live(events=(EVENT + 1,)) == 0

        assert story.parked() == [("customer", "poison")]
        assert len(books.held_by(story.farm).documents) == SELLER.standing + 1
        assert story.live(replays=True) == 0
        story.check(documents=SELLER.standing + 2)


class TestRegistry:
    def test_names_each_point_of_the_code_once(self) -> None:
        folders = ("connectors", "worker")
        files = [file for folder in folders for file in (PROJECT / folder).rglob("*.py")]
        placed = Counter(name for file in files for name in crash_points_in(file.read_text()))

        assert placed == Counter(POINTS.keys())

    def test_has_a_death_for_each_point(self) -> None:
        assert {death.name for death in DEATHS} == set(POINTS)

    def test_refuses_a_name_it_does_not_know(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "send.after_lunch")

        with pytest.raises(UnknownCrashPoint, match="after_lunch"):
            arm()


def crash_points_in(source: str) -> Iterator[str]:
    """The literal names of all `crashpoint(...)` calls."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "crashpoint":
            (name,) = node.args
            assert isinstance(name, ast.Constant)
            yield str(name.value)
