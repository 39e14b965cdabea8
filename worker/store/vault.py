"""Secrets at rest: AES-256-GCM with the place of the secret as associated data (R16).

A sealed value names its key, so several keys can be active; the first one seals. Moving a sealed value
to another row makes it unreadable, because the row is part of what is authenticated.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_BYTES = 32


class BadKeys(ValueError):
    """SUBLEDGER_KEYS cannot be read; the message never carries key material."""


class Unsealable(Exception):
    """A sealed value cannot be opened: its key is not among the active ones, or it was moved or altered."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens secrets. `keys` maps key id -> 32 bytes; the first seals."""

    keys: dict[str, bytes] = field(repr=False)

    @property
    def sealing_key(self) -> str:
        """Id of the key that seals: the first one."""
        return next(iter(self.keys))

    def seal(self, secret: bytes, *, place: str) -> bytes:
        """Encrypt a secret for one place, such as "book_token|UK|current"."""
        key_id = self.sealing_key
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.keys[key_id]).encrypt(nonce, secret, _associated(place, key_id))
        return key_id.encode() + b":" + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt what was sealed for the same place; raises `Unsealable`."""
        key_id, rest = key_id_of(sealed), sealed.partition(b":")[2]
        key = self.keys.get(key_id)
        if key is None:
            raise Unsealable(f"{place} was sealed with key {key_id}, which SUBLEDGER_KEYS does not have")
        try:
            return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _associated(place, key_id))
        except InvalidTag:
            raise Unsealable(
                f"{place} was altered, moved, or sealed with another key of the same id"
            ) from None


def key_id_of(sealed: bytes) -> str:
    """Id of the key that sealed a value."""
    return sealed.partition(b":")[0].decode("ascii", "replace")


def parse_keys(text: str) -> Vault:
    """Read SUBLEDGER_KEYS: `id:base64key[,id:base64key...]`, each key 32 bytes; the first one seals."""
    keys: dict[str, bytes] = {}
    for position, part in enumerate(filter(None, (one.strip() for one in text.split(","))), start=1):
        key_id, separator, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not separator or not key_id.isalnum() or len(key) != _KEY_BYTES:
            raise BadKeys(f"key {position} of SUBLEDGER_KEYS is not `id:base64` of {_KEY_BYTES} bytes")
        if key_id in keys:
            raise BadKeys(f"SUBLEDGER_KEYS has two keys with the id {key_id}")
        keys[key_id] = key
    if not keys:
        raise BadKeys("SUBLEDGER_KEYS is empty; create one with: subledger keys new")
    return Vault(keys)


def new_key(key_id: str) -> str:
    """A fresh key in the form SUBLEDGER_KEYS takes."""
    return f"{key_id}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode('ascii')}"


def _associated(place: str, key_id: str) -> bytes:
    return f"{place}|{key_id}".encode()
