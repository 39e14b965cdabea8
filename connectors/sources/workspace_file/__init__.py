"""A whole set-up as one YAML or JSON file: read, checked with every finding at once, and written back."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.sources.workspace_file import check, convert, export, reader, schema
from connectors.sources.workspace_file.ahead import rates_ahead
from connectors.sources.workspace_file.cut_over import missing_cut_over
from connectors.sources.workspace_file.explain import type_problems
from connectors.sources.workspace_file.finding import (
    Finding,
    Problem,
    WorkspaceError,
    findings_at,
    path_text,
)
from mappings.canonical.workspace import Workspace

__all__ = [
    "Finding",
    "WorkspaceError",
    "json_schema",
    "missing_cut_over",
    "rates_ahead",
    "read_workspace",
    "read_workspace_with_warnings",
    "write_workspace",
]

NOTHING_KNOWN = Workspace()


def read_workspace(raw: bytes, *, name: str, known: Workspace = NOTHING_KNOWN) -> Workspace:
    """The workspace a file describes. Raises `WorkspaceError` with every finding; there is no half result.

    `name` is the file's name (its ending tells YAML from JSON). `known` is what was imported before: codes
    that the file does not repeat may refer to it.
    """
    return read_workspace_with_warnings(raw, name=name, known=known)[0]


def read_workspace_with_warnings(
    raw: bytes, *, name: str, known: Workspace = NOTHING_KNOWN
) -> tuple[Workspace, tuple[Finding, ...]]:
    """As `read_workspace`, with what is allowed but probably not meant."""
    try:
        data = reader.read(raw, name=name)
    except reader.Unreadable as unreadable:
        finding = Finding(path_text(unreadable.path), unreadable.line, unreadable.sentence, unreadable.fix)
        raise WorkspaceError((finding,), name=name) from unreadable
    try:
        file = msgspec.convert(data, schema.WorkspaceFile, strict=False)
    except msgspec.ValidationError as error:
        wrong = tuple(type_problems(data, schema.WorkspaceFile)) or (Problem((), str(error)),)
        raise WorkspaceError(_found(raw, name, wrong), name=name) from error
    workspace = convert.to_workspace(file, known=known)
    problems = tuple(check.problems(file, workspace, known=known))
    if errors := tuple(problem for problem in problems if not problem.is_warning):
        raise WorkspaceError(_found(raw, name, errors), name=name)
    return workspace, _found(raw, name, problems)


def write_workspace(workspace: Workspace) -> str:
    """The workspace as a YAML file; reading it gives the same workspace."""
    return export.to_text(workspace)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a workspace file, for editors and other programs."""
    return schema.json_schema()


def _found(raw: bytes, name: str, problems: tuple[Problem, ...]) -> tuple[Finding, ...]:
    """Problems with their lines; the file is read again for them, so a clean file pays nothing."""
    if not problems:
        return ()
    return findings_at(problems, reader.locate(raw, name=name, paths=[each.path for each in problems]))
