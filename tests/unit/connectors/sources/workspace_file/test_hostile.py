"""Whatever is put into a file, the answer is a workspace or findings with paths, never another error."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.workspace_file import Finding, WorkspaceError, read_workspace, write_workspace
from mappings.canonical.workspace import Workspace
from tests.unit.connectors.sources.workspace_file.small_file import SMALL, as_json

Place = tuple[str | int, ...]


def places(node: Any, path: Place = ()) -> Iterator[Place]:
    """Every path of a file."""
    if path:
        yield path
    if isinstance(node, dict | list):
        for step, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*path, step))


ODD = (
    *("", " ", "-0", "-1", "0", "1e9", "9" * 40, "0.0000000000001", "null", "*", "{n}", "party:", "anchor:"),
    *("P0M", "P99Y", "2026-02-30", "9999-12-31", "0001-01-01", "GROUP", "UNIT", "SUB", "\u202e", "é", "a\nb"),
)
texts = st.sampled_from(ODD)
plain = texts | st.none() | st.booleans() | st.integers() | st.text(max_size=5)
values: st.SearchStrategy[Any] = st.one_of(
    plain, st.lists(texts, max_size=2), st.dictionaries(texts, texts, max_size=2)
)


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    data = copy.deepcopy(SMALL)
    for path in draw(st.lists(st.sampled_from(list(places(SMALL))), min_size=1, max_size=3)):
        node: Any = data
        try:
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = draw(values)
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took this place away
    return data


def answer(raw: bytes, name: str) -> Workspace | tuple[Finding, ...]:
    """The workspace, or what keeps it from being one."""
    try:
        return read_workspace(raw, name=name)
    except WorkspaceError as refused:
        return refused.findings


class TestSpoiledFile:
    @given(spoiled())
    def test_is_read_or_refused_with_findings(self, data: dict[str, Any]) -> None:
        found = answer(as_json(data), "spoiled.json")

        if isinstance(found, Workspace):
            assert read_workspace(write_workspace(found).encode(), name="again.yaml") == found
        else:
            assert found
            assert all(finding.sentence and "\n" not in str(finding) for finding in found)

    @given(st.binary(max_size=200), st.sampled_from(["a.yaml", "a.json", "-"]))
    def test_of_any_bytes_is_refused(self, raw: bytes, name: str) -> None:
        found = answer(raw, name)

        assert isinstance(found, tuple)
        assert found
