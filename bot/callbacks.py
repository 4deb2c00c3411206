"""The encrypted callbacks of WeChat and WeCom: signature, AES envelope, XML and JSON bodies. What they mean is the channels'.

Nothing unencrypted is taken: the plain signature does not cover the body. Every fault is one `CallbackError`.
Source: https://developer.work.weixin.qq.com/document/path/90968 (the service account uses the same envelope).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import struct
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAX_BODY = 256 * 1024
"""Bytes of a callback that are read; the platforms send a few kilobytes."""
FRESH = timedelta(seconds=300)
"""How far a callback's time may be from ours. Repeats are signed anew; the guard against them is the message id."""
_BLOCK = 32
"""The envelope pads to 32 bytes, not to the cipher's 16."""
_DEEPEST = 8
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Fields = dict[str, Any]
"""An XML body: text by tag; a tag with tags inside is a dict again, one that repeats inside another is a list."""


class Fault(StrEnum):
    """What is wrong with a callback."""

    BODY = "body"  # no envelope, not XML or JSON, too large, a tag twice
    TIME = "time"  # too old, or from a clock that differs
    SIGNATURE = "signature"  # the token differs, or somebody changed something
    CIPHER = "cipher"  # the AES key differs, or the content is damaged
    RECEIVER = "receiver"  # meant for another account


class CallbackError(ValueError):
    """The callback is refused. `fault` says why in one word; the content is never part of it."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault.value}: {detail}" if detail else fault.value)
        self.fault = fault


class Query(NamedTuple):
    """What stands in a callback's address, already decoded by the web server."""

    signature: str
    timestamp: str
    nonce: str


class Crypt:
    """Seals and opens envelopes for one account. `receiver` is the AppID or CorpID, empty for a WeCom group bot."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        """Raises ValueError for a key that is not the 43 letters and digits of the console."""
        if not token:
            raise ValueError("the callback token is empty")
        if not _AES_KEY.fullmatch(aes_key):
            raise ValueError("the EncodingAESKey has 43 letters and digits")
        self._token = token
        self._key = base64.b64decode(f"{aes_key}=")
        self._receiver = receiver.encode()

    def sign(self, timestamp: str, nonce: str, *content: str) -> str:
        """The signature of an envelope; without `content` the plain one that only proves who knows the token."""
        parts = "".join(sorted([self._token, timestamp, nonce, *content]))
        return hashlib.sha1(parts.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def encrypt(self, content: bytes, *, random: bytes | None = None) -> str:
        """The content sealed for this account; `random` are its first 16 bytes, by default new ones."""
        head = secrets.token_bytes(16) if random is None else random
        plain = head + struct.pack("!I", len(content)) + content + self._receiver
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def decrypt(self, sealed: str) -> bytes:
        """What was sealed for this account. Raises `CallbackError` (cipher or receiver)."""
        plain = _unpadded(self._decrypted(sealed))
        if len(plain) < 20:
            raise CallbackError(Fault.CIPHER, "too short")
        (length,) = struct.unpack("!I", plain[16:20])
        content, receiver = plain[20 : 20 + length], plain[20 + length :]
        if len(content) != length:
            raise CallbackError(Fault.CIPHER, "length")
        if not hmac.compare_digest(receiver, self._receiver):
            raise CallbackError(Fault.RECEIVER)
        return content

    def open(self, query: Query, sealed: str, now: datetime) -> bytes:
        """What a signed envelope holds. Raises `CallbackError` unless time, signature, key and receiver are right."""
        check_time(query.timestamp, now)
        if not _same(self.sign(query.timestamp, query.nonce, sealed), query.signature):
            raise CallbackError(Fault.SIGNATURE)
        return self.decrypt(sealed)

    def check_plain(self, query: Query, now: datetime) -> None:
        """The plain signature of a service account's address check (GET). Raises `CallbackError`."""
        check_time(query.timestamp, now)
        if not _same(self.sign(query.timestamp, query.nonce), query.signature):
            raise CallbackError(Fault.SIGNATURE)

    def open_xml(self, query: Query, body: bytes, now: datetime) -> tuple[Fields, Fields]:
        """(envelope, message) of an XML callback. Raises `CallbackError`."""
        envelope = read_xml(body)
        message = read_xml(self.open(query, _text(envelope, "Encrypt"), now))
        return envelope, message

    def open_json(self, query: Query, body: bytes, now: datetime) -> tuple[Fields, Fields]:
        """(envelope, message) of a JSON callback. Raises `CallbackError`."""
        envelope = read_json(body)
        message = read_json(self.open(query, _text(envelope, "encrypt"), now))
        return envelope, message

    def seal_xml(self, content: bytes, now: datetime) -> bytes:
        """The XML answer to an encrypted callback."""
        sealed, stamp, nonce = self._sealed(content, now)
        return write_xml(
            {
                "Encrypt": sealed,
                "MsgSignature": self.sign(stamp, nonce, sealed),
                "TimeStamp": int(stamp),
                "Nonce": nonce,
            }
        )

    def seal_json(self, content: bytes, now: datetime) -> bytes:
        """The JSON answer to an encrypted callback."""
        sealed, stamp, nonce = self._sealed(content, now)
        answer = {
            "encrypt": sealed,
            "msgsignature": self.sign(stamp, nonce, sealed),
            "timestamp": int(stamp),
            "nonce": nonce,
        }
        return json.dumps(answer).encode()

    def _sealed(self, content: bytes, now: datetime) -> tuple[str, str, str]:
        return self.encrypt(content), str(int(now.timestamp())), str(secrets.randbelow(10**10))

    def _cipher(self) -> Cipher[modes.CBC]:
        # The envelope's own rule: the vector is the beginning of the key; 16 random bytes come first in every message.
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def _decrypted(self, sealed: str) -> bytes:
        try:
            content = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise CallbackError(Fault.CIPHER, "not base64") from None
        if not content or len(content) % 16:
            raise CallbackError(Fault.CIPHER, "length")
        decryptor = self._cipher().decryptor()
        return decryptor.update(content) + decryptor.finalize()


def check_time(timestamp: str, now: datetime) -> None:
    """Raises `CallbackError` unless the Unix seconds are within five minutes of ours."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise CallbackError(Fault.TIME, "no time")
    if abs(now.timestamp() - int(timestamp)) > FRESH.total_seconds():
        raise CallbackError(Fault.TIME, "not of these minutes")


def read_xml(body: bytes) -> Fields:
    """An XML body as fields. Raises `CallbackError` for anything but plain tags under <xml>, each once."""
    if len(body) > MAX_BODY:
        raise CallbackError(Fault.BODY, "too large")
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise CallbackError(Fault.BODY, "no XML") from None
    if root.tag != "xml":
        raise CallbackError(Fault.BODY, "not <xml>")
    fields: Fields = {}
    for child in root:
        if child.tag in fields:
            raise CallbackError(Fault.BODY, "a tag twice")
        fields[child.tag] = _value(child, 1)
    return fields


def read_json(body: bytes) -> Fields:
    """A JSON object as fields. Raises `CallbackError`, also for a name that stands twice."""
    if len(body) > MAX_BODY:
        raise CallbackError(Fault.BODY, "too large")
    try:
        found = json.loads(body, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise CallbackError(Fault.BODY, "no JSON") from None
    if not isinstance(found, dict):
        raise CallbackError(Fault.BODY, "no object")
    return found


def write_xml(fields: Mapping[str, Any]) -> bytes:
    """An XML body; numbers plain, text in CDATA that no text can leave, mappings nested, lists as repeated tags."""
    return f"<xml>{_inner(fields)}</xml>".encode()


def many(value: Any) -> list[Any]:
    """The items of a nested tag that may stand once or often."""
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _inner(fields: Mapping[str, Any]) -> str:
    return "".join(_written(tag, one) for tag, value in fields.items() for one in _each(value))


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _written(tag: str, value: Any) -> str:
    if not _TAG.fullmatch(tag):
        raise ValueError(f"no XML tag: {escape(tag)[:40]}")
    if isinstance(value, Mapping):
        return f"<{tag}>{_inner(value)}</{tag}>"
    if isinstance(value, int):
        return f"<{tag}>{value}</{tag}>"
    clean = _NO_XML.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<{tag}><![CDATA[{clean}]]></{tag}>"


def _value(element: Element, depth: int) -> Any:
    if depth > _DEEPEST:
        raise CallbackError(Fault.BODY, "too deep")
    if not len(element):
        return element.text or ""
    inner: Fields = {}
    for child in element:
        value = _value(child, depth + 1)
        if child.tag not in inner:
            inner[child.tag] = value
        elif isinstance(inner[child.tag], list):
            inner[child.tag].append(value)
        else:
            inner[child.tag] = [inner[child.tag], value]
    return inner


def _each_once(pairs: list[tuple[str, Any]]) -> Fields:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _text(envelope: Fields, name: str) -> str:
    value = envelope.get(name)
    if not isinstance(value, str) or not value:
        raise CallbackError(Fault.BODY, "not encrypted")
    return value


def _unpadded(plain: bytes) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise CallbackError(Fault.CIPHER, "padding")
    return plain[:-pad]


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))
