"""`subledger keys`: the keys that seal tokens at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import actor, opened
from worker.cli.options import AsJson, DryRun
from worker.cli.output import Output
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.bootstrap import App
    from worker.flows.rotate_keys import Rotation
    from worker.store.vault import Vault

app = noun("Keys that encrypt the books' tokens (SUBLEDGER_KEYS).")


@app.command("new")
def new(
    key_id: Annotated[str, typer.Option("--id", help="Name of the key: letters and digits.")] = "k1",
    as_json: AsJson = False,
) -> int:
    """Make a fresh key. It is printed once and stored nowhere.

    Example: export SUBLEDGER_KEYS="$(subledger keys new)"
    """
    from worker.store.vault import new_key

    if not key_id.isalnum():
        raise Stop(exits.WRONG_USE, f"the key id {key_id!r} has more than letters and digits")
    key = new_key(key_id)
    out = Output(as_json=as_json)
    out.result({"id": key_id, "key": key})
    out.line(key)
    if not as_json:
        out.hint(
            "To rotate: add it behind the old one everywhere (OLD,NEW), then put it first (NEW,OLD), "
            "then: subledger keys rotate"
        )
    return exits.DONE


@app.command("rotate")
def rotate(dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Encrypt every stored secret with the first key, and say which older keys nothing needs any more.

    Example: SUBLEDGER_KEYS="$NEW,$OLD" subledger keys rotate

    With a key file beside an embedded database a fresh key is made first. Stopped in the middle nothing is
    lost: run it again.
    """
    from worker.flows import rotate_keys

    with opened() as installation:
        vault = _keys(installation, dry_run=dry_run)
        done = rotate_keys.rotate(installation.ports, vault, actor=actor(), dry_run=dry_run)
        where = "SUBLEDGER_KEYS"
        if installation.settings.keys is None and installation.keys_file is not None:
            where = installation.keys_file.name
    out = Output(as_json=as_json)
    out.result({"rotation": done, "applied": not dry_run})
    _tell(out, done, where=where, dry_run=dry_run)
    return exits.SIGN_IN if done.unopened else exits.DONE


def _keys(installation: App, *, dry_run: bool) -> Vault:
    """The keys to seal with: a key file gets a fresh one first, unless an earlier pass is not through."""
    from worker.flows import rotate_keys
    from worker.store import key_file

    known, file = installation.vault(), installation.keys_file
    if installation.settings.keys is not None or file is None:
        return known
    if not rotate_keys.wants_fresh_key(installation.ports, known):
        return known
    return key_file.rehearse_add(file) if dry_run else key_file.add(file)


def _tell(out: Output, done: Rotation, *, where: str, dry_run: bool) -> None:
    count = len(done.resealed)
    secrets = "1 secret" if count == 1 else f"{count} secrets"
    was = "would be" if dry_run else "is" if count == 1 else "are"
    if count:
        books = ", ".join(sorted({one.book for one in done.resealed}))
        out.line(f"{secrets} (books: {books}) {was} newly encrypted with key {done.key}")
    elif not done.unopened:
        have = f"all {done.already} secrets have" if done.already else "no secret is stored, and new ones get"
        out.line(f"nothing to encrypt anew: {have} key {done.key}")
    for one in done.unopened:
        out.line(f"not opened: the {one.which} token of book {one.book} needs key {one.key_id}")
    if done.unopened:
        out.line(f"  do: add that key to {where} and repeat, or: subledger book connect BOOK")
    for key in done.removable:
        out.line(
            f"key {key} may leave {where} as soon as every process runs with {done.key} first; "
            "keep it with the backups it opens"
        )
