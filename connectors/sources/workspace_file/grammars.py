"""YAML and JSON text -> the same calls on a sink, with the place of each value.

JSON has a small grammar of its own: Python's makes floats and knows no lines, and a YAML parser refuses some
JSON (surrogate pairs, tabs). Places are YAML events or JSON offsets; `yaml_line` and `json_line` read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from connectors.sources.workspace_file.finding import shown
from connectors.sources.workspace_file.tree import DEPTH_MAX, Refusal, Sink

YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it: about twenty times faster, the same events."""

_WRITE_OUT = "Write the value out in each place."
_NULLS = frozenset(("", "~", "null"))


class NotYaml(Exception):
    """The text breaks the rules of YAML; `line` from 1 where the parser knows it."""

    def __init__(self, sentence: str, *, fix: str, line: int | None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix
        self.line = line


def drive_yaml(text: str, sink: Sink, *, loader: Any = YAML_LOADER) -> None:
    """Send plain YAML to the sink; raises `Refusal` for what is more than plain data, or `NotYaml`."""
    documents = 0
    try:
        for event in _events(text, loader):
            kind = type(event)
            if kind is yaml.ScalarEvent:
                if event.anchor is not None or event.tag is not None:
                    raise _extra(event)
                is_null = event.implicit[0] and event.value in _NULLS
                sink.scalar(None if is_null else event.value, event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if event.anchor is not None or event.tag is not None:
                    raise _extra(event)
                sink.open({} if kind is yaml.MappingStartEvent else [], event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                sink.close()
            elif kind is yaml.AliasEvent:
                raise Refusal(f"the alias *{event.anchor} is not allowed.", at=event, fix=_WRITE_OUT)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Refusal(
                        "a second document begins here (`---`).", at=event, fix="Keep one set-up per file."
                    )
    except yaml.YAMLError as error:
        raise _not_yaml(error) from error


def _events(text: str, loader: Any) -> Iterator[Any]:
    """What `yaml.parse` yields, without its second call per event: this is the hot loop of a large file."""
    parser = loader(text)
    event = parser.get_event()
    while type(event) is not yaml.StreamEndEvent:
        yield event
        event = parser.get_event()


def yaml_line(event: Any) -> int:
    """The line (from 1) on which a YAML event begins."""
    return int(event.start_mark.line) + 1


def _extra(event: Any) -> Refusal:
    if event.anchor is not None:
        return Refusal(f"the anchor &{event.anchor} is not allowed.", at=event, fix=_WRITE_OUT)
    return Refusal(
        f"the tag {shown(str(event.tag))} is not allowed.",
        at=event,
        fix="Remove it; every value is plain text.",
    )


def _not_yaml(error: yaml.YAMLError) -> NotYaml:
    mark = getattr(error, "problem_mark", None)
    line = None if mark is None else int(mark.line) + 1
    what = str(getattr(error, "problem", None) or error).splitlines()[0]
    if "cannot start any token" in what:
        return NotYaml(
            "a tab or a reserved character stands where a value should begin.",
            fix="Indent with spaces, and put text that begins with @, ` or % into quotes.",
            line=line,
        )
    if "nesting" in what:
        return NotYaml(f"values are nested more than {DEPTH_MAX} deep.", fix="Nest less.", line=line)
    return NotYaml(f"this is not YAML: {what}.", fix="Check indentation, colons and quotes.", line=line)


_JSON_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<mark>[{}\[\],:])
      | (?P<text>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<word>true|false|null)
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_ENDS = {"{": "}", "[": "]"}


def drive_json(text: str, sink: Sink) -> None:
    """Send JSON to the sink, numbers and true/false as the text they are written in; raises `Refusal`."""
    open_marks: list[str] = []
    wants = "value"
    for kind, part, at in _tokens(text):
        if kind == "end":
            if wants != "end":
                raise _not_json("the text ends too early", at)
            return
        if part in ("}", "]") and kind == "mark":
            if not open_marks or _ENDS[open_marks.pop()] != part or wants not in ("comma", "first"):
                raise _not_json(f"{part} stands in the wrong place", at)
            sink.close()
        elif wants == "comma" and part == ",":
            wants = "key" if open_marks[-1] == "{" else "value"
            continue
        elif wants == "colon" and part == ":":
            wants = "value"
            continue
        elif wants in ("value", "first", "key") and _is_wanted(kind, part, wants, open_marks):
            if kind == "mark":
                sink.open({} if part == "{" else [], at)
                open_marks.append(part)
                wants = "first"
                continue
            sink.scalar(_scalar(kind, part, at), at)
            if open_marks and open_marks[-1] == "{" and (wants == "key" or wants == "first"):
                wants = "colon"
                continue
        else:
            raise _not_json(f"{shown(part)} stands in the wrong place", at)
        wants = "comma" if open_marks else "end"


def json_line(text: str, at: int) -> int:
    """The line (from 1) of an offset."""
    return text.count("\n", 0, at) + 1


def _is_wanted(kind: str, part: str, wants: str, open_marks: list[str]) -> bool:
    is_key = wants == "key" or (wants == "first" and open_marks[-1] == "{")
    return kind == "text" if is_key else kind != "mark" or part in _ENDS


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while True:
        found = _JSON_TOKEN.match(text, at)
        if found is None:
            raise _not_json("a value is written in a way JSON does not know", at)
        kind = str(found.lastgroup)
        yield kind, found[kind], found.start(kind)
        if kind == "end":
            return
        at = found.end()


def _scalar(kind: str, part: str, at: int) -> str | None:
    if kind != "text":
        return None if part == "null" else part
    if "\\" not in part:
        return part[1:-1]
    try:
        return str(json.loads(part))
    except ValueError as error:
        raise _not_json("a text holds an unknown \\ escape", at) from error


def _not_json(what: str, at: int) -> Refusal:
    return Refusal(f"this is not JSON: {what}.", at=at, fix="Check commas, quotes and brackets.")
