"""The program: every noun and verb in one place, and the one door through which every command ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from worker.cli import (
    adjustment,
    audit,
    book,
    conform,
    daily,
    database,
    delivery,
    document,
    exceptions,
    exits,
    keys,
    ledger,
    mapping,
    pausing,
    problems,
    reconcile,
    reconcile_books,
    replaying,
    report,
    service,
    showing,
    simulator,
    source,
    statement,
    workspace,
)
from worker.cli import help as help_
from worker.cli.output import ReaderGone, finish, prepare_streams, silence

reconcile_books.add_to(reconcile.app)

NOUNS: tuple[tuple[str, typer.Typer], ...] = (
    ("workspace", workspace.app),
    ("source", source.app),
    ("book", book.app),
    ("ledger", ledger.app),
    ("document", document.app),
    ("adjustment", adjustment.app),
    ("delivery", delivery.app),
    ("reconcile", reconcile.app),
    ("report", report.app),
    ("replay", replaying.app),
    ("mapping", mapping.app),
    ("keys", keys.app),
    ("audit", audit.app),
    ("db", database.app),
    ("help", help_.app),
)


def program() -> typer.Typer:
    """`subledger` with all its nouns and verbs."""
    app = typer.Typer(
        name="subledger",
        help="Turns subscription state into invoices and lands each one, exactly once, in the right books.",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    showing.add_to(app)
    daily.add_to(app)
    exceptions.add_to(app)
    pausing.add_to(app)
    statement.add_to(app)
    service.add_to(app)
    simulator.add_to(app)
    conform.add_to(app)
    for name, noun in NOUNS:
        app.add_typer(noun, name=name)
    return app


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Whatever goes wrong is told in words on stderr."""
    as_json = "--json" in arguments
    prepare_streams()
    try:
        code = typer.main.get_command(program()).main(
            list(arguments), prog_name="subledger", standalone_mode=False
        )
        finish()
    except ReaderGone:
        silence()
        return exits.DONE
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else exits.FAILED
    except (KeyboardInterrupt, typer.Abort):
        return exits.INTERRUPTED
    except Exception as error:  # the command line's door: the one place where everything is caught
        problem = problems.problem_of(error)
        problems.tell(problem, as_json=as_json)
        return problem.code
    return code if isinstance(code, int) else exits.DONE


def main() -> None:
    """The `subledger` command."""
    code = invoke(sys.argv[1:])
    if code == exits.INTERRUPTED:
        sys.stderr.write("interrupted; what was committed stays, and running it again goes on from there\n")
    raise SystemExit(code)


def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
