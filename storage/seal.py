"""Sealing of what may identify a person: names, phone numbers, raw messages. Keys come from outside and are never stored here."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealBroken(ValueError):
    """The bytes were sealed with a key that is not at hand, or were changed."""


class Sealer:
    """Seals with the first key and opens with any: the old key stays second while data is re-sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one sealing key is needed")
        self._fernet = MultiFernet([Fernet(key.encode()) for key in keys])
        self._digest_key = hashlib.sha256(b"linli look-up " + keys[0].encode()).digest()

    def seal(self, text: str) -> bytes:
        """The text, unreadable without a key."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """The text again. Raises `SealBroken`."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SealBroken("sealed data cannot be opened with the configured key") from error

    def seal_json(self, value: Any) -> bytes:
        """A JSON value, sealed."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def open_json(self, sealed: bytes) -> Any:
        """The JSON value again. Raises `SealBroken`."""
        return json.loads(self.open(sealed))

    def digest(self, text: str) -> str:
        """A keyed digest, for finding a row by a sealed value without opening all of them."""
        return hmac.new(self._digest_key, text.encode(), hashlib.sha256).hexdigest()


def new_key() -> str:
    """A fresh sealing key, as it is written into the configuration or the environment."""
    return Fernet.generate_key().decode()
