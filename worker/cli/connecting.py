"""`subledger book connect`: an administrator's consent becomes a stored token pair."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from worker.cli import exits
from worker.cli.opening import actor, opened, read_input
from worker.cli.options import AsJson, DryRun
from worker.cli.output import Output
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from mappings.canonical.book import Book
    from worker.bootstrap import App


def connect(
    code: Annotated[str, typer.Argument(metavar="BOOK", help="The book's code.")],
    redirect_uri: Annotated[
        str, typer.Option("--redirect-uri", help="As registered for your app at the ledger.")
    ] = "http://localhost:8080/connected",
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

    Example: subledger book connect UK

    Secrets are read from a file, from stdin or from the terminal, never from the command line.
    """
    from worker.flows import connect as connecting

    if code_file is not None and refresh_token_file is not None:
        raise Stop(exits.WRONG_USE, "give --code-file or --refresh-token-file, not both")
    out = Output(as_json=as_json)
    state = secrets.token_urlsafe(16)
    with opened(rings=True) as installation:
        book = installation.as_reached(installation.book(code))
        try:
            address = connecting.address(book, redirect_uri=redirect_uri, state=state)
        except connecting.NeedsNoConsent as none_needed:
            raise Stop(
                exits.REFUSED, str(none_needed), fix=f"Check it: subledger book check {code}"
            ) from None
        if dry_run:
            out.result({"book": code, "address": address, "applied": False})
            out.line(address)
            return exits.DONE
        if refresh_token_file is not None:
            token = read_input(refresh_token_file, size_max=10_000).decode("utf-8", "replace").strip()
            connecting.adopt(
                installation.ports, book, installation.tokens(code), refresh_token=token, actor=actor()
            )
        else:
            given = _answer(address, code_file, as_json=as_json)
            _trade(installation, book, given, redirect_uri, state="" if code_file else state)
    out.result({"book": code, "applied": True})
    out.line(f"book {code} is connected; check it: subledger book check {code}")
    return exits.DONE


def _answer(address: str, code_file: Path | None, *, as_json: bool) -> str:
    """What the ledger sent back: from the file, or asked for on the terminal."""
    if code_file is not None:
        return read_input(code_file, size_max=10_000).decode("utf-8", "replace").strip()
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(
            exits.SIGN_IN,
            "an administrator of the book must give consent, and there is no terminal to ask on",
            why=f"Consent is given at {address}",
            fix="Open it, then repeat the command with --code-file FILE holding the address that came back.",
        )
    Output(as_json=as_json).hint(
        f"Open this address as an administrator of the book and agree:\n\n{address}\n"
    )
    pasted: str = typer.prompt("Paste the code, or the whole address you were sent to", err=True)
    return pasted.strip()


def _trade(installation: App, book: Book, given: str, redirect_uri: str, *, state: str) -> None:
    from worker.flows import connect as connecting

    connecting.finish(
        installation.ports,
        book,
        installation.tokens(book.code),
        code=code_of(given, state=state),
        redirect_uri=redirect_uri,
        actor=actor(),
    )


def code_of(given: str, *, state: str) -> str:
    """The code in what came back: the code itself, or an address that carries it.

    An address must carry our `state` ("" = it was made by an earlier command and cannot be compared), so
    that nobody slips in the consent of another company.
    """
    if "://" not in given:
        return given
    asked = parse_qs(urlsplit(given).query)
    if "error" in asked:
        raise Stop(exits.SIGN_IN, f"consent was not given: {asked['error'][0]}", fix="Repeat the command.")
    if state and not secrets.compare_digest(asked.get("state", [""])[0].encode(), state.encode()):
        raise Stop(
            exits.REFUSED, "this address answers another question than ours", fix="Repeat the command."
        )
    if not asked.get("code"):
        raise Stop(exits.WRONG_USE, "the address carries no code", fix="Copy the whole address.")
    return asked["code"][0]
