"""Bytes of a YAML or JSON file -> plain data in which every scalar is text.

Text, because a price must not pass through a float and the country NO must not become false. What YAML
allows beyond plain data (anchors, aliases, tags, several documents, duplicate keys) is refused.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from connectors.sources.workspace_file.finding import Path
from connectors.sources.workspace_file.grammars import NotYaml, drive_json, drive_yaml, json_line, yaml_line
from connectors.sources.workspace_file.tree import NOT_TEXT, Locator, Plain, Refusal, Sink, Tree

BYTES_MAX = 64 * 1024 * 1024

_WIDE_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(Exception):
    """The file is not plain YAML or JSON that we take; there is no data to look at."""

    def __init__(self, sentence: str, *, fix: str = "", path: Path = (), line: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix
        self.path = path
        self.line = line


def read(raw: bytes, *, name: str) -> dict[str, Plain]:
    """The mapping at the top of the file. A key without a value is as good as absent.

    `name` tells the grammar: `.json` is JSON, `.yaml` and `.yml` are YAML, else a first `{` means JSON.
    Raises `Unreadable` with the line for anything that is not plain data within the bounds.
    """
    tree = Tree()
    _run(_text(raw), name=name, sink=tree)
    if tree.root is None:
        raise Unreadable("it is empty.", fix="Start with the line `subledger: 1`.")
    if not isinstance(tree.root, dict):
        raise Unreadable(
            "it does not begin with keys such as `issuers:` and `parties:`.",
            fix="Start with the line `subledger: 1`, then one section after the other.",
            line=1,
        )
    return tree.root


def locate(raw: bytes, *, name: str, paths: Iterable[Path]) -> dict[Path, int]:
    """The lines (from 1) of these paths and of everything around them, of a file that `read` accepted.

    Read again only when there is something to report, so that a good file pays nothing for lines.
    """
    locator = Locator(paths)
    line_at = _run(_text(raw), name=name, sink=locator)
    return {path: line_at(at) for path, at in locator.found.items()}


def _text(raw: bytes) -> str:
    if len(raw) > BYTES_MAX:
        raise Unreadable(
            f"it has {len(raw):,} bytes; at most {BYTES_MAX:,} are read.",
            fix="Split it into several files and import them one after the other.",
        )
    if raw.startswith(_WIDE_BOMS) or b"\0" in raw[:4]:
        raise Unreadable("it is UTF-16 or UTF-32 text.", fix="Save it as UTF-8.", line=1)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"byte 0x{raw[error.start]:02X} is not UTF-8 text.", fix="Save the file as UTF-8.", line=line
        ) from error
    if (bad := NOT_TEXT.search(text)) is not None:
        raise Unreadable(
            f"it holds the control character U+{ord(bad[0]):04X}.",
            fix="Remove it; the file must be plain text.",
            line=json_line(text, bad.start()),
        )
    return text


def _run(text: str, *, name: str, sink: Sink) -> Callable[[Any], int]:
    """Send the file to the sink; returns how to turn the grammar's places into lines."""
    is_json = name.lower().endswith(".json") or (
        text.lstrip()[:1] == "{" and not name.lower().endswith((".yaml", ".yml"))
    )

    def line_at(at: Any) -> int:
        return json_line(text, at) if is_json else yaml_line(at)

    try:
        if is_json:
            drive_json(text, sink)
        else:
            drive_yaml(text, sink)
    except Refusal as refusal:
        raise Unreadable(
            refusal.sentence, fix=refusal.fix, path=refusal.path, line=line_at(refusal.at)
        ) from refusal
    except NotYaml as broken:
        raise Unreadable(broken.sentence, fix=broken.fix, line=broken.line) from broken
    return line_at
