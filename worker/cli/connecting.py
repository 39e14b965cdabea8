"""`subledger book connect`: an administrator's consent becomes a stored token pair."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from worker.cli import exits
from worker.cli.opening import actor, opened, ports_of, read_input
from worker.cli.options import AsJson, DryRun
from worker.cli.output import Output
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from mappings.canonical.book import Book
    from worker.bootstrap import App
    from worker.flows.connect import Question

_LOOK_S = 1.0


def connect(
    code: Annotated[str, typer.Argument(metavar="BOOK", help="The book's code.")],
    redirect_uri: Annotated[
        str,
        typer.Option("--redirect-uri", help="As registered for your app at the ledger; default: serve's."),
    ] = "",
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Ask nothing here: wait until the answer came to `subledger serve`."),
    ] = False,
    code_file: Annotated[
        Path | None,
        typer.Option("--code-file", help="File (- = stdin) with the code or address that came back."),
    ] = None,
    refresh_token_file: Annotated[
        Path | None,
        typer.Option("--refresh-token-file", help="File (- = stdin) with a refresh token you have."),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Connect a book: print where consent is given, take what came back, store the tokens encrypted.

    The administrator's browser comes back to `subledger serve` (SUBLEDGER_PUBLIC_URL), which connects the
    book; where it cannot reach that, paste the address it ended at. Each is good once, for 15 minutes.

    Example: subledger book connect UK

    Secrets are read from a file, from stdin or from the terminal, never from the command line.
    """
    from worker.flows import connect as connecting

    if sum((code_file is not None, refresh_token_file is not None, wait)) > 1:
        raise Stop(exits.WRONG_USE, "give one of --wait, --code-file and --refresh-token-file")
    out = Output(as_json=as_json)
    with opened(rings=True) as installation:
        book = installation.as_reached(installation.book(code))
        back = redirect_uri or installation.settings.connected_url
        if refresh_token_file is not None and not dry_run:
            token = read_input(refresh_token_file, size_max=10_000).decode("utf-8", "replace").strip()
            connecting.adopt(
                installation.ports, book, installation.tokens(code), refresh_token=token, actor=actor()
            )
        elif code_file is not None and not dry_run:
            given = read_input(code_file, size_max=10_000).decode("utf-8", "replace").strip()
            _take(installation, book, given, redirect_uri=back)
        else:
            asked = _ask(installation, book, back, dry_run=dry_run)
            if dry_run:
                out.result({"book": code, "address": asked.address, "redirect_uri": back, "applied": False})
                out.line(asked.address)
                return exits.DONE
            _until_connected(installation, book, asked, redirect_uri=back, wait=wait, out=out)
    out.result({"book": code, "applied": True})
    out.line(f"book {code} is connected; check it: subledger book check {code}")
    return exits.DONE


def _ask(installation: App, book: Book, redirect_uri: str, *, dry_run: bool) -> Question:
    from worker.flows import connect as connecting

    try:
        ports = ports_of(installation, dry_run=dry_run)
        return connecting.ask(ports, book, redirect_uri=redirect_uri, actor=actor())
    except connecting.NeedsNoConsent as none_needed:
        raise Stop(
            exits.REFUSED, str(none_needed), fix=f"Check it: subledger book check {book.code}"
        ) from None


def _until_connected(
    installation: App, book: Book, asked: Question, *, redirect_uri: str, wait: bool, out: Output
) -> None:
    """Return once the book is connected: the answer came to `serve`, or it was pasted here."""
    can_ask = sys.stdin.isatty() and sys.stderr.isatty()
    if not wait and not can_ask:
        raise Stop(
            exits.SIGN_IN,
            "an administrator of the book must give consent, and there is no terminal to ask on",
            why=f"Until {asked.until:%H:%M} UTC consent can be given at {asked.address}",
            fix="Open it: the book is connected when the browser comes back to `subledger serve`. If it"
            " cannot, repeat the command with --code-file FILE holding the address that came back.",
        )
    out.hint(f"Open this address as an administrator of the book and agree:\n\n{asked.address}\n")
    if wait:
        out.hint(f"Waiting until {asked.until:%H:%M} UTC for the answer at {redirect_uri}; Ctrl-C stops it.")
        _wait(installation, asked)
        return
    prompt = "Press Enter once the page says so, or paste the code or the address you were sent to"
    pasted: str = typer.prompt(prompt, default="", show_default=False, err=True)
    if pasted.strip():
        _take(installation, book, pasted.strip(), redirect_uri=redirect_uri)
    elif not _is_connected(installation, asked):
        raise Stop(
            exits.SIGN_IN,
            "no answer has come to `subledger serve` yet",
            fix="Repeat the command, and paste the address that the browser ended at.",
        )


def _wait(installation: App, asked: Question) -> None:
    while not _is_connected(installation, asked):
        if installation.clock.now() >= asked.until:
            raise Stop(exits.SIGN_IN, "nobody gave consent in time", fix="Repeat the command.")
        installation.clock.sleep(_LOOK_S)


def _is_connected(installation: App, asked: Question) -> bool:
    """Whether the answer came and was good; one that was not ends the command with its words."""
    from worker.flows import connect as connecting

    stands = connecting.answered(installation.ports, asked)
    if stands is not None and stands.outcome == "failed":
        raise Stop(exits.SIGN_IN, stands.why, fix="Repeat the command.")
    return stands is not None and stands.outcome == "connected"


def _take(installation: App, book: Book, given: str, *, redirect_uri: str) -> None:
    """Use what was pasted: an address counts for its own question only, a bare code is taken as it is."""
    from worker.flows import connect as connecting

    ports, tokens, answer = installation.ports, installation.tokens(book.code), answer_in(given)
    try:
        if "state" in answer:
            connecting.take_answer(ports, answer, lambda _code: (book, tokens), book=book.code)
        else:
            connecting.finish(ports, book, tokens, answer=answer, redirect_uri=redirect_uri, actor=actor())
    except connecting.NotOurAnswer as foreign:
        raise Stop(exits.REFUSED, str(foreign), fix="Repeat the command and open the new address.") from None
    except connecting.NotGiven as refused:
        raise Stop(exits.SIGN_IN, str(refused), fix="Repeat the command.") from None


def answer_in(given: str) -> dict[str, str]:
    """The query of the address that was pasted; one without a state gets an empty one, which fits nothing.

    So nobody slips in the consent of another company by an address of their own. A code alone is taken.
    """
    if "://" not in given:
        return {"code": given}
    query = {name: values[-1] for name, values in parse_qs(urlsplit(given).query).items()}
    return {"state": "", **query}
