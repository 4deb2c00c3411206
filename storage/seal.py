"""Sealing of what may identify a person: names, phone numbers, raw messages. Keys come from outside and are never stored here."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

_SEALED = re.compile(r"gAAAAA[A-Za-z0-9_-]{90,}={0,2}")
"""How sealed text looks inside other text: version 0x80, then the seconds of this century (https://github.com/fernet/spec)."""


class SealBroken(ValueError):
    """The bytes were sealed with a key that is not at hand, or were changed."""


class Sealer:
    """Seals with the first key and opens with any: the old key stays second while data is re-sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one sealing key is needed")
        self._newest = Fernet(keys[0].encode())
        self._fernet = MultiFernet([Fernet(key.encode()) for key in keys])
        self._digest_keys = [hashlib.sha256(b"linli look-up " + key.encode()).digest() for key in keys]

    def seal(self, text: str) -> bytes:
        """The text, unreadable without a key."""
        return self._newest.encrypt(text.encode())

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

    def renew(self, sealed: bytes) -> bytes:
        """The same text, sealed with the first key, and so what is sealed inside it; the same bytes when all of it is.

        Raises `SealBroken`.
        """
        text = self.open(sealed)
        inside = self.renew_inside(text)
        if inside != text:
            return self.seal(inside)
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self.seal(text)
        return sealed

    def renew_inside(self, text: str) -> str:
        """A text whose sealed parts are sealed with the first key; what only looks sealed stays as it is."""

        def renewed(found: re.Match[str]) -> str:
            try:
                return self.renew(found.group().encode()).decode()
            except SealBroken:
                return found.group()

        return _SEALED.sub(renewed, text)

    def digest(self, text: str) -> str:
        """A keyed digest, for finding a row by a sealed value without opening all of them."""
        return self._digest(self._digest_keys[0], text)

    def digests(self, text: str) -> list[str]:
        """The digest by every key: a row that was written before the keys changed is found by one of them."""
        return [self._digest(key, text) for key in self._digest_keys]

    def _digest(self, key: bytes, text: str) -> str:
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def new_key() -> str:
    """A fresh sealing key, as it is written into the configuration or the environment."""
    return Fernet.generate_key().decode()
