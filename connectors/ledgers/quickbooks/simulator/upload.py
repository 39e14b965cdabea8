"""Attachments: a multipart request of metadata and content parts, answered part by part."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.lists import list_entry
from connectors.ledgers.quickbooks.simulator.problems import Refusal, fault_of, missing, refuse
from connectors.ledgers.quickbooks.simulator.rules import ATTACHABLE
from connectors.ledgers.quickbooks.simulator.validation import cleaned
from connectors.simulation.codec import NotJson, decode

UPLOAD_MAX = 100 * 1024 * 1024
_NAME = re.compile(r'name="file_(metadata|content)_(\w+)"')
_FILE_NAME = re.compile(r'filename="([^"]*)"')
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


@dataclass(frozen=True, slots=True)
class _Part:
    """One part: whether it holds metadata, which file it belongs to, its bytes."""

    is_metadata: bool
    number: str
    content: bytes
    file_name: str
    content_type: str


def upload(company: Company, body: bytes, *, content_type: str, now: datetime) -> dict[str, object]:
    """The AttachableResponse: one entry per file, an Attachable or a Fault."""
    parts = _parts(body, content_type)
    metadata = {part.number: part for part in parts if part.is_metadata}
    files = [part for part in parts if not part.is_metadata]
    if not files:
        raise missing("file_content_01")
    return {"AttachableResponse": [_stored(company, file, metadata.get(file.number), now) for file in files]}


def _stored(company: Company, file: _Part, metadata: _Part | None, now: datetime) -> dict[str, object]:
    try:
        described = decode(metadata.content) if metadata else {}
        if not isinstance(described, dict):
            raise refuse("6040", "The file metadata is not an Attachable")
        named: dict[str, object] = {"FileName": file.file_name, "ContentType": file.content_type}
        named |= described
        entry = list_entry(company, "Attachable", cleaned(ATTACHABLE, named), old=None)
        row = company.put("Attachable", entry | {"Size": len(file.content)}, now=now)
        path = f"/v3/company/{company.realm}/download/{row.id}"
        row.body |= {"FileAccessUri": path, "TempDownloadUri": path}
        company.attach(row.id, file.content)
        return {"Attachable": company.rendered(row)}
    except NotJson as wrong:
        return {"Fault": fault_of(refuse("6040", f"The file metadata is not JSON: {wrong}").problems)}
    except Refusal as refusal:
        return {"Fault": fault_of(refusal.problems)}


def _parts(body: bytes, content_type: str) -> list[_Part]:
    """Parts of a multipart body. Bare line feeds are taken too: python-quickbooks sends them."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise refuse("2010", "The upload is not multipart/form-data with a boundary")
    if len(body) > UPLOAD_MAX:
        raise refuse("6030")
    parts: list[_Part] = []
    for chunk in body.split(b"--" + found.group(1).encode()):
        head, _blank, content = chunk.strip(b"\r\n").replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
        headers = head.decode("utf-8", "replace")
        name = _NAME.search(headers)
        if name is None:
            continue
        if "base64" in headers.lower():
            content = _decoded(content)
        file_name = _FILE_NAME.search(headers)
        kind = re.search(r"content-type:\s*([^\r\n]+)", headers, re.IGNORECASE)
        parts.append(
            _Part(
                is_metadata=name.group(1) == "metadata",
                number=name.group(2),
                content=content.rstrip(b"\r\n") if name.group(1) == "metadata" else content,
                file_name=file_name.group(1) if file_name else "",
                content_type=kind.group(1).strip() if kind else "application/octet-stream",
            )
        )
    return parts


def _decoded(content: bytes) -> bytes:
    try:
        return base64.b64decode(content, validate=False)
    except binascii.Error as wrong:
        raise refuse("2010", "The file content is not base64") from wrong
