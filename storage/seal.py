"""Sealing of what may identify a person: names, phone numbers, raw messages. Keys come from outside and are never stored here.

AES-256-GCM, one call of the library for each value; what was sealed before as Fernet opens as before (decision 0020).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.jsontext import read, written

MARK = b"s2."
"""How a sealed value begins; then, in URL-safe base64, the nonce and what the library gives: ciphertext and tag."""
_NONCE = 12
"""Random bytes for each value. One key may seal 2**32 values so (NIST SP 800-38D, 8.3): a hundred million a year for 40."""
_SEALED = re.compile(r"s2\.[A-Za-z0-9_-]{38,}={0,2}|gAAAAA[A-Za-z0-9_-]{90,}={0,2}")
"""How sealed text looks inside other text; the second, as Fernet: version 0x80, then the seconds of this century
(https://github.com/fernet/spec)."""


class SealBroken(ValueError):
    """The bytes were sealed with a key that is not at hand, or were changed."""


class Sealer:
    """Seals with the first key and opens with any: the old key stays second while data is re-sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one sealing key is needed")
        self._ciphers = [AESGCM(_cipher_key(key)) for key in keys]
        self._newest = self._ciphers[0]
        self._fernet = MultiFernet([Fernet(key.encode()) for key in keys])
        self._digest_keys = [hashlib.sha256(b"linli look-up " + key.encode()).digest() for key in keys]

    def seal(self, text: str) -> bytes:
        """The text, unreadable without a key."""
        nonce = os.urandom(_NONCE)
        return MARK + urlsafe_b64encode(nonce + self._newest.encrypt(nonce, text.encode(), None))

    def open(self, sealed: bytes) -> str:
        """The text again. Raises `SealBroken`."""
        if not sealed.startswith(MARK):
            return self._open_fernet(sealed)
        for cipher in self._ciphers:
            text = _opened(cipher, sealed)
            if text is not None:
                return text
        raise SealBroken("sealed data cannot be opened with the configured key")

    def _open_fernet(self, sealed: bytes) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SealBroken("sealed data cannot be opened with the configured key") from error

    def seal_json(self, value: Any) -> bytes:
        """A JSON value, sealed."""
        return self.seal(written(value))

    def open_json(self, sealed: bytes) -> Any:
        """The JSON value again. Raises `SealBroken`."""
        return read(self.open(sealed))

    def renew(self, sealed: bytes) -> bytes:
        """The same text, sealed with the first key, and so what is sealed inside it; the same bytes when all of it is.

        Raises `SealBroken`.
        """
        text = self.open(sealed)
        inside = self.renew_inside(text)
        if inside == text and sealed.startswith(MARK) and _opened(self._newest, sealed) is not None:
            return sealed
        return self.seal(inside)

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


def _cipher_key(key: str) -> bytes:
    """A key of its own for this use: the configured one also makes digests and opens Fernet."""
    return hashlib.sha256(b"linli seal " + key.encode()).digest()


def _opened(cipher: AESGCM, sealed: bytes) -> str | None:
    """The text, or None when this key did not seal it."""
    try:
        packed = urlsafe_b64decode(sealed[len(MARK) :])
        return cipher.decrypt(packed[:_NONCE], packed[_NONCE:], None).decode()
    except (InvalidTag, ValueError):
        return None


def new_key() -> str:
    """A fresh sealing key, as it is written into the configuration or the environment."""
    return Fernet.generate_key().decode()
