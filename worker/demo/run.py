"""The demo's door: folder, simulator, play, and what became of it as words, JSON and exit code."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, TextIO

import msgspec

from connectors.errors import ConnectorError
from connectors.protocols import Clock
from worker import logs
from worker.clock import SystemClock
from worker.demo import children, folder, play, scenario, simulator
from worker.demo.children import ChildFailed, Terminated
from worker.demo.claims import ClaimFailed
from worker.demo.folder import DemoFolder, FolderRefused
from worker.demo.play import Played
from worker.demo.report import Report
from worker.demo.simulator import Simulator

DONE = 0
FAILED = 1
TERMINATED = 143
_KEEP_POLL_S = 0.5


def run(path: Path, *, keep: bool, as_json: bool, out: TextIO, err: TextIO, command: str) -> int:
    """Play the demo in a folder; 0 only when everything it claims about itself holds, else 1.

    Words go to `out`, or to `err` with `as_json`, when `out` gets one JSON document. `command` is the full
    path of the `subledger` executable, for the commands printed at the end. `keep` leaves the simulator up
    until Ctrl-C. Whatever ends the demo ends its child processes.
    """
    logs.configure(level="error", form="text")
    report = Report(err if as_json else out)
    clock = SystemClock()
    try:
        with children.unwinding_on_sigterm(), folder.emptied(path) as ours:
            _begin(report, ours)
            with simulator.running(ours, clock=clock) as running:
                played = play.play(ours, running, report, clock=clock)
                _end(report, ours, played, running, command=command, keep=keep)
                if as_json:
                    _write(out, played.as_json(ours.path))
                if keep:
                    _stay(running, clock)
    except (ClaimFailed, FolderRefused, ChildFailed, ConnectorError) as failure:
        return _failed(failure, path, as_json=as_json, out=out, err=err)
    except Terminated:
        return TERMINATED
    return DONE


def _begin(report: Report, ours: DemoFolder) -> None:
    report.say(
        "No real ledger is contacted: QuickBooks is a simulator on this machine. All names are fictional."
    )
    report.say(f"Everything is kept in {ours.path}, which every demo starts empty.")
    report.paragraph(
        "Fernwolke sells cloud seats through three legal entities: one in the US and one in the UK, with "
        "QuickBooks, and one in Germany, with Beancount. Its customer is Quellmar Telecom, a holding with "
        "eight operators in seven countries, billed in four currencies. All their Suite seats count together "
        "for the price tier, and each has its own contract: it pays itself, its parent pays, the holding "
        "pays, a reseller stands between, or one bill has a section for each brand."
    )


def _end(
    report: Report, ours: DemoFolder, played: Played, running: Simulator, *, command: str, keep: bool
) -> None:
    report.head(f"Done in {played.seconds:.0f} s; everything above was checked.")
    play.show_commands(report, ours, played, command=command)
    again = f"{shlex.quote(command)} simulator quickbooks --port {running.port} "
    again += f"--state {shlex.quote(str(ours.quickbooks))} --config {shlex.quote(str(ours.simulator_config))}"
    if keep:
        report.tell(f"The QuickBooks simulator stays up until Ctrl-C; {running.url}/_sim explains it.")
    else:
        report.command("Start the QuickBooks simulator again, with both companies as they are now:", again)
    example = shlex.quote(str(ours.workspace / scenario.OWN_START))
    subledger = shlex.quote(command)
    report.head("With your own data: copy a small file, put in your names and prices, import it, run.")
    report.command(
        "As it is, it bills a bakery into a new Beancount book:",
        f"cp {example} . && {subledger} workspace import {scenario.OWN_START} && "
        f"{subledger} run --as-of 2026-01-31",
    )


def _stay(running: Simulator, clock: Clock) -> None:
    """Until Ctrl-C, or until the simulator ends by itself."""
    try:
        while running.is_up:
            clock.sleep(_KEEP_POLL_S)
    except KeyboardInterrupt:
        return


def _failed(failure: Exception, path: Path, *, as_json: bool, out: TextIO, err: TextIO) -> int:
    sentence = str(failure)
    if isinstance(failure, ClaimFailed):
        sentence = f"This does not hold: {sentence}. The folder {path.absolute()} is as it was then."
    if as_json:
        _write(out, {"schema": 1, "ok": False, "failed": str(failure), "folder": str(path.absolute())})
    err.write(f"The demo failed. {sentence}\n")
    return FAILED


def _write(out: TextIO, document: dict[str, Any]) -> None:
    out.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    out.flush()
